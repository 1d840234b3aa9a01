"""Confirmation: a page that says what became of a fax: number, times, pages, rate, result, and a picture of
its first page."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from faxline._documents.fields import Facts, zone_name
from faxline._documents.header_line import HeaderLine
from faxline._documents.pages import Page
from faxline._documents.paper import PAPERS
from faxline._documents.write import format_of, new_file, write_pdf, write_tiff
from faxline._engine.document import Document
from faxline.causes import FaxCause
from faxline.channel import CallChannel
from faxline.cover import wrapped
from faxline.details import settings_text
from faxline.document import DocumentError, FaxToSend, add_page
from faxline.preview import image_of

if TYPE_CHECKING:
    from PIL import Image

_PAPER = PAPERS["a4"]
_MARGIN_INCH, _COLUMN_INCH = 0.7, 1.5
_TITLE_INCH, _TEXT_INCH, _LINE_INCH = 0.3, 0.15, 0.22
_DPI = 204


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What became of a fax."""

    result: str
    """The cause of the fax, or of a call that was not answered: 'NORMAL', 'BUSY'."""
    good: bool
    """Every page was confirmed by the far end."""
    number: str
    """That was called."""
    remote_id: str = ""
    """What the far end calls itself."""
    subscriber_id: str = ""
    name: str = ""
    started: datetime | None = None
    """When the fax began, with its time zone."""
    seconds: float = 0.0
    """That it took, of line time."""
    pages: int = 0
    """Confirmed by the far end."""
    pages_of_document: int = 0
    """0: not known."""
    negotiated: dict[str, str] = field(default_factory=dict)
    """As FaxDetails.negotiated."""
    reason: str = ""
    """Why it failed, as a sentence."""
    raw_cause: str = ""
    files: tuple[str, ...] = ()
    job: str = ""
    """FaxDetails.ID."""
    first_page: Page | None = None

    @classmethod
    def of(cls, channel: CallChannel, fax: FaxToSend, *, confirmed: int = 0) -> Confirmation:
        """Of the last fax that was sent on a channel: after wait_until_finished(), or after a call that was
        not answered. Reads the document once more, for the picture. confirmed: pages that earlier calls got
        through already, and that this one did not send again."""
        details, call = channel.FaxSender.Details, channel.Details
        cause = channel.FaxSender.cause()
        # A fax of an earlier call says nothing about this one.
        sent = cause is not FaxCause.NONE and details.call_id == call.call_id
        subscriber_id = details.options.get("SubscriberId", "") if sent else ""
        facts = Facts(
            call.call_to,
            subscriber_id,
            channel.subscriber_name,
            0,
            (details.started if sent else None) or datetime.now().astimezone(),
        )
        pages, first = _look(fax, facts, details.options if sent else {})
        if not sent:
            return cls(
                f"{channel.cause()}, not answered",
                False,
                call.call_to,
                name=channel.subscriber_name,
                pages=confirmed,
                pages_of_document=pages,
                raw_cause=call.raw_cause or "",
                files=fax.names,
                first_page=first,
            )
        return cls(
            str(cause),
            cause is FaxCause.NORMAL,
            call.call_to,
            remote_id=details.negotiated.get("RemoteSubscriberId", ""),
            subscriber_id=subscriber_id,
            name=channel.subscriber_name,
            started=details.started,
            seconds=details.seconds,
            pages=confirmed + details.pages,
            pages_of_document=pages,
            negotiated=dict(details.negotiated),
            reason=details.raw_cause_text,
            raw_cause=details.raw_cause or "",
            files=fax.names,
            job=details.ID,
            first_page=first,
        )

    def save(self, target: str | os.PathLike[str], *, replace: bool = False) -> Path:
        """Writes the page: PDF (with the extra `faxline[pdf]`), TIFF or PNG, by the extension. Raises
        PdfError, FileExistsError and other OSError; ValueError for another extension."""
        path = Path(os.fsdecode(target))
        kind = format_of(path)
        image = self.image()
        if kind == ".png":
            with new_file(path, replace) as file:
                image.save(file, "PNG", dpi=(_DPI, _DPI))
            return path
        from faxline._documents import raster

        page = raster.drawn(image.convert("L"), _PAPER, raster.Wish())
        made = Document()
        try:
            add_page(made, page)
            coded = made.page(0)
        finally:
            made.close()
        write = write_pdf if kind == ".pdf" else write_tiff
        write([coded], path, replace=replace)
        return path

    def lines(self) -> list[tuple[str, str]]:
        """What it says, as labels and texts."""
        of = f" of {self.pages_of_document}" if self.pages_of_document else ""
        began = ""
        if self.started:
            began = f"{self.started:%Y-%m-%d %H:%M:%S} {zone_name(self.started)}"
        lasted = f"{int(self.seconds) // 60}:{int(self.seconds) % 60:02} minutes" if self.started else ""
        rows = [
            ("Result", self.result + (f" ({self.raw_cause})" if self.raw_cause else "")),
            ("Reason", self.reason),
            ("Pages", f"{self.pages}{of} confirmed by the far end"),
            ("To", self.number),
            ("Far end", self.remote_id),
            ("From", " ".join(filter(None, (self.name, self.subscriber_id)))),
            ("Began", began),
            ("Duration", lasted),
            ("Settings", settings_text(self.negotiated) if self.negotiated else ""),
            ("Document", ", ".join(Path(name).name for name in self.files)),
            ("Job", self.job),
        ]
        return [(label, text) for label, text in rows if text]

    def image(self) -> Image.Image:
        """The page in one bit, 204 dpi both ways."""
        from PIL import Image, ImageDraw

        from faxline._documents import fonts

        page = Image.new("L", (round(_PAPER.width_inch * _DPI), round(_PAPER.height_inch * _DPI)), 255)
        draw = ImageDraw.Draw(page)
        left, right, bottom = (
            _MARGIN_INCH * _DPI,
            page.width - _MARGIN_INCH * _DPI,
            page.height - _MARGIN_INCH * _DPI,
        )
        title = "Fax confirmation: sent"
        if not self.good:
            title = f"Fax confirmation: NOT sent{' completely' * (self.pages > 0)}"
        y = _MARGIN_INCH * _DPI
        fonts.Type(round(_TITLE_INCH * _DPI)).draw(draw, (left, y), title)
        y += 1.5 * _TITLE_INCH * _DPI
        draw.line((left, y, right, y), fill=0, width=3)
        y += 0.12 * _DPI
        letters = fonts.Type(round(_TEXT_INCH * _DPI))
        for label, text in self.lines():
            x = left + _COLUMN_INCH * _DPI
            text = "".join(letter if letter.isprintable() else " " for letter in text)
            letters.draw(draw, (left, y), label)
            for row in islice(wrapped(text, letters, right - x), 4):
                letters.draw(draw, (x, y), row)
                y += _LINE_INCH * _DPI
        y += 0.12 * _DPI
        if self.first_page is not None and bottom - y > 40:
            _picture(page, image_of(self.first_page), left, y, right, bottom)
        return page.point([0] * 178 + [255] * 78, "1")


def _picture(
    page: Image.Image, image: Image.Image, left: float, top: float, right: float, bottom: float
) -> None:
    """A fax page in a frame, as large as fits, in its true proportions."""
    from PIL import Image, ImageDraw

    x_dpi, y_dpi = image.info["dpi"]
    width, height = image.width / x_dpi, image.height / y_dpi
    scale = min((right - left - 4) / width, (bottom - top - 4) / height, _DPI * 1.0)
    size = max(1, int(width * scale)), max(1, int(height * scale))
    x = round((left + right - size[0]) / 2)
    small = image.convert("L").resize(size, Image.Resampling.BOX)
    page.paste(small, (x, round(top) + 2))
    frame = (x - 2, round(top), x + size[0] + 1, round(top) + size[1] + 3)
    ImageDraw.Draw(page).rectangle(frame, outline=0, width=2)


def _look(fax: FaxToSend, facts: Facts, effective: dict[str, str]) -> tuple[int, Page | None]:
    """How many pages a document has (0: it cannot be read), and the first as it went out."""
    made = Document()
    try:
        documents = fax.count_documents()
        facts = replace(facts, pages=sum(documents))
        high_res = {"YES": True, "NO": False}.get(effective.get("HighRes", ""))
        line = effective.get("HeaderLine", "")
        header = HeaderLine(line, facts, documents) if line else None
        for page in fax.pages(high_res=high_res, facts=facts, header=header):
            add_page(made, page)
            return facts.pages, made.page(0)
    except DocumentError:
        pass
    finally:
        made.close()
    return facts.pages, None
