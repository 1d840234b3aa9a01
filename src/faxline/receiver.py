"""CallFaxReceiver: receives faxes on a connected call."""

import os
from collections.abc import Mapping

from faxline._engine.config import EngineOptions
from faxline._engine.document import Document
from faxline._engine.engine import Engine
from faxline._lines.jobs import FaxJobs
from faxline._lines.steps import run
from faxline.causes import FaxCause, ReceiveState
from faxline.document import FaxToSend
from faxline.storage import FaxToReceive


class CallFaxReceiver(FaxJobs[FaxToReceive]):
    """Provides an API for receiving a fax on a connected call: CallChannel.FaxReceiver.

    Every page is on the disk before it is confirmed to the sender: what Details.pages counts survives a
    crash. Every method may be called from any thread. Timeouts are in seconds of the line's clock.
    """

    State = ReceiveState
    Cause = FaxCause
    _KIND = FaxToReceive
    _ARGUMENT = "fax_to_receive"
    _POLL = FaxToSend
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
        poll: FaxToSend | None = None,
    ) -> FaxCause:
        """Receives a fax on the connected call and waits until it is received. Arguments and errors as
        start().

        Returns the cause in every case; NORMAL means that every page that the far end sent is in the file.
        """
        return run(
            self._line,
            self._whole(fax_to_receive, filename, fax_options, poll),
        )

    def start(
        self,
        fax_to_receive: FaxToReceive | None = None,
        fax_options: Mapping[str, object] | None = None,
        *,
        filename: str | os.PathLike[str] | None = None,
        poll: FaxToSend | None = None,
    ) -> bool:
        """Starts receiving a fax on the connected call, and returns when the engine has taken the line.

        fax_to_receive: where to write it; or filename, short for FaxToReceive(filename). fax_options: names
        and values as the table in faxline.options; a str, an int or a bool where its meaning is plain. They
        go over the line's defaults, for this job.

        On a call that was placed here, the far end is polled for its document. poll: in the same call this
        document may go the other way. Who was called offers it to be polled and takes what comes, as the
        caller decides; who calls sends it first and then polls. Details.pages counts what was received,
        pages_sent and pages_received either. A document that nobody polled is no fault.

        Returns True. False when the options are refused, the file cannot be created or exists already, or
        the engine has not begun within 30 s: then cause() is UNKNOWN_OPTION, UNKNOWN_VALUE,
        INCONSISTENT_OPTIONS, ERROR or TIMEOUT, and Details say more. Nothing has gone out on the line then.

        Raises, before it touches anything: Hangup when the call state is IDLE; Error when it is not
        ANSWERED, when a fax is being received or the line's audio is in use; TypeError for arguments of the
        wrong type.
        """
        return run(
            self._line,
            self._start(fax_to_receive, filename, fax_options, poll),
        )

    # ---- for FaxJobs ----

    def _order(
        self, engine: Engine, wanted: EngineOptions, send: Document | None, receive: FaxToReceive | None
    ) -> bool:
        return engine.fax_receive(wanted, send)
