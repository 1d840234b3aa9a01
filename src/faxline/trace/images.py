"""The pages' images of a trace, small, as PNG."""

import base64
import binascii
import io
from collections.abc import Iterable

from faxline._documents.pages import Page
from faxline._engine.document import readable_rows
from faxline.trace.lines import Line

# The largest that a fax page is, and as many as one looks at.
_WIDTH_MAX, _ROWS_MAX, _DPI_MAX, _PAGES_MAX = 4864, 20_000, 1200, 400


def image_line(lines: Iterable[Line], number: int) -> Line | None:
    """The latest image of a page."""
    found = [line for line in lines if "code" in line and line.get("page") == number]
    return found[-1] if found else None


def page_numbers(lines: Iterable[Line]) -> list[int]:
    """The pages whose images a call has."""
    return sorted({line["page"] for line in lines if "code" in line})[:_PAGES_MAX]


def _code_of(line: Line) -> bytes:
    """The page's MMR, most significant bit first; b'' when it is damaged."""
    try:
        return base64.b64decode(line["code"], validate=True)
    except (binascii.Error, ValueError):
        return b""


def page_of(line: Line) -> Page | None:
    """The page; None when its code or its measures are not those of a fax page."""
    limits = {"width_px": _WIDTH_MAX, "rows": _ROWS_MAX, "x_dpi": _DPI_MAX, "y_dpi": _DPI_MAX}
    code = _code_of(line)
    if not code or not all(0 < int(line[name]) <= limit for name, limit in limits.items()):
        return None
    return Page(
        code, line["width_px"], line["x_dpi"], line["y_dpi"], line["rows"], 0, line["page"], remote_id=""
    )


def thumbnail(line: Line, width: int = 220) -> bytes | None:
    """A page's image as PNG, so many pixels wide and as high as it looks on paper; None when there is
    nothing to see."""
    from PIL import Image

    page = page_of(line)
    rows = readable_rows(page) if page is not None else b""
    if page is None or not rows:
        return None
    count = len(rows) // ((page.width_px + 7) // 8)
    height = round(width * count * page.x_dpi / (page.width_px * page.y_dpi))
    height = max(1, min(height, 12 * width))
    image = Image.frombytes("1", (page.width_px, count), rows, "raw", "1;I")
    small = image.convert("L").resize((width, height), Image.Resampling.BOX).quantize(16)
    out = io.BytesIO()
    small.save(out, "PNG", optimize=True)
    return out.getvalue()
