"""faxline completion: the script with which a shell completes faxline's command lines."""

import click
from click.shell_completion import get_completion_class

from faxline.cli import status
from faxline.cli.program import program

# Click's own script for bash leaves splitting to bash, which splits at = and : too; ECM=YES and
# sim:?far=busy are one word here.
_BASH = """\
_faxline_completion() {
    local line="${COMP_LINE:0:COMP_POINT}" current response kind value
    local -a words
    IFS=' ' read -ra words <<< "$line"
    [[ "$line" == *" " ]] && words+=("")
    current="${words[${#words[@]}-1]}"
    response=$(env COMP_WORDS="$line" COMP_CWORD=$((${#words[@]} - 1)) _FAXLINE_COMPLETE=bash_complete "$1")
    COMPREPLY=()
    while IFS=',' read -r kind value; do
        case $kind in
        dir) compopt -o dirnames 2>/dev/null ;;
        file) compopt -o default 2>/dev/null ;;
        plain)
            # Readline replaces only what stands behind the last : or =.
            COMPREPLY+=("${value#"${current%"${current##*[:=]}"}"}")
            [[ "$value" == *= ]] && compopt -o nospace 2>/dev/null
            ;;
        esac
    done <<< "$response"
    return 0
}
complete -o nosort -F _faxline_completion faxline
"""


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> int:
    """Print the script that makes SHELL complete commands, options, fax options and their values, devices,
    and the numbers of far ends.

    \b
    Examples:
      faxline completion bash > ~/.local/share/bash-completion/completions/faxline
      faxline completion zsh > ~/.zfunc/_faxline
      faxline completion fish > ~/.config/fish/completions/faxline.fish
    """
    if shell == "bash":
        print(_BASH, end="")
        return status.OK
    completion = get_completion_class(shell)
    assert completion is not None
    print(completion(program, {}, "faxline", "_FAXLINE_COMPLETE").source())
    return status.OK
