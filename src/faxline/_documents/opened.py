"""A file that is open already, as the pages in it: whatever kind it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import BinaryIO

from faxline._documents.pages import FaxPage, ReadCoded
from faxline._documents.paper import Paper
from faxline._documents.raster import Wish
from faxline._documents.selection import Selection
from faxline._documents.source import DocumentError, Leaf, Source, place, reading
from faxline.limits import Limits

_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_TEXT_EXTENSIONS = (".txt", ".text", ".log", ".asc", ".md", ".csv")
_PDF_MARK, _PDF_START = b"%PDF-", 1024  # readers of PDF look for its mark so far into the file


def leaves(
    name: str,
    file: BinaryIO,
    selection: Selection,
    paper: Paper,
    read_coded: ReadCoded,
    limits: Limits,
    at: Callable[[str], None],
) -> Iterator[tuple[int, Leaf]]:
    """The pages that are wanted, with their numbers. paper: for plain text. at: is told of each page before
    it is looked for. Raises DocumentError."""
    ranges = selection.ranges
    with reading(name, None, limits):
        source = _source(name, file, paper, read_coded, limits)
    with closing(source):
        for first, last in ranges or ((1, None),):
            number = first
            while last is None or number <= last:
                at(place(name, number))
                with reading(name, number, limits):
                    leaf = source.page(number)
                if leaf is None:
                    if ranges and (last is not None or number == first):
                        raise DocumentError(f"{name}: it has no page {number}")
                    break
                if limits.pages and number > limits.pages:
                    raise DocumentError(f"{name}: more than {limits.pages} pages (Limits.pages)")
                yield number, leaf
                number += 1


def page(name: str, number: int, leaf: Leaf, wish: Wish, limits: Limits) -> FaxPage:
    """A page of a file, as one of a fax. Raises DocumentError."""
    with reading(name, number, limits):
        made = leaf.convert(wish)
    made.place = place(name, number)
    if made.code is not None:
        made.decode = partial(page, name, number, leaf, replace(wish, decoded=True), limits)
    return made


def _source(name: str, file: BinaryIO, paper: Paper, read_coded: ReadCoded, limits: Limits) -> Source:
    start = file.read(_PDF_START)
    file.seek(0)
    if not start:
        raise DocumentError(f"{name}: the file is empty")
    if start.startswith(_PDF_MARK):
        return _pdf(name, file, limits)
    if name.lower().endswith(_TEXT_EXTENSIONS):
        from faxline._documents.text import TextSource

        return TextSource(name, file, paper)
    from PIL import UnidentifiedImageError

    from faxline._documents.images import ImageSource

    try:
        return ImageSource(name, file, read_coded, limits)
    except UnidentifiedImageError:
        if _PDF_MARK in start:
            return _pdf(name, file, limits)
        if start[:4] in _TIFF_STARTS:
            raise DocumentError(
                f"{name}: a TIFF that is broken, cut short or of a kind that cannot be read"
            ) from None
        raise


def _pdf(name: str, file: BinaryIO, limits: Limits) -> Source:
    from faxline._documents.pdf import PdfSource

    file.seek(0)
    return PdfSource(name, file, limits)
