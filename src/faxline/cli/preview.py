"""faxline preview: the pages as they will arrive, and what sending them takes."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from faxline import options, pdf
from faxline.cli import status
from faxline.cli.common import complain, device_option, fax_options, refused
from faxline.cli.documents import document_options, fax_of
from faxline.document import DocumentError
from faxline.preview import Preview


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path())
@click.option(
    "--output",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Write the pages into this directory, which must exist; as PNG unless told otherwise.",
)
@click.option("--png", "kinds", flag_value=".png", multiple=True, help="Write a PNG for each page.")
@click.option("--pdf", "kinds", flag_value=".pdf", multiple=True, help="Write one PDF.")
@click.option("--tiff", "kinds", flag_value=".tif", multiple=True, help="Write one TIFF.")
@click.option("--to", metavar="NUMBER", default="", help="The number, for header line and cover.")
@click.option(
    "--rate",
    type=click.Choice([str(rate) for rate in options.RATES]),
    default="14400",
    help="In bit/s, for the estimate (default: 14400).",
)
@device_option
@document_options
@fax_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(
    files: tuple[str, ...],
    output: Path | None,
    kinds: tuple[str, ...],
    to: str,
    rate: str,
    device: str,
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
    sender_name: str,
    fax_options: tuple[tuple[str, str], ...],
    as_json: bool,
) -> int:
    """Show a fax before it is sent: FILEs as for `faxline send`.

    Prints pages, octets in each coding and the likely time. With --output, --png, --pdf or --tiff it writes
    the pages as they will arrive, beside each other as preview.pdf, preview-1.png ... (replacing older
    ones).

    \b
    Examples:
      faxline preview letter.pdf
      faxline preview letter.pdf plan.png --output /tmp --pdf
      faxline preview report.pdf --pages 1-3,7- --cover standard --field to_name="Ms Smith"
    """
    del device  # its line's fax options are among fax_options
    fax = fax_of(
        files, pages, photos, texts, superfine, invert, damaged, separate, paper, cover, fields, limits
    )
    if checked := refused(dict(fax_options)):
        return status.FAX_STATUS[checked.cause]
    folder = output or Path()
    if not folder.is_dir():
        return complain(f"{folder}: no such directory: make it first")
    if output is not None and not kinds:
        kinds = (".png",)
    written: list[Path] = []
    try:
        made = Preview(fax, dict(fax_options), to=to, subscriber_name=sender_name, rate_bps=int(rate))
        for kind in dict.fromkeys(kinds):
            written += made.save(folder / f"preview{kind}", replace=True)
    except (DocumentError, pdf.PdfError) as error:
        return complain(str(error))
    except OSError as error:
        return complain(f"{folder}: {error.strerror or error}")
    if as_json:
        more = {"files": [str(path) for path in written], "warnings": made.warnings}
        print(json.dumps(asdict(made.estimate) | more))
        return status.OK
    for warning in made.warnings:
        print(f"warning: {warning}")
    print(made.estimate.text())
    for path in written:
        print(path)
    return status.OK
