"""Takes the pictures of the terminal for the docs, from real runs: python docs/screens.py

Each command runs on a pseudo-terminal; what it wrote becomes a screen of text, and rich draws that as an SVG.
The live line is taken in the middle of a fax.
"""

import os
import pty
import re
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

DOCS = Path(__file__).resolve().parent
WIDTH = 100


def run(command: str, folder: Path, until: str = "") -> str:
    """What a command writes on a terminal; until: ends when that has been seen."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.environ |= {
            "TERM": "xterm-256color",
            "COLUMNS": str(WIDTH),
            "LINES": "40",
            "COLORTERM": "truecolor",
        }
        os.environ["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        os.execvp("sh", ["sh", "-c", command])
    seen = b""
    try:
        while octets := os.read(terminal, 4096):
            seen += octets
            if until and until.encode() in seen:
                break
    except OSError:  # the child has closed its end
        pass
    os.close(terminal)
    os.waitpid(child, 0)
    return seen.decode()


def last_line(output: str) -> str:
    """Of a line that is written over and over: as it stood last."""
    return output.replace("\r\n", "\n").split("\x1b[2K")[-1].split("\n")[0].rsplit("\r", 1)[-1]


def draw(name: str, title: str, lines: list[str]) -> None:
    console = Console(record=True, width=WIDTH, file=open(os.devnull, "w"), force_terminal=True)  # noqa: SIM115
    for line in lines:
        console.print(Text.from_ansi(line))
    # The same id every time, so that the same screen is the same file; no fonts from the network.
    picture = console.export_svg(title=title, theme=MONOKAI, unique_id=Path(name).stem)
    (DOCS / name).write_text(re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.S))
    print(DOCS / name)


def main() -> None:
    prompt = "\x1b[1;32m$ \x1b[0m"
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        run(f"{sys.executable} {DOCS.parent / 'examples' / 'sample.py'} letter.tif", folder)
        live = "faxline send 5550100 letter.tif --device 'sim:?pace=real'"
        test = "faxline selftest --device sim: --number 5550100"
        again = "faxline send 5550107 letter.tif --device sim: --retries 3 2>&1 | cat"
        draw(
            "terminal.svg",
            "faxline",
            [
                prompt + test,
                *run(test, folder).splitlines(),
                "",
                prompt + live,
                last_line(run(live, folder, until="1 of 2 pages")),
            ],
        )
        draw(
            "terminal-retries.svg",
            "faxline",
            [prompt + again.removesuffix(" 2>&1 | cat"), *run(again, folder).splitlines()],
        )


if __name__ == "__main__":
    main()
