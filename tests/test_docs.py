"""The docs: their examples run, what is generated in them is not stale, their links lead somewhere, and the
maps of the C and the Python code are true.
"""

import ast
import importlib
import itertools
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import click
import pytest
from mutants import NAMED
from mutations import BEGIN, END

from faxline.cli import COMMANDS

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
FOLDERS = (".", "docs", "csrc", "hil", "tests/calls")
PAGES = sorted(path for folder in FOLDERS for path in (ROOT / folder).glob("*.md"))


def page_name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def examples() -> Iterator[object]:
    for path in PAGES:
        for number, code in enumerate(re.findall(r"^```python\n(.*?)^```", path.read_text(), re.M | re.S), 1):
            yield pytest.param(code, id=f"{page_name(path)}-{number}")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where an example runs: with the sample document in it."""
    subprocess.run([sys.executable, ROOT / "examples" / "sample.py", tmp_path / "sample.tif"], check=True)
    subprocess.run([sys.executable, ROOT / "examples" / "sample_pdf.py", tmp_path / "sample.pdf"], check=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("code", list(examples()))
def test_example(code: str, folder: Path) -> None:
    exec(compile(code, "example", "exec"), {"__name__": "__main__"})


def test_the_first_fax_says_what_the_readme_says(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    readme = (ROOT / "README.md").read_text()
    code = re.search(r"^```python\n(.*?)^```", readme, re.M | re.S)
    printed = re.search(r"It prints `(.*?)`, and `(.*?)` is", readme)
    assert code
    assert printed
    exec(compile(code[1], "README.md", "exec"), {"__name__": "__main__"})
    assert capsys.readouterr().out == printed[1] + "\n"
    assert (folder / printed[2]).stat().st_size > 0


def test_the_tutorial_knows_its_raw_cause(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tutorial = (ROOT / "docs" / "tutorial.md").read_text()
    before, after = tutorial.split("\nThis prints `")
    exec(compile(re.findall(r"^```python\n(.*?)^```", before, re.M | re.S)[-1], "tutorial", "exec"), {})
    assert capsys.readouterr().out == after.split("`")[0] + "\n"


def test_generated_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stale? ./dev docs writes them anew."""
    monkeypatch.syspath_prepend(ROOT / "docs")
    import make

    assert [page_name(path) for path in make.stale()] == []


@pytest.mark.parametrize("path", PAGES, ids=page_name)
def test_links(path: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text())
    here = [link for link in links if "://" not in link]
    assert [link for link in here if not (path.parent / link).exists()] == []


def test_every_page_is_reachable() -> None:
    linked = {
        (path.parent / link).resolve()
        for path in PAGES
        for link in re.findall(r"\]\(([^)#\s]+\.md)", path.read_text())
    }
    alone = {page_name(path) for path in PAGES} - {page_name(path) for path in linked if path in PAGES}
    assert alone <= {"README.md", "docs/index.md"}


def test_the_map_of_the_c_code() -> None:
    """Every room and every file named in csrc/README.md exists, every room stands in it, and none includes a
    room below it."""
    rows = re.findall(r"^\| `(\w+)/` \| (.*?) \|", (ROOT / "csrc" / "README.md").read_text(), re.M)
    rooms = [room for room, _ in rows]
    assert sorted(rooms) == sorted(path.name for path in (ROOT / "csrc").iterdir() if path.is_dir())
    named = [ROOT / "csrc" / room / name for room, files in rows for name in re.findall(r"`(.*?)`", files)]
    assert [path for path in named if not path.exists()] == []
    upwards = [
        (page_name(path), included)
        for path in (ROOT / "csrc").glob("*/*.[ch]")
        for included in re.findall(r'#include "(\w+)/', path.read_text())
        if rooms.index(included) > rooms.index(path.parent.name)
    ]
    assert upwards == []


def imported(path: Path, modules: dict[str, Path], *, annotations: bool) -> Iterator[Path]:
    """The modules that a file imports, anywhere in it."""
    tree = ast.parse(path.read_text())
    checks = [node for node in ast.walk(tree) if isinstance(node, ast.If)]
    only_types = {
        inner for node in checks if ast.unparse(node.test) == "TYPE_CHECKING" for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (annotations or node not in only_types):
            for alias in node.names:
                module = modules.get(f"{node.module}.{alias.name}") or modules.get(node.module or "")
                if module is not None:
                    yield module


def test_the_map_of_the_python_code() -> None:
    """Every room stands in docs/architecture.md, none imports a room below it, and no modules import each
    other."""
    package = ROOT / "src" / "faxline"
    names = {path: path.relative_to(ROOT / "src").with_suffix("").parts for path in package.rglob("*.py")}
    modules = {".".join(parts).removesuffix(".__init__"): path for path, parts in names.items()}
    room_of = {path: parts[1] + ("/" if len(parts) > 2 else ".py") for path, parts in names.items()}
    table = (ROOT / "docs" / "architecture.md").read_text().split("## The rooms of the Python code")[1]
    cells = re.findall(r"^\| (`.*?) \|", table.split("\n## ")[0], re.M)
    rooms = [room for cell in cells for room in re.findall(r"`(.*?)`", cell)]
    assert sorted(rooms) == sorted(set(room_of.values()))
    upwards = {
        (page_name(path), page_name(module))
        for path in names
        for module in imported(path, modules, annotations=True)
        if rooms.index(room_of[module]) > rooms.index(room_of[path])
    }
    assert upwards == set()
    TopologicalSorter({path: imported(path, modules, annotations=False) for path in names}).prepare()


# ---- the site ----


def test_every_page_is_in_the_navigation_of_the_site() -> None:
    """./dev site fails, too; this says it sooner. A page of docs/ needs a line in mkdocs.yml, one that stands
    elsewhere another in docs/site_hooks.py."""
    navigation = (ROOT / "mkdocs.yml").read_text().split("\nnav:\n")[1]
    named = set(re.findall(r"([\w-]+\.md)$", navigation, re.M))
    elsewhere = dict(
        re.findall(r'^    "(\S+\.md)": "(\S+\.md)",$', (DOCS / "site_hooks.py").read_text(), re.M)
    )
    wanted = {path.name for path in DOCS.glob("*.md")} | set(elsewhere.values()) | {"reference.md"}
    assert wanted == named
    assert set(elsewhere) >= {page_name(path) for path in PAGES if path.parent != DOCS}


def commands() -> Iterator[object]:
    """The commands in the pages' shell examples."""
    for path in PAGES:
        for block in re.findall(r"^```sh\n(.*?)^```", path.read_text(), re.M | re.S):
            for line in block.replace("\\\n", " ").splitlines():
                if line.startswith("faxline "):
                    yield pytest.param(line, id=f"{page_name(path)}: {line}")


def test_the_table_of_mutations() -> None:
    """It was drawn of those that there are."""
    text = (DOCS / "testing.md").read_text().split(BEGIN)[1].split(END)[0]
    rows = re.findall(r"^\| (.*?) \| `(.*?)` \| `([\w-]+)` \|$", text, re.M)
    assert [row[:2] for row in rows] == [(mutation.name, mutation.file) for mutation in NAMED]
    assert [script for *_, script in rows if not (ROOT / "tests/calls" / f"{script}.call").exists()] == []


@pytest.mark.parametrize("line", list(commands()))
def test_the_commands_exist(line: str) -> None:
    """With all their options; they are not run here."""
    words = list(itertools.takewhile(lambda word: word not in ("|", ">", "&&", ";", "&"), split(line)))
    assert words[1].startswith("-") or words[1] in COMMANDS
    if words[1] in COMMANDS:
        known = importlib.import_module(f"faxline.cli.{words[1]}").command
        assert isinstance(known, click.Command)
        names = {name for parameter in known.params for name in (*parameter.opts, *parameter.secondary_opts)}
        options = {word.partition("=")[0] for word in words[2:] if re.match("--?[a-z]", word)}
        if not isinstance(known, click.Group):
            assert options <= names | {"--help"}


def split(line: str) -> list[str]:
    return shlex.split(line, comments=True)
