"""What every kind of document has: pages by number, each of which becomes a fax page, and errors that say
what is wrong with which page of which file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from faxline.limits import Limits

if TYPE_CHECKING:
    from faxline._documents.pages import FaxPage
    from faxline._documents.raster import Wish

PAGES_MAX, PIXELS_MAX = Limits().pages, Limits().pixels

_DEFAULT = Limits()

_HINT = "print it to a PDF (office files: libreoffice --convert-to pdf; PostScript: ps2pdf), and send that"


class DocumentError(Exception):
    """A document cannot be sent; the message is a sentence that names file, page and reason."""


class Leaf(Protocol):
    """A page as its file has it."""

    def convert(self, wish: Wish) -> FaxPage:
        """As a fax page, while its file is open. May raise anything."""


class Source(Protocol):
    """An open document."""

    def page(self, number: int) -> Leaf | None:
        """A page (from 1), not decoded yet; None behind the last. May raise anything."""

    def close(self) -> None: ...


def place(name: str, number: int | None) -> str:
    return name if number is None else f"page {number} of {name}"


@contextmanager
def reading(name: str, number: int | None, limits: Limits = _DEFAULT) -> Iterator[None]:
    """Turns whatever goes wrong with a file into a DocumentError. A broken file makes Pillow raise almost
    anything (OSError, SyntaxError, struct.error, KeyError, OverflowError ...), hence the wide net."""
    from PIL import Image, UnidentifiedImageError

    from faxline._documents.pages import PageError

    try:
        yield
    except DocumentError:
        raise
    except PageError as error:
        raise DocumentError(f"{place(name, number)}: {error}") from None
    except UnidentifiedImageError:
        raise DocumentError(f"{name}: no TIFF, image, PDF or text file (.txt): {_HINT}") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise DocumentError(
            f"{place(name, number)}: too many pixels, {limits.pixels} at most (Limits.pixels)"
        ) from None
    except MemoryError:
        raise DocumentError(
            f"{place(name, number)}: reading it takes more than {limits.memory_mib} MiB of memory "
            "(Limits.memory_mib)"
        ) from None
    except Exception as error:
        reason = str(error) or type(error).__name__
        raise DocumentError(
            f"{place(name, number)}: cannot be read, broken or cut short ({reason})"
        ) from error
