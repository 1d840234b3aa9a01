"""The pages of a document on their way to the engine: the first ones with the order, the others beside the
call.

A page goes out once it is known what comes behind it, so the order needs two. From then on the engine has the
line time of a page, many seconds, in which the next one is to be made; where that is not enough it waits as
long as T.30 lets it, and gives up with `local.document-late`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from faxline._engine.document import Document as Pages
from faxline._engine.engine import More
from faxline.document import DocumentError, add_page

if TYPE_CHECKING:
    from faxline._documents.pages import FaxPage

_FIRST = 2
"""Pages that the order has, where there are more."""

Give = Callable[[Pages | None, More, str], bool]
"""More pages for the engine, whether others follow, and where they do not although they should: why. False
when nobody wants them any more."""


class Stopped(Exception):
    """stop(), hang_up(), close() or the far end came while the document was read."""


class Reading:
    """A document that is being read. One thread at a time."""

    def __init__(self, coming: Iterator[FaxPage], warn: Callable[[str], None]) -> None:
        """coming: its pages, which may raise DocumentError. warn: is told what the sender should know."""
        self._coming = coming
        self._warn = warn
        self._document_of: list[int] = []
        self.complete = False
        """No more pages come."""

    def first(self, *, whole: bool) -> Pages:
        """The first pages, or all of them; the caller closes them. Raises DocumentError."""
        return self._read(None if whole else _FIRST)

    def go_on(self, give: Give) -> None:
        """The others, in a thread of their own, one by one as they are ready."""
        threading.Thread(target=self._rest, args=(give,), name="faxline-pages").start()

    def _rest(self, give: Give) -> None:
        more, why = More.LAST, ""
        try:
            while not self.complete:
                pages = self._read(1)
                try:
                    if not give(pages, More.FOLLOW, ""):
                        return
                finally:
                    pages.close()
        except Stopped:
            return
        except DocumentError as error:
            more, why = More.FAILED, str(error)
        except Exception as error:
            # A fault of ours, or of user code: nobody waits for this thread who could be told otherwise.
            more, why = More.FAILED, f"{type(error).__name__} while the document was read: {error}"
        finally:
            self._close()
        give(None, more, why)

    def _read(self, count: int | None) -> Pages:
        pages = Pages(before=self._document_of)
        try:
            while count is None or len(pages) < count:
                page = next(self._coming, None)
                if page is None:
                    self.complete = True
                    break
                for warning in add_page(pages, page):
                    self._warn(warning)
        except BaseException:
            pages.close()
            raise
        self._document_of += pages.document_of
        return pages

    def _close(self) -> None:
        """Closes the file that is open."""
        close = getattr(self._coming, "close", None)
        if close is not None:
            close()
