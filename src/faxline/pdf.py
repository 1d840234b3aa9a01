"""Faxes as PDF, and convert(): a fax from one file format to another.

A page of a TIFF of class F is MMR, and so is a CCITTFaxDecode image of a PDF: img2pdf (the extra [pdf]) puts
the same bits into the PDF, nothing is coded anew, and each page has its true size.
"""

from __future__ import annotations

import os
from pathlib import Path

from faxline._documents.write import FORMATS, PdfError, check, format_of, wrap
from faxline.document import FaxToSend, is_class_f
from faxline.preview import Preview

__all__ = ["FORMATS", "PdfError", "check", "convert", "format_of"]


def convert(
    source: str | os.PathLike[str], target: str | os.PathLike[str], *, replace: bool = False
) -> list[Path]:
    """A received fax (or any document that a fax can be made of) as another file: PDF, TIFF or PNG by the
    target's extension (.pdf .tif .tiff .png). Returns the files written: of PNG there is one for each page.

    A TIFF as FaxToReceive writes it becomes a PDF with the same coded bits in it. Any other document becomes
    what a fax of it would be. Raises DocumentError for the source; PdfError, FileExistsError (a target that
    is there, without replace) and other OSError for the target, ValueError for another extension.
    """
    source, target = Path(os.fsdecode(source)), Path(os.fsdecode(target))
    if format_of(target) == ".pdf" and is_class_f(source):
        wrap(source, target, replace=replace)
        return [target]
    return Preview(FaxToSend(source)).save(target, replace=replace)
