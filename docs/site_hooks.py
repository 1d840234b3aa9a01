"""What MkDocs does not do by itself: pages of the site that stand outside docs/, links that lead out of it,
and the reference of every public module.
"""

import os
import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"

OUTSIDE = {
    "README.md": "readme.md",
    "CHANGELOG.md": "changelog.md",
    "csrc/README.md": "csrc.md",
    "tests/calls/README.md": "calls.md",
    "hil/README.md": "hil.md",
}
"""Pages that stand beside the code they are about, and their names in the site."""

# The commands are told of in cli.md.
_NO_REFERENCE = {"cli", "__main__"}
_LINK = re.compile(r"(?<!\\)(!?)\[([^\]]*)\]\(([^)#\s]*)(#[^)\s]*)?\)")


def outside() -> dict[Path, str]:
    return {ROOT / path: name for path, name in OUTSIDE.items() if (ROOT / path).exists()}


def title(path: Path) -> str:
    """Of a page: its first heading. In the repository a page is called by its file's name."""
    found = re.search(r"^# (.+)$", path.read_text(encoding="utf-8"), re.M) if path.exists() else None
    return found[1] if found else path.name


def modules() -> list[str]:
    """Every public module of the package: its own name comes first."""
    found = [
        path.stem if path.suffix else path.name
        for path in sorted((ROOT / "src" / "faxline").iterdir())
        if path.suffix == ".py" or (path / "__init__.py").exists()
    ]
    public = [name for name in found if not name.startswith("_") and name not in _NO_REFERENCE]
    return [f"faxline.{name}" for name in public]


def reference() -> str:
    parts = [
        "# All modules\n\n"
        "What the docstrings say, module by module. [API](api.md) has the classes that most programs need.\n"
    ]
    for module in modules():
        parts.append(f"::: {module}\n    options:\n      inherited_members: true\n")
    return "\n".join(parts)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    for path, name in outside().items():
        files.append(File.generated(config, name, content=path.read_text(encoding="utf-8")))
    files.append(File.generated(config, "reference.md", content=reference()))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Links by the place of the file in the repository become links of the site. What is no page of it (a
    file of the code) keeps its text only."""
    here = {name: path for path, name in outside().items()}.get(page.file.src_uri, DOCS / page.file.src_uri)

    def link(found: re.Match[str]) -> str:
        image, text, target, anchor = found[1], found[2], found[3], found[4] or ""
        if not target or "://" in target or target.startswith("mailto:"):
            return found[0]
        path = Path(os.path.normpath(here.parent / target))
        if name := outside().get(path):
            uri = name
        elif path.is_relative_to(DOCS):
            uri = path.relative_to(DOCS).as_posix()
        else:
            return text if path.exists() else found[0]
        if not image and text == path.name:
            text = title(path)
        relative = posixpath.relpath(uri, posixpath.dirname(page.file.src_uri) or ".")
        return f"{image}[{text}]({relative}{anchor})"

    parts = re.split(r"(^```.*?^```[^\n]*$)", markdown, flags=re.M | re.S)
    return "".join(part if part.startswith("```") else _LINK.sub(link, part) for part in parts)
