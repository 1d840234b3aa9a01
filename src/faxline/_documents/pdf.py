"""PDF documents, by PDFium (pypdfium2, the extra [pdf]): one page at a time, drawn in grey straight at the
fax resolution."""

from __future__ import annotations

import ctypes
import threading
from typing import TYPE_CHECKING, Any, BinaryIO

from faxline._documents import raster
from faxline._documents.pages import FaxPage, PageError
from faxline._documents.raster import Wish
from faxline._documents.source import DocumentError
from faxline._pixels import Kind
from faxline.limits import Limits

if TYPE_CHECKING:
    from types import ModuleType

# PDFium may be used by one thread at a time, in the whole process.
_PDFIUM = threading.Lock()

_POINTS = 72.0
_SIDE_MIN, _SIDE_MAX = 1.0, 100_000.0  # points


class PdfSource:
    def __init__(self, name: str, file: BinaryIO, limits: Limits) -> None:
        """Takes the file over, but not when it raises."""
        pdfium = _pdfium(name)
        self._name = name
        with _PDFIUM:
            _forget_last_error()
            try:
                self._document: Any = pdfium.PdfDocument(file)
            except pdfium.PdfiumError as error:
                raise DocumentError(f"{name}: {_reason(error)}") from None
            try:
                self.count = len(self._document)
                self._document.init_forms()
            except BaseException:
                self._document.close()
                raise
        self._file = file
        if limits.pages and self.count > limits.pages:
            self.close()
            raise DocumentError(
                f"{name}: {self.count} pages, and a fax has {limits.pages} at most (Limits.pages)"
            )

    def page(self, number: int) -> PdfLeaf | None:
        return PdfLeaf(self._name, self._document, number) if number <= self.count else None

    def close(self) -> None:
        with _PDFIUM:
            self._document.close()
        self._file.close()


class PdfLeaf:
    def __init__(self, name: str, document: Any, number: int) -> None:
        self._name = name
        self._document = document
        self._number = number

    def convert(self, wish: Wish) -> FaxPage:
        with _PDFIUM:
            page = self._open()
            try:
                width, height = page.get_size()  # turned as the page says
                if not (_SIDE_MIN <= width <= _SIDE_MAX and _SIDE_MIN <= height <= _SIDE_MAX):
                    raise PageError(f"{width:g} x {height:g} points is no size of a page")
                place = raster.layout(
                    width,
                    height,
                    (_POINTS, _POINTS),
                    True if wish.high_res is None else wish.high_res,
                    superfine=wish.superfine,
                )
                stride = (place.width + 3) // 4 * 4
                pixels = self._draw(page, place, stride)
            finally:
                page.close()
        return raster.as_page([pixels], (place.width, place.height), place, wish, Kind.GREY, stride)

    def _open(self) -> Any:
        pdfium = _pdfium(self._name)
        try:
            return self._document[self._number - 1]
        except pdfium.PdfiumError as error:
            raise PageError(f"broken ({error})") from None

    def _draw(self, page: Any, place: raster.Layout, stride: int) -> ctypes.Array[ctypes.c_char]:
        """The page in grey, each direction at its own resolution, which only PDFium's own call can do."""
        from pypdfium2 import raw

        pixels = (ctypes.c_char * (stride * place.height))()
        bitmap = raw.FPDFBitmap_CreateEx(place.width, place.height, raw.FPDFBitmap_Gray, pixels, stride)
        if not bitmap:
            raise MemoryError
        try:
            area = (0, 0, place.width, place.height)
            turn = 3 if place.turned else 0  # clockwise quarters
            flags = raw.FPDF_ANNOT | raw.FPDF_PRINTING | raw.FPDF_GRAYSCALE
            raw.FPDFBitmap_FillRect(bitmap, *area, 0xFFFFFFFF)
            raw.FPDF_RenderPageBitmap(bitmap, page.raw, *area, turn, flags)
            if self._document.formenv:
                raw.FPDF_FFLDraw(self._document.formenv.raw, bitmap, page.raw, *area, turn, flags)
        finally:
            raw.FPDFBitmap_Destroy(bitmap)
        return pixels


def _pdfium(name: str) -> ModuleType:
    try:
        import pypdfium2
    except ImportError:
        raise DocumentError(
            f"{name}: PDF needs the package pypdfium2: install it with pip install 'faxline[pdf]'"
        ) from None
    module: ModuleType = pypdfium2
    return module


def _forget_last_error() -> None:
    """PDFium sets no error for a document without pages, and the one before would seem to be its: so the last
    one is always this."""
    from pypdfium2 import raw

    raw.FPDF_LoadMemDocument64(b"", 0, None)


def _reason(error: Exception) -> str:
    """PDFium's reasons in words."""
    text = str(error)
    if "password" in text.lower():
        return (
            "the PDF is encrypted, and opens with a password only; a copy without one can be sent: "
            "qpdf --decrypt --password=... IN.pdf OUT.pdf"
        )
    if "security" in text.lower():
        return "the PDF is encrypted in a way that cannot be read"
    if "data format" in text.lower() or "file access" in text.lower():
        return "the PDF is broken or cut short, or has no pages"
    return f"the PDF cannot be read ({text})"
