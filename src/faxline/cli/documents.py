"""What the commands that read documents share: options that say which pages, how, and under which cover."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from faxline.cli.common import pairs
from faxline.cover import Cover
from faxline.document import FaxToSend, Limits

STANDARD_COVER = "standard"
_DIGITS_MAX = 9

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--pages", metavar="RANGES", default="", help="Of one FILE: which pages, as in 1-3,5,8-."),
    click.option(
        "--photo",
        "photos",
        metavar="FILE",
        multiple=True,
        help="Of the FILEs: all of this one in dots. By itself what is of continuous tone is.",
    ),
    click.option(
        "--text",
        "texts",
        metavar="FILE",
        multiple=True,
        help="Of the FILEs: this one in black and white only, pictures too.",
    ),
    click.option(
        "--superfine",
        is_flag=True,
        help="PDF, text and detailed images at 408x391 dpi, where the far end can; takes longer.",
    ),
    click.option("--invert", is_flag=True, help="Black for white: dark screenshots, negatives."),
    click.option(
        "--damaged",
        is_flag=True,
        help="Of a TIFF page whose code is damaged, send what can be read; else it is refused.",
    ),
    click.option(
        "--separate",
        is_flag=True,
        help="Each FILE is a document of its own, in one call: the far end can file them apart.",
    ),
    click.option(
        "--paper",
        type=click.Choice(["a4", "letter", "legal"]),
        default="a4",
        help="For text files and the cover (default: a4).",
    ),
    click.option(
        "--cover",
        metavar="TEMPLATE",
        help=f"A cover page from this file; '{STANDARD_COVER}' is one that is built in.",
    ),
    click.option(
        "--field",
        "fields",
        metavar="NAME=VALUE",
        multiple=True,
        callback=pairs,
        help="What the cover's template calls NAME; the standard cover has to_name, subject, message.",
    ),
    click.option(
        "--limit",
        "limits",
        metavar="NAME=NUMBER",
        multiple=True,
        callback=pairs,
        help=f"What the FILEs may take, of {', '.join(Limits.__slots__)}; 0: no limit (docs/documents.md).",
    ),
    click.option(
        "--name", "sender_name", metavar="TEXT", default="", help="Who sends, for header line and cover."
    ),
)


def be_quiet() -> None:
    """What Pillow has to say of damaged files is said again, better, by us."""
    warnings.filterwarnings("ignore", module="PIL")


def document_options(command: Decorated) -> Decorated:
    """The options, as parameters of fax_of(); and `sender_name`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def parted(pages: int, documents: Sequence[int]) -> list[int]:
    """How many of the first pages belong to each of the documents, whose pages these are; without those that
    no page has gone out of."""
    counts = [min(size, max(0, pages - sum(documents[:index]))) for index, size in enumerate(documents)]
    return [count for count in counts if count]


def _limits_of(given: tuple[tuple[str, str], ...]) -> Limits:
    """Raises click.UsageError."""
    wanted: dict[str, int] = {}
    for name, number in given:
        if name not in Limits.__slots__:
            raise click.UsageError(f"--limit: there is no {name!r}, but {', '.join(Limits.__slots__)}")
        if not number.isascii() or not number.isdigit() or len(number) > _DIGITS_MAX:
            raise click.UsageError(f"--limit {name}: {number!r} is no whole number of 0 or more")
        wanted[name] = int(number)
    return Limits(**wanted)


def fax_of(
    files: tuple[str, ...],
    pages: str,
    photos: tuple[str, ...],
    texts: tuple[str, ...],
    superfine: bool,
    invert: bool,
    damaged: bool,
    separate: bool,
    paper: str,
    cover: str | None,
    fields: tuple[tuple[str, str], ...],
    limits: tuple[tuple[str, str], ...],
) -> FaxToSend:
    """The document that the command line asks for. Raises click.UsageError."""
    if pages and len(files) != 1:
        raise click.UsageError("--pages needs exactly one FILE")
    for option, named in (("--photo", photos), ("--text", texts)):
        if others := set(named) - set(files):
            raise click.UsageError(f"{option} {min(others)}: it is none of the FILEs")
    if both := set(photos) & set(texts):
        raise click.UsageError(f"{min(both)}: either --photo or --text")
    if fields and cover is None:
        raise click.UsageError("--field needs --cover")
    be_quiet()
    fax = FaxToSend()
    fax.limits = _limits_of(limits)
    try:
        for file in files:
            fax.add_content(
                file,
                pages=pages,
                photo=True if file in photos else False if file in texts else None,
                superfine=superfine,
                paper=paper,
                invert=invert,
                damaged=damaged,
                separate=separate,
            )
        if cover is not None:
            template = None if cover == STANDARD_COVER else cover
            fields_of = {name: value.replace("\\n", "\n") for name, value in fields}
            fax.set_cover(Cover(template, paper=paper, **fields_of))
    except OSError as error:
        raise click.UsageError(f"{cover}: {error.strerror or error}") from None
    except (ValueError, TypeError) as error:
        raise click.UsageError(str(error)) from None
    return fax
