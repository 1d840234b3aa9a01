"""What a header line and a cover page may say: templates with fields in braces, and their values."""

from __future__ import annotations

import string
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

FIELDS = ("date", "time", "zone", "name", "id", "to", "page", "pages")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known when a fax is sent. now: with its time zone."""

    to: str
    """The number called."""
    subscriber_id: str
    name: str
    """Of who sends."""
    pages: int
    """Of the document, its cover included."""
    now: datetime

    def values(self, page: int) -> dict[str, str]:
        """Every field for a page (from 1)."""
        return {
            "date": f"{self.now:%Y-%m-%d}",
            "time": f"{self.now:%H:%M}",
            "zone": zone_name(self.now),
            "name": self.name,
            "id": self.subscriber_id,
            "to": self.to,
            "page": str(page),
            "pages": str(self.pages),
        }


def zone_name(time: datetime) -> str:
    """'UTC', 'UTC+02:00'; '' of a time without a zone."""
    offset = time.utcoffset()
    if offset is None:
        return ""
    minutes = round(offset.total_seconds() / 60)
    if minutes == 0:
        return "UTC"
    return f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def template_fault(template: str, fields: Collection[str] | None) -> str | None:
    """What is wrong with a template, or None. A brace is {{ or }}. fields: the known ones; None: any name."""
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        return str(error)
    for _, field, spec, conversion in parts:
        if field is None:
            continue
        known = field.isidentifier() if fields is None else field in fields
        if not known or spec or conversion:
            more = f"!{conversion}" if conversion else ""
            more += f":{spec}" if spec else ""
            return f"no field {{{field}{more}}}"
    return None


def fill(template: str, values: Mapping[str, str]) -> str:
    """A good template with its fields filled in; a field without a value is empty. Values are text: braces
    in them mean nothing."""
    return "".join(
        text + (values.get(field, "") if field is not None else "")
        for text, field, _, _ in string.Formatter().parse(template)
    )
