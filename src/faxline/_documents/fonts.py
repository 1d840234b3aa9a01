"""Fonts: found where systems keep them, chosen by what a text needs, Pillow's own where there is none.

FAXLINE_FONT and FAXLINE_MONO_FONT name font files that come first.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import ImageFont

_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/Library/Fonts",
)
_FILES_MAX = 3000

# Preferred, by the beginning of the file's name; others follow in the order of their names.
_PLAIN = ("DejaVuSans.", "NotoSans-Regular", "LiberationSans-Regular", "FreeSans.", "Arial.")
_MONO = ("DejaVuSansMono.", "NotoSansMono-Regular", "LiberationMono-Regular", "FreeMono.", "Courier New.")
_MONO_WORDS = ("mono", "courier", "consola", "typewriter", "code")
_ITALIC_WORDS = ("italic", "oblique", "bold", "black", "light", "thin", "emoji", "symbol", "condensed")

_PROBE = "\U0010ffff"  # no font has it: its picture is what this font draws for characters that it lacks


@lru_cache(maxsize=1)
def _installed() -> tuple[Path, ...]:
    """Font files, capped: a folder of fonts may be anything."""
    found: list[Path] = []
    for folder in _FOLDERS:
        for root, folders, names in os.walk(os.path.expanduser(folder)):
            folders.sort()
            found += [Path(root, name) for name in names if name.lower().endswith((".ttf", ".otf", ".ttc"))]
            if len(found) >= _FILES_MAX:
                return tuple(found[:_FILES_MAX])
    return tuple(found)


def _candidates(mono: bool) -> Iterator[Path]:
    """Named by the user, then the preferred ones, then the rest, upright and regular ones first."""
    named = os.environ.get("FAXLINE_MONO_FONT" if mono else "FAXLINE_FONT")
    if named:
        yield Path(named)
    wanted = _MONO if mono else _PLAIN
    files = sorted(_installed(), key=lambda path: path.name)
    for beginning in wanted:
        yield from (path for path in files if path.name.startswith(beginning))

    def rank(path: Path) -> tuple[bool, bool]:
        name = path.name.lower()
        return (
            mono and not any(word in name for word in _MONO_WORDS),
            any(word in name for word in _ITALIC_WORDS),
        )

    yield from sorted(files, key=rank)


@lru_cache(maxsize=64)
def _load(path: Path | None, size: int) -> ImageFont.FreeTypeFont | None:
    """A font at a size in pixels; None when the file is none. None as path: Pillow's own font."""
    from PIL import ImageFont

    try:
        if path is None:
            font = ImageFont.load_default(size)
            return font if isinstance(font, ImageFont.FreeTypeFont) else None
        return ImageFont.truetype(os.fspath(path), size)
    except (OSError, ValueError):
        return None


def _lacks(font: ImageFont.FreeTypeFont, letters: frozenset[str]) -> set[str]:
    """Those of the letters that the font has no picture of."""
    unknown = bytes(font.getmask(_PROBE))
    size = font.getmask(_PROBE).size
    missing = set()
    for letter in letters:
        mask = font.getmask(letter)
        if mask.size == size and bytes(mask) == unknown and unicodedata.category(letter)[0] not in "ZC":
            missing.add(letter)
    return missing


@lru_cache(maxsize=256)
def _choose(letters: frozenset[str], mono: bool) -> tuple[Path | None, frozenset[str]]:
    """The first font with all of the letters, or else the one that lacks fewest, and what it lacks."""
    best: tuple[Path | None, frozenset[str]] = (None, letters)
    seen: set[Path] = set()
    tried = 0
    for path in (*_candidates(mono), None):
        if path is not None and (path in seen or tried >= 200):
            continue
        if path is not None:
            seen.add(path)
        font = _load(path, 24)
        if font is None:
            continue
        tried += 1
        missing = _lacks(font, letters)
        if not missing:
            return path, frozenset()
        if len(missing) < len(best[1]) or tried == 1:
            best = (path, frozenset(missing))
    return best


def choose(text: str, size: int, *, mono: bool = False) -> tuple[ImageFont.FreeTypeFont, str]:
    """A font for a text, at a size in pixels, and the text as it can draw it: what no font has loses its
    accents, or becomes a question mark. Raises OSError when there is no font at all."""
    letters = frozenset(letter for letter in text if letter.isprintable() and not letter.isascii())
    path, missing = _choose(letters | frozenset("Ag0"), mono)
    font = _load(path, size) or _load(None, size)
    if font is None:
        raise OSError("no scalable font: install one (fonts-dejavu-core), or name one in FAXLINE_FONT")
    if missing:
        text = "".join(_plainer(letter, missing) for letter in text)
    return font, text


def _plainer(letter: str, missing: frozenset[str]) -> str:
    if letter not in missing:
        return letter
    plain = "".join(part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part))
    return plain if plain.isascii() and plain else "?"
