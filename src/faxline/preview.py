"""Preview: the pages of a fax as they will arrive, and what sending them takes, without a call.

The pages come out of the engine as they would go to the line, header line included; for a far end that takes
them as they are. One that takes less gets them scaled down.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from faxline import options
from faxline._documents.fields import Facts
from faxline._documents.header_line import HeaderLine
from faxline._documents.pages import Page
from faxline._documents.write import format_of, new_file, write_pdf, write_tiff
from faxline._engine.document import Document, decode_page
from faxline._engine.tables import CODINGS
from faxline.causes import FaxCause
from faxline.document import DocumentError, FaxToSend, add_page
from faxline.errors import Error

if TYPE_CHECKING:
    from PIL import Image

# Seconds of line time, as measured on the simulated line between stations that keep T.30's nominal times:
# what a call takes with one page of nothing, each further page, each further block of error correction.
_SESSION_S, _PAGE_S, _BLOCK_S = 11.5, 2.8, 2.8
_BLOCK_OCTETS = 256 * 256
_ECM_FACTOR = 1.05  # frames and inserted zeros
_NUMBERS_MAX = 10


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a fax takes. Of a far end's speed and of the line nothing is known before the call: it is a likely
    time, without resent pages, and without the ringing."""

    pages: int
    octets: dict[str, int]
    """By coding: 'MH', 'MR', 'MMR'."""
    seconds: dict[str, float]
    """By coding, at the rate; MMR with error correction, MH and MR without."""
    rate_bps: int
    pictures: tuple[int, ...]
    """Pages, from 1, with pictures in dots, which take most of the time."""
    picture_seconds: float
    """What these pages take, in the smallest coding."""
    coding: str
    """The smallest, which the option Compression AUTO takes where the far end can."""

    @property
    def minutes(self) -> float:
        """In the smallest coding."""
        return self.seconds[self.coding] / 60

    def text(self) -> str:
        """For people, in two lines, and a third where there are pictures."""
        pages = f"{self.pages} {'page' if self.pages == 1 else 'pages'}"
        sizes = ", ".join(f"{coding} {self.octets[coding]:,} octets" for coding in CODINGS)
        times = ", ".join(f"{clock(self.seconds[coding])} with {coding}" for coding in reversed(CODINGS))
        told = f"{pages}: {sizes}\nabout {times} at {self.rate_bps} bit/s, after the answer"
        if not self.pictures:
            return told
        numbers = ", ".join(map(str, self.pictures[:_NUMBERS_MAX]))
        numbers += " ..." if len(self.pictures) > _NUMBERS_MAX else ""
        where = f"page {numbers}" if len(self.pictures) == 1 else f"pages {numbers}"
        return (
            f"{told}\n{clock(self.picture_seconds)} of it for {where} with pictures in dots; "
            "--text FILE (photo=False) leaves them black and white"
        )


def clock(seconds: float) -> str:
    """'2 min 05 s', '48 s'."""
    whole = round(seconds)
    return f"{whole // 60} min {whole % 60:02} s" if whole >= 60 else f"{whole} s"


def estimate(sizes: Mapping[str, list[int]], rate_bps: int, pictures: Sequence[int] = ()) -> Estimate:
    """From the octets of each page in each coding. pictures: the pages, from 1, with dots."""
    octets = {coding: sum(pages) for coding, pages in sizes.items()}
    count = len(next(iter(sizes.values())))
    seconds = {}
    for coding, pages in sizes.items():
        line = octets[coding] * 8 / rate_bps
        blocks = sum((size - 1) // _BLOCK_OCTETS for size in pages)
        more = line * (_ECM_FACTOR - 1) + blocks * _BLOCK_S if coding == "MMR" else 0.0
        seconds[coding] = _SESSION_S + _PAGE_S * (count - 1) + line + more
    smallest = min(octets, key=lambda coding: octets[coding])
    picture_seconds = sum(sizes[smallest][page - 1] * 8 / rate_bps for page in pictures)
    return Estimate(count, octets, seconds, rate_bps, tuple(pictures), picture_seconds, smallest)


def seconds_left(
    page_octets: Mapping[str, Sequence[int]], settings: Mapping[str, str], pages: int
) -> float | None:
    """What the pages after the first so many take, in seconds of line time, at the negotiated settings.
    page_octets, settings: Details.page_octets and Details.negotiated. None when it is not known."""
    sizes = page_octets.get(settings.get("Compression", ""))
    if not sizes or "DataRate" not in settings:
        return None
    factor = _ECM_FACTOR if settings.get("ECM") == "YES" else 1.0
    return sum(size * 8 * factor / int(settings["DataRate"]) + _PAGE_S for size in sizes[pages:])


class Preview:
    """The pages of a document as they will arrive, and an estimate."""

    def __init__(
        self,
        fax: FaxToSend,
        fax_options: Mapping[str, object] | None = None,
        *,
        to: str = "",
        subscriber_id: str = "",
        subscriber_name: str = "",
        rate_bps: int = 14400,
    ) -> None:
        """fax_options: as for send(); HighRes and HeaderLine say how pages look. to: the number to be called;
        it, subscriber_id and subscriber_name are fields of header line and cover. rate_bps: for the estimate.
        Converts every page at once; keeps them coded. Raises DocumentError, and Error for options."""
        checked = options.check(dict(fax_options or {}), {"SubscriberId": subscriber_id})
        if checked.cause is not FaxCause.NONE:
            raise Error(checked.text)
        header_line = checked.effective["HeaderLine"]
        high_res = options.for_engine(checked.effective).high_res
        documents = fax.count_documents() if header_line or fax.cover else ()
        facts = Facts(
            to=to,
            subscriber_id=checked.effective["SubscriberId"],
            name=subscriber_name,
            pages=sum(documents),
            now=datetime.now().astimezone(),
        )
        header = HeaderLine(header_line, facts, documents) if header_line else None
        self.pages: list[Page] = []
        """In MMR."""
        self.warnings: list[str] = []
        """What the sender should know, a sentence each: as FaxToSend.prepare()."""
        sizes: dict[str, list[int]] = {coding: [] for coding in CODINGS}
        pictures: list[int] = []
        for page in fax.pages(high_res=high_res, facts=facts, header=header):
            made = Document()
            try:
                self.warnings += add_page(made, page)
                self.pages.append(made.page(0))
                if page.dots:
                    pictures.append(len(self.pages))
                for coding in CODINGS:
                    sizes[coding].append(made.coded_size(0, coding))
            finally:
                made.close()
        if not self.pages:
            raise DocumentError(f"{', '.join(fax.names)}: no pages")
        self.estimate: Estimate = estimate(sizes, rate_bps, pictures)
        """Octets and minutes."""

    def image(self, page: int) -> Image.Image:
        """A page (from 1) in one bit, its resolution in info["dpi"]: fax pixels are up to twice as high as
        wide."""
        return image_of(self.pages[page - 1])

    def save(self, target: str | os.PathLike[str], *, replace: bool = False) -> list[Path]:
        """Writes all pages: as PDF (with the extra `faxline[pdf]`), TIFF or PNG, by the extension. Of PNG
        there is one file for each page of several, x-1.png, x-2.png ..., on pixels that are nearly square.
        Returns the files. Raises PdfError, FileExistsError and other OSError; ValueError for another
        extension."""
        path = Path(os.fsdecode(target))
        match format_of(path):
            case ".pdf":
                write_pdf(self.pages, path, replace=replace)
            case ".png":
                return self._save_png(path, replace)
            case _:
                write_tiff(self.pages, path, replace=replace)
        return [path]

    def _save_png(self, path: Path, replace: bool) -> list[Path]:
        count = len(self.pages)
        names = [path.with_stem(f"{path.stem}-{number:0{len(str(count))}}") for number in range(1, count + 1)]
        if count == 1:
            names = [path]
        for page, name in zip(self.pages, names, strict=True):
            with new_file(name, replace) as file:
                square(image_of(page)).save(file, "PNG", dpi=_square_dpi(page))
        return names


def image_of(page: Page) -> Image.Image:
    """A page in MMR as an image in one bit."""
    from PIL import Image

    image = Image.frombytes("1", (page.width_px, page.rows), decode_page(page), "raw", "1;I")
    image.info["dpi"] = (page.x_dpi, page.y_dpi)
    return image


def square(image: Image.Image) -> Image.Image:
    """A fax page on pixels that are nearly square: each row as often as it is higher than wide, or each
    column."""
    from PIL import Image

    x_dpi, y_dpi = image.info["dpi"]
    rows, columns = max(1, round(x_dpi / y_dpi)), max(1, round(y_dpi / x_dpi))
    return image.resize((image.width * columns, image.height * rows), Image.Resampling.NEAREST)


def _square_dpi(page: Page) -> tuple[float, float]:
    rows, columns = max(1, round(page.x_dpi / page.y_dpi)), max(1, round(page.y_dpi / page.x_dpi))
    return page.x_dpi * columns, page.y_dpi * rows
