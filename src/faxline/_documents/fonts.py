"""Fonts: which of them draws each character of a text.

DejaVu Sans and DejaVu Sans Mono come with the package (../_fonts): Latin, Greek, Cyrillic and more look the
same on every machine. What they lack is drawn in the first font of the machine that has it. FAXLINE_FONT and
FAXLINE_MONO_FONT name font files that come first.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from faxline._documents.cmap import characters_of
from faxline._guarded import log

if TYPE_CHECKING:
    from PIL import ImageDraw, ImageFont

_OURS = Path(__file__).parent.parent / "_fonts"
_PLAIN, _MONO = _OURS / "DejaVuSans.ttf", _OURS / "DejaVuSansMono.ttf"

_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/Library/Fonts",
)
_FILES_MAX, _TRIED_MAX = 3000, 500
_MONO_WORDS = ("mono", "courier", "consola", "typewriter", "code")
_OTHER_WORDS = ("italic", "oblique", "bold", "black", "light", "thin", "emoji", "symbol", "condensed")


class Type:
    """Letters of one size, each drawn in the first font that has it."""

    def __init__(self, size: int, *, mono: bool = False) -> None:
        """size: in pixels."""
        self._size = size
        self._mono = mono
        self.font = _load(_order(mono)[0], size)
        """The first font."""
        self.ascent, self.descent = self.font.getmetrics()

    def runs(self, text: str) -> list[tuple[ImageFont.FreeTypeFont, str]]:
        """A text as stretches of one font each. What no font has has lost its accents, or become '?'."""
        stretches: list[tuple[Path, str]] = []
        for cluster in clusters(unicodedata.normalize("NFC", text)):
            for path, letters in _chosen(cluster, self._mono):
                # A space goes with the word before it: words that run from right to left stay together.
                if stretches and (stretches[-1][0] == path or letters == " "):
                    stretches[-1] = stretches[-1][0], stretches[-1][1] + letters
                else:
                    stretches.append((path, letters))
        return [(_load(path, self._size), letters) for path, letters in stretches]

    def getlength(self, text: str) -> float:
        """In pixels."""
        return sum(font.getlength(letters) for font, letters in self.runs(text))

    def draw(self, draw: ImageDraw.ImageDraw, place: tuple[float, float], text: str) -> None:
        """In black. place: left, and the top of the first font's letters; all stand on its base line."""
        x, y = place
        for font, letters in self.runs(text):
            draw.text((x, y + self.ascent), letters, fill=0, font=font, anchor="ls")
            x += font.getlength(letters)


def warning(text: str, *, mono: bool = False) -> str:
    """What the sender of a text should know: the characters in it that no font has; '' when there are
    none."""
    letters = dict.fromkeys(unicodedata.normalize("NFC", text))
    missing = [letter for letter in letters if not letter.isascii() and _lacked(letter, mono)]
    if not missing:
        return ""
    named = ", ".join(f"{letter} (U+{ord(letter):04X})" for letter in missing[:5])
    more = f" and {len(missing) - 5} characters more" if len(missing) > 5 else ""
    return (
        f"no font has {named}{more}: each goes out as '?', or without its accents; "
        "a font that has them can be installed, or named in FAXLINE_FONT"
    )


def clusters(text: str) -> Iterator[str]:
    """Letters, each with the marks that go onto it."""
    cluster = ""
    for letter in text:
        if cluster and not _is_mark(letter):
            yield cluster
            cluster = ""
        cluster += letter
    if cluster:
        yield cluster


def _is_mark(letter: str) -> bool:
    return not letter.isascii() and unicodedata.category(letter) in ("Mn", "Me")


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


def _order(mono: bool) -> tuple[Path, ...]:
    return _ordered(mono, os.environ.get("FAXLINE_FONT", ""), os.environ.get("FAXLINE_MONO_FONT", ""))


@lru_cache(maxsize=8)
def _ordered(mono: bool, named: str, named_mono: str) -> tuple[Path, ...]:
    """The fonts that there are: named by the user, ours, those of the machine, upright and regular ones
    first."""

    def rank(path: Path) -> tuple[bool, bool, str]:
        name = path.name.lower()
        return (
            mono and not any(word in name for word in _MONO_WORDS),
            any(word in name for word in _OTHER_WORDS),
            name,
        )

    plain_first = [(named, _PLAIN), (named_mono, _MONO)]
    order: list[Path] = []
    for chosen, ours in reversed(plain_first) if mono else plain_first:
        if chosen and _usable(Path(chosen)):
            order.append(Path(chosen))
        elif chosen:
            log.warning("%s: no TrueType or OpenType font that can be read; another one is taken", chosen)
        order.append(ours)
    return (*order, *sorted(_installed(), key=rank)[:_TRIED_MAX])


@lru_cache(maxsize=1024)
def _usable(path: Path) -> bool:
    """Whether it can be drawn with: pictures of emoji in a few fixed sizes cannot."""
    try:
        _load(path, 24)
    except (OSError, ValueError):
        return False
    return characters_of(path) is not None


@lru_cache(maxsize=64)
def _load(path: Path, size: int) -> ImageFont.FreeTypeFont:
    """Raises OSError, ValueError."""
    from PIL import ImageFont

    return ImageFont.truetype(os.fspath(path), size)


@lru_cache(maxsize=8192)
def _chosen(cluster: str, mono: bool) -> tuple[tuple[Path, str], ...]:
    """What a letter with its marks is drawn with: one font if one has them all, otherwise one for each."""
    path = _first_with(cluster, _order(mono))
    if path is not None:
        return ((path, cluster),)
    return tuple(_letter(letter, mono) for letter in cluster)


def _letter(letter: str, mono: bool) -> tuple[Path, str]:
    order = _order(mono)
    for drawn in (letter, _plainer(letter)):
        path = _first_with(drawn, order)
        if path is not None:
            return path, drawn
    return order[0], "?"


@lru_cache(maxsize=8192)
def _lacked(letter: str, mono: bool) -> bool:
    """No font has it, and it is something to be seen."""
    return _first_with(letter, _order(mono)) is None and not _is_unseen(letter)


def _first_with(letters: str, order: tuple[Path, ...]) -> Path | None:
    for path in order:
        characters = characters_of(path)
        if characters is not None and all(letter in characters for letter in letters) and _usable(path):
            return path
    return None


def _is_unseen(letter: str) -> bool:
    """Spaces, controls, and what says which form of a letter is meant."""
    category = unicodedata.category(letter)
    return category[0] in "ZC" or "\ufe00" <= letter <= "\ufe0f" or "\U000e0100" <= letter <= "\U000e01ef"


def _plainer(letter: str) -> str:
    """What is drawn for a letter that no font has: itself without its accents where that is ASCII, or '?'."""
    if _is_unseen(letter):
        return " " if unicodedata.category(letter)[0] == "Z" else ""
    if _is_mark(letter):
        return ""
    plain = "".join(part for part in unicodedata.normalize("NFKD", letter) if not _is_mark(part))
    return plain if plain.isascii() and len(plain) == 1 else "?"
