"""CallFaxSender: transmits faxes on a connected call."""

import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from faxline import options
from faxline._documents.fields import Facts
from faxline._documents.header_line import HeaderLine
from faxline._engine.document import Document
from faxline._lines.jobs import FaxJobs, Job, without_secrets
from faxline._lines.steps import run
from faxline.causes import FaxCause, SendState
from faxline.document import DocumentError, FaxToSend, add_page


class CallFaxSender(FaxJobs[FaxToSend]):
    """Provides an API for transmitting a fax on a connected call: CallChannel.FaxSender.

    Every method may be called from any thread. Timeouts are in seconds of the line's clock.
    """

    State = SendState
    Cause = FaxCause
    _KIND = FaxToSend
    _ARGUMENT = "fax_to_send"
    _BUSY_TEXT = "a fax is being sent already"

    def state(self) -> SendState:
        """SENDING while a job is in progress; ERROR after one that failed, until the next start; else IDLE
        (before the first, and after NORMAL, ABORTED and HANGUP)."""
        self._line.check_process()
        with self._line.changed:
            if self._running():
                return SendState.SENDING
            return SendState.ERROR if self._failed() else SendState.IDLE

    def send(
        self,
        fax_to_send: FaxToSend | None = None,
        fax_options: Mapping[str, object] | None = None,
        *,
        filename: str | os.PathLike[str] | None = None,
    ) -> FaxCause:
        """Sends a fax on the connected call and waits until it is sent. Arguments and errors as start().

        Returns the cause in every case; NORMAL means that the far end confirmed every page.
        """
        return run(self._line, self._whole(fax_to_send, filename, fax_options))

    def start(
        self,
        fax_to_send: FaxToSend | None = None,
        fax_options: Mapping[str, object] | None = None,
        *,
        filename: str | os.PathLike[str] | None = None,
    ) -> bool:
        """Starts sending a fax on the connected call, and returns when the engine has taken the line.

        fax_to_send: the document; or filename, short for FaxToSend(filename). fax_options: names and values
        as the table in faxline.options; a str, an int or a bool where its meaning is plain. They go over
        the line's defaults, for this job.

        Returns True. False when the options are refused, the document cannot be sent, or the engine has not
        begun within 30 s: then cause() is UNKNOWN_OPTION, UNKNOWN_VALUE, INCONSISTENT_OPTIONS, ERROR or
        TIMEOUT, and Details say more. Nothing has gone out on the line then.

        Raises, before it touches anything: Hangup when the call state is IDLE; Error when it is not
        ANSWERED, when a fax is being sent or the line's audio is in use; TypeError for arguments of the
        wrong type.
        """
        return run(self._line, self._start(fax_to_send, filename, fax_options))

    # ---- for FaxJobs ----

    def _new_job(self, document: FaxToSend) -> Job:
        return Job(self.Details)

    def _check_options(self, given: Mapping[Any, object]) -> options.Checked:
        return options.check(given, self._defaults)

    def _prepare_document(self, document: FaxToSend, effective: Mapping[str, str], job: Job) -> None:
        """Page by page."""
        line, details = self._line, self.Details
        wanted = options.for_engine(effective)
        pages = Document()
        try:
            names = document.names
            header_line = effective["HeaderLine"]
            facts = Facts(
                to=line.details.call_to,
                subscriber_id=wanted.subscriber_id,
                name=line.subscriber_name,
                pages=document.count_pages() if header_line or document.cover else 0,
                now=datetime.now().astimezone(),
            )
            header = HeaderLine(header_line, facts) if header_line else None
            for page in document.pages(high_res=wanted.high_res, facts=facts):
                self._check_wanted(job)
                for warning in add_page(pages, page, header):
                    self._logger.warning("%s: %s", line.device.address, warning)
            page_octets = pages.measured(wanted.coding)
            with line.changed:
                self._check_wanted(job)
                line.note(order="fax", id=details.ID, files=names, options=without_secrets(effective))
                line.note_pages(pages)
                details.page_octets = page_octets
                if not line.open_engine().fax_send(wanted, pages):
                    self._refuse(job, FaxCause.ERROR, "local.state")
        except DocumentError as error:
            self._logger.warning("%s: %s", line.device.address, error)
            self._refuse(job, FaxCause.ERROR, "local.document", str(error))
        finally:
            pages.close()
