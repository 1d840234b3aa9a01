"""CallFaxSender: transmits faxes on a connected call."""

import os
from collections.abc import Mapping

from faxline._engine.config import EngineOptions
from faxline._engine.document import Document
from faxline._engine.engine import Engine
from faxline._lines.jobs import FaxJobs
from faxline._lines.steps import run
from faxline.causes import FaxCause, SendState
from faxline.document import FaxToSend
from faxline.storage import FaxToReceive


class CallFaxSender(FaxJobs[FaxToSend]):
    """Provides an API for transmitting a fax on a connected call: CallChannel.FaxSender.

    Every method may be called from any thread. Timeouts are in seconds of the line's clock.
    """

    State = SendState
    Cause = FaxCause
    _KIND = FaxToSend
    _ARGUMENT = "fax_to_send"
    _POLL = FaxToReceive
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
        poll: FaxToReceive | None = None,
    ) -> FaxCause:
        """Sends a fax on the connected call and waits until it is sent. Arguments and errors as start().

        Returns the cause in every case; NORMAL means that the far end confirmed every page.
        """
        return run(self._line, self._whole(fax_to_send, filename, fax_options, poll))

    def start(
        self,
        fax_to_send: FaxToSend | None = None,
        fax_options: Mapping[str, object] | None = None,
        *,
        filename: str | os.PathLike[str] | None = None,
        poll: FaxToReceive | None = None,
    ) -> bool:
        """Starts sending a fax on the connected call, and returns when the engine has taken the line.

        fax_to_send: the document; or filename, short for FaxToSend(filename). fax_options: names and values
        as the table in faxline.options; a str, an int or a bool where its meaning is plain. They go over
        the line's defaults, for this job.

        On a call that was answered here, the document is offered to be polled: it goes out when the caller
        asks for it. poll: in the same call a document may come the other way, into this file. Who calls sends
        first and then polls the far end; who was called takes what the caller sends, or lets it poll.
        Details.pages counts what was sent, pages_sent and pages_received either. A far end that has
        nothing to be polled ends the fax with COMMSFAULT (far.B.nothing-to-poll), with every page confirmed.

        Returns True. False when the options are refused, the document cannot be sent, or the engine has not
        begun within 30 s: then cause() is UNKNOWN_OPTION, UNKNOWN_VALUE, INCONSISTENT_OPTIONS, ERROR or
        TIMEOUT, and Details say more. Nothing has gone out on the line then.

        Raises, before it touches anything: Hangup when the call state is IDLE; Error when it is not
        ANSWERED, when a fax is being sent or the line's audio is in use; TypeError for arguments of the
        wrong type.
        """
        return run(self._line, self._start(fax_to_send, filename, fax_options, poll))

    # ---- for FaxJobs ----

    def _order(
        self, engine: Engine, wanted: EngineOptions, send: Document | None, receive: FaxToReceive | None
    ) -> bool:
        assert send is not None
        return engine.fax_send(wanted, send, receive=receive is not None)
