"""Sheets of paper, for pages that are drawn: plain text, a cover page, a confirmation."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Paper:
    width_inch: float
    height_inch: float

    @property
    def size(self) -> tuple[float, float]:
        """What it is made of again."""
        return self.width_inch, self.height_inch


PAPERS = {"a4": Paper(210 / 25.4, 297 / 25.4), "letter": Paper(8.5, 11.0), "legal": Paper(8.5, 14.0)}


def paper_named(name: str) -> Paper:
    """Raises ValueError for a name that PAPERS does not have."""
    if name not in PAPERS:
        raise ValueError(f"paper {name!r}: there is {', '.join(PAPERS)}")
    return PAPERS[name]
