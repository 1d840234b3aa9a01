"""faxline convert: a fax from one file format to another."""

import json

import click

from faxline import pdf
from faxline.cli import status
from faxline.cli.common import complain
from faxline.cli.documents import be_quiet
from faxline.document import DocumentError


@click.command()
@click.argument("source", metavar="IN", type=click.Path())
@click.argument("target", metavar="OUT", type=click.Path())
@click.option("--force", is_flag=True, help="Replace OUT if it is there.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object with the files written.")
def command(source: str, target: str, force: bool, as_json: bool) -> int:
    """Write the fax IN as OUT: PDF, TIFF or PNG, by OUT's extension.

    A received TIFF becomes a PDF with the same coded bits. Any other document (PDF, image, text) becomes
    what a fax of it would be.

    \b
    Examples:
      faxline convert received.tif received.pdf
      faxline convert received.tif page.png
      faxline convert got.pdf.tif got.pdf --force
    """
    be_quiet()
    try:
        written = pdf.convert(source, target, replace=force)
    except FileExistsError:
        return complain(f"{target}: the file exists already; --force replaces it")
    except (DocumentError, pdf.PdfError, ValueError) as error:
        return complain(str(error))
    except OSError as error:
        return complain(f"{target}: {error.strerror or error}")
    if as_json:
        print(json.dumps({"files": [str(path) for path in written]}))
    else:
        for path in written:
            print(path)
    return status.OK
