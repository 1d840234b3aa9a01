"""CallFaxReceiver: receives faxes on a connected call."""

import os
from collections.abc import Mapping
from typing import Any

from faxline import options
from faxline._documents.pages import Page
from faxline._lines.jobs import FaxJobs, Job, without_secrets
from faxline._lines.steps import run
from faxline.causes import FaxCause, ReceiveState
from faxline.details import FaxDetails
from faxline.storage import FaxToReceive, StorageError


class _ReceiveJob(Job):
    """A fax on its way to the disk."""

    def __init__(self, details: FaxDetails, document: FaxToReceive) -> None:
        super().__init__(details)
        self._store = document.open_store()
        self._fault = ""

    def store(self, page: Page) -> bool:
        try:
            self._store.add_page(page)
        except StorageError as error:
            self._fault = str(error)
            return False
        return True

    def finish(self) -> None:
        self._fault = self._store.close() or self._fault

    def end(self, cause: FaxCause, raw_cause: str | None, text: str = "") -> None:
        self.finish()
        if cause is FaxCause.NORMAL and self._fault:
            cause, raw_cause = FaxCause.ERROR, "local.storage"
        super().end(cause, raw_cause, text or (self._fault if raw_cause == "local.storage" else ""))


class CallFaxReceiver(FaxJobs[FaxToReceive]):
    """Provides an API for receiving a fax on a connected call: CallChannel.FaxReceiver.

    Every page is on the disk before it is confirmed to the sender: what Details.pages counts survives a
    crash. Every method may be called from any thread. Timeouts are in seconds of the line's clock.
    """

    State = ReceiveState
    Cause = FaxCause
    _KIND = FaxToReceive
    _ARGUMENT = "fax_to_receive"
    _BUSY_TEXT = "a fax is being received already"

    def state(self) -> ReceiveState:
        """RECEIVING while a job is in progress; ERROR after one that failed, until the next start; else IDLE
        (before the first, and after NORMAL, ABORTED and HANGUP)."""
        self._line.check_process()
        with self._line.changed:
            if self._running():
                return ReceiveState.RECEIVING
            return ReceiveState.ERROR if self._failed() else ReceiveState.IDLE

    def receive(
        self,
        fax_to_receive: FaxToReceive | None = None,
        fax_options: Mapping[str, object] | None = None,
        *,
        filename: str | os.PathLike[str] | None = None,
    ) -> FaxCause:
        """Receives a fax on the connected call and waits until it is received. Arguments and errors as
        start().

        Returns the cause in every case; NORMAL means that every page that the far end sent is in the file.
        """
        return run(
            self._line,
            self._whole(fax_to_receive, filename, fax_options),
        )

    def start(
        self,
        fax_to_receive: FaxToReceive | None = None,
        fax_options: Mapping[str, object] | None = None,
        *,
        filename: str | os.PathLike[str] | None = None,
    ) -> bool:
        """Starts receiving a fax on the connected call, and returns when the engine has taken the line.

        fax_to_receive: where to write it; or filename, short for FaxToReceive(filename). fax_options: names
        and values as the table in faxline.options; a str, an int or a bool where its meaning is plain. They
        go over the line's defaults, for this job.

        Returns True. False when the options are refused, the file cannot be created or exists already, or
        the engine has not begun within 30 s: then cause() is UNKNOWN_OPTION, UNKNOWN_VALUE,
        INCONSISTENT_OPTIONS, ERROR or TIMEOUT, and Details say more. Nothing has gone out on the line then.

        Raises, before it touches anything: Hangup when the call state is IDLE; Error when it is not
        ANSWERED, when a fax is being received or the line's audio is in use; TypeError for arguments of the
        wrong type.
        """
        return run(
            self._line,
            self._start(fax_to_receive, filename, fax_options),
        )

    # ---- for FaxJobs ----

    def _new_job(self, document: FaxToReceive) -> Job:
        return _ReceiveJob(self.Details, document)

    def _check_options(self, given: Mapping[Any, object]) -> options.Checked:
        return options.check(given, self._defaults, receiving=True)

    def _prepare_document(self, document: FaxToReceive, effective: Mapping[str, str], job: Job) -> None:
        line = self._line
        try:
            document.check()
        except StorageError as error:
            self._logger.warning("%s: %s", line.device.address, error)
            self._refuse(job, FaxCause.ERROR, "local.storage", str(error))
            return
        with line.changed:
            self._check_wanted(job)
            line.note(
                order="receive",
                id=self.Details.ID,
                file=document.filename,
                options=without_secrets(effective),
            )
            if not line.open_engine().fax_receive(options.for_engine(effective)):
                self._refuse(job, FaxCause.ERROR, "local.state")
