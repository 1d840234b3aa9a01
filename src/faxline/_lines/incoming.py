"""A far machine of the simulated device calls one of our lines with a document."""

from collections.abc import Mapping

from faxline import options
from faxline._engine.document import Document
from faxline._lines.line import Line
from faxline.causes import CallState, FaxCause
from faxline.document import DocumentError, FaxToSend, add_page
from faxline.errors import Error

CALLER_ID = "+1 555 0199"
"""What the far machine says it is."""


def call_line(line: Line, document: FaxToSend, fax_options: Mapping[str, object] | None = None) -> None:
    """The machine calls once the line waits for a call. Raises Error for options and documents that cannot be
    sent, and when the channel is closed."""
    line.check_process()
    checked = options.check(fax_options or {}, {"SubscriberId": CALLER_ID})
    if checked.cause is not FaxCause.NONE:
        raise Error(f"{line.device.address}: {checked.text}")
    wanted = options.for_engine(checked.effective)
    pages = Document()
    try:
        for page in document.pages(high_res=wanted.high_res):
            add_page(pages, page)
        with line.changed:
            engine = line.open_engine()
            if not engine.incoming(wanted, pages):
                raise Error(f"{line.device.address}: a far machine cannot call now")
            if line.state is CallState.WAITING:
                engine.await_call(True)
    except DocumentError as error:
        raise Error(f"{line.device.address}: {error}") from None
    finally:
        pages.close()
