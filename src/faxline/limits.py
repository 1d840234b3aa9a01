"""Limits: what a document may take before it is refused."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What a document may take: of a stranger's file more is a bomb, or no fax. `FaxToSend.limits` has those
    of every document; an object may have its own. What oversteps one is a DocumentError (local.document) that
    names the file and the limit, and the worker that read it is gone. 0 is no limit."""

    file_mib: int = 256
    """Size of one file."""
    pages: int = 2000
    """Of one file: more is a loop of directories. A text has no more than 2000 in any case."""
    pixels: int = 89_478_485
    """Of one image before it is converted: where Pillow starts to warn; A3 at 600 dpi has 70 million."""
    memory_mib: int = 1024
    """Of the process that reads the files."""
    page_seconds: int = 60
    """By the clock, to read one page."""
    cpu_seconds: int = 900
    """Of the processor, to read the files of one fax."""
