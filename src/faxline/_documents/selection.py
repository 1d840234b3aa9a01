"""Page ranges as people write them: "1-3,5", "7-", "2"."""

from __future__ import annotations

import re
from dataclasses import dataclass

NUMBER_MAX = 99_999


@dataclass(frozen=True, slots=True)
class Selection:
    """Which pages of a file, in this order. Without ranges: all of them."""

    ranges: tuple[tuple[int, int | None], ...] = ()
    """From 1, both ends included; None: to the end of the file."""


def parse(text: str) -> Selection:
    """Raises ValueError with a sentence. '' is every page."""
    if not text.strip():
        return Selection()
    ranges = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,5})\s*(?:(-)\s*(\d{1,5})?)?\s*", part, re.ASCII)
        if not match:
            raise ValueError(
                f"pages {text!r}: {part.strip()!r} is neither a page nor a range (as in '1-3,5,8-')"
            )
        first = int(match[1])
        last = None if match[2] and not match[3] else int(match[3] or match[1])
        if first < 1 or (last is not None and last < first):
            raise ValueError(f"pages {text!r}: {part.strip()!r} goes from a page to a later one, from 1 on")
        ranges.append((first, last))
    return Selection(tuple(ranges))
