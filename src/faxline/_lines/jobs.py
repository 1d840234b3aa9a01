"""What sending and receiving a fax have in common: the job on the line, its guards, its waits.

sender.py and receiver.py say what a job of theirs needs before the engine takes the line.
"""

import os
import uuid
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Generic, Self, TypeVar

from faxline import options
from faxline._documents.fields import Facts
from faxline._documents.header_line import HeaderLine
from faxline._documents.pages import FaxPage, Page
from faxline._engine.config import EngineOptions
from faxline._engine.document import Document as Pages
from faxline._engine.engine import Engine, More
from faxline._guarded import GuardedLogger
from faxline._lines.line import Line
from faxline._lines.reading import Reading, Stopped
from faxline._lines.steps import Apart, Steps, Until, run, wait_seconds
from faxline.causes import CallState, FaxCause
from faxline.details import FaxDetails
from faxline.document import DocumentError, FaxToSend
from faxline.errors import Error, Hangup
from faxline.events import FaxEnded, FaxEvent, FaxStarted, Negotiated, PageConfirmed
from faxline.storage import FaxToReceive, StorageError

_START_S = 30.0
_STOP_S = 60.0

# After these the sender's state is IDLE, after every other cause ERROR.
_NO_ERROR = (FaxCause.NORMAL, FaxCause.ABORTED, FaxCause.HANGUP)

_OPTION_RAW_CAUSES = {
    FaxCause.UNKNOWN_OPTION: "local.options.unknown",
    FaxCause.UNKNOWN_VALUE: "local.options.value",
    FaxCause.INCONSISTENT_OPTIONS: "local.options.inconsistent",
}


class Job:
    """One fax, as the pump and the waiting threads see it. Everything under the line's Condition."""

    def __init__(self, details: FaxDetails, receive: FaxToReceive | None, *, sender: bool) -> None:
        """receive: where received pages go. sender: it is about what is sent first of all."""
        self.details = details
        self.sender = sender
        self.document_of: list[int] = []
        """For each page of Details.pages, and those that are under way: its document, from 1."""
        self._store = None if receive is None else receive.open_store()
        self._fault = ""
        self.document_fault = ""
        """Why pages of what is sent could not be had, while it was sent."""
        self.cause = FaxCause.NONE
        self.started = False
        self._began_us = 0
        self.ended_seq = 0
        """Of the event that ended it; 0 while it runs, or when it ended without the engine."""
        self.ordered = False
        """The engine has it, and ends it."""
        self.stop_wanted = False
        self.start_late = False
        """The start acknowledgement did not come in time: it ends with TIMEOUT."""
        self.told_pages = 0
        """What wait_for_next_page() returned last."""

    @property
    def running(self) -> bool:
        """It has not ended."""
        return self.cause is FaxCause.NONE

    def apply(self, event: FaxEvent) -> None:
        """Fills in the details."""
        details = self.details
        match event:
            case FaxStarted():
                self.started = True
                self._began_us = event.time_us
                details.started = datetime.now().astimezone()
            case Negotiated():
                details.negotiated.update(_negotiated(event))
            case PageConfirmed():
                self._count(event)
                details.last_page = details.last_page or event.last
            case FaxEnded() if self.running:
                self._count(event)
                if self.started:
                    details.seconds = (event.time_us - self._began_us) / 1e6
                details.unconfirmed = event.unconfirmed
                self.ended_seq = event.seq
                self.end(event.cause, event.raw_cause)

    def _count(self, event: PageConfirmed | FaxEnded) -> None:
        details = self.details
        details.pages = event.pages
        details.pages_sent, details.pages_received = event.sent, event.received
        counts = Counter(self.document_of[: event.pages])
        details.documents = [counts[document] for document in sorted(counts)]

    def store(self, page: Page) -> bool:
        """Stores a received page. By the pump, not under the Condition."""
        if self._store is None:
            return False
        try:
            self._store.add_page(page)
        except StorageError as error:
            self._fault = str(error)
            return False
        if not self.sender:
            self.document_of.append(page.document)
        return True

    def finish(self) -> None:
        """The engine has ended it. By the pump, not under the Condition, before it applies the event."""
        if self._store is not None:
            self._fault = self._store.close() or self._fault

    def line_closed(self) -> None:
        """No more events will come."""
        self.end(FaxCause.HANGUP, "local.closed")

    def end(self, cause: FaxCause, raw_cause: str | None, text: str = "") -> None:
        """It is over. text: the raw cause as a sentence, where that says more than its row."""
        self.finish()
        if cause is FaxCause.NORMAL and self._fault:
            cause, raw_cause = FaxCause.ERROR, "local.storage"
        faults = {"local.storage": self._fault, "local.document": self.document_fault}
        text = text or faults.get(raw_cause or "", "")
        if self.start_late and cause is FaxCause.ABORTED:
            cause, raw_cause = FaxCause.TIMEOUT, "local.start"
        self.cause = cause
        self.details.last_page = True
        self.details.fail(raw_cause if cause is not FaxCause.NORMAL else None, text)


@dataclass(frozen=True, slots=True)
class _Both:
    """What a job sends and what it receives; one of them may be None."""

    send: FaxToSend | None
    receive: FaxToReceive | None

    @classmethod
    def of(cls, document: object, poll: object) -> Self:
        """document: what the job is about. poll: what goes the other way, or None."""
        both = (document, poll)
        send = next((one for one in both if isinstance(one, FaxToSend)), None)
        return cls(send, next((one for one in both if isinstance(one, FaxToReceive)), None))


FaxOptions = Mapping[str, object]
Filename = str | os.PathLike[str]
Document = TypeVar("Document")
"""What a job is about: a FaxToSend, a FaxToReceive."""


class FaxJobs(ABC, Generic[Document]):
    """The jobs of one kind on one channel, one after the other.

    Every method may be called from any thread. Timeouts are in seconds of the line's clock.
    """

    Cause = FaxCause

    _KIND: type[Document]
    _ARGUMENT: str
    """What a method calls its document."""
    _POLL: type[FaxToSend] | type[FaxToReceive]
    """What goes the other way in the same call."""
    _BUSY_TEXT: str
    """What is the matter while a job runs."""

    def __init__(
        self, line: Line, details: FaxDetails, logger: GuardedLogger, defaults: Mapping[str, str]
    ) -> None:
        """For CallChannel. defaults: the line's fax options."""
        self._line = line
        self._logger = logger
        self._defaults = defaults
        self._job: Job | None = None
        self.Details: FaxDetails = details
        """Details of the fax job in progress, or of the last."""

    # ---- what a kind of job says ----

    @abstractmethod
    def _order(
        self, engine: Engine, wanted: EngineOptions, send: Pages | None, receive: FaxToReceive | None
    ) -> bool:
        """To the engine; takes the pages over. False when it refuses."""

    # ---- state ----

    def cause(self) -> FaxCause:
        """Why the last job ended; NONE while one is in progress and before the first."""
        self._line.check_process()
        with self._line.changed:
            return self._cause()

    def _cause(self) -> FaxCause:
        return FaxCause.NONE if self._job is None else self._job.cause

    def _running(self) -> bool:
        return self._job is not None and self._job.running

    def _failed(self) -> bool:
        """The last job failed, and none runs."""
        return self._job is not None and not self._job.running and self._job.cause not in _NO_ERROR

    # ---- start and stop ----

    def _start(
        self,
        document: Document | None,
        filename: Filename | None,
        fax_options: FaxOptions | None,
        poll: FaxToSend | FaxToReceive | None = None,
    ) -> Steps[bool]:
        """start() of every kind."""
        both, given, job = self._begin(document, filename, fax_options, poll)
        line = self._line

        def abandon() -> None:
            job.stop_wanted = True

        try:
            yield Apart(lambda: self._prepare(both, given, job), abandon)
        except Stopped:
            pass
        except BaseException as error:
            # An interrupt, or a fault of ours: the state must not stay busy without a job.
            if job.running and line.engine is not None and not line.dead:
                line.engine.fax_stop()  # it may just have taken the order
            if job.running and job.stop_wanted:
                job.end(FaxCause.ABORTED, "local.stop")
            if job.running:
                text = f"{type(error).__name__} while the fax was prepared"
                job.end(FaxCause.ERROR, "local.internal", text)
            raise
        finally:
            line.hold(False)
            line.wake()
        if not job.running and not job.started:
            return False
        if not (yield Until(lambda: job.started or not job.running, _START_S)):
            job.start_late = True
            if line.engine is not None and not line.dead:
                line.engine.fax_stop()
            yield Until(lambda: not job.running, _STOP_S)
            if job.running:
                job.end(FaxCause.TIMEOUT, "local.start")
                line.wake()
        return job.started and not job.start_late

    def _whole(
        self,
        document: Document | None,
        filename: Filename | None,
        fax_options: FaxOptions | None,
        poll: FaxToSend | FaxToReceive | None = None,
    ) -> Steps[FaxCause]:
        """send() and receive()."""
        yield from self._start(document, filename, fax_options, poll)
        return (yield from self._finished(None))

    def _begin(
        self,
        document: Document | None,
        filename: Filename | None,
        fax_options: FaxOptions | None,
        poll: FaxToSend | FaxToReceive | None,
    ) -> tuple[_Both, Mapping[Any, object], Job]:
        """The guards, and the step from idle to busy, in one critical section."""
        line = self._line
        self._check_answered()
        if self._running():
            raise Error(f"{line.device.address}: {self._BUSY_TEXT}")
        if line.job is not None and line.job.running:
            raise Error(f"{line.device.address}: the audio of the channel is in use")
        both = _Both.of(self._chosen(document, filename), poll)
        if poll is not None and not isinstance(poll, self._POLL):
            raise TypeError(f"poll is a {self._POLL.__name__}, not {type(poll).__name__}")
        if fax_options is not None and not isinstance(fax_options, Mapping):
            raise TypeError(f"fax_options is a dict, not {type(fax_options).__name__}")
        given: Mapping[Any, object] = dict(fax_options or {})
        self.Details.clear()
        self.Details.ID = uuid.uuid4().hex
        self.Details.call_id = line.details.call_id
        job = Job(self.Details, both.receive, sender=self._KIND is FaxToSend)
        self._job = line.job = job
        line.hold(True)
        return both, given, job

    def _chosen(self, document: Document | None, filename: Filename | None) -> Document:
        """The document, or that of the file. Raises TypeError."""
        if (document is None) == (filename is None):
            raise TypeError(f"either {self._ARGUMENT} or filename is needed, and not both")
        chosen = self._KIND(filename) if document is None else document  # type: ignore[call-arg]
        if not isinstance(chosen, self._KIND):
            raise TypeError(f"{self._ARGUMENT} is a {self._KIND.__name__}, not {type(chosen).__name__}")
        return chosen

    def _check_answered(self) -> None:
        line = self._line
        if line.state is CallState.IDLE:
            raise Hangup(f"{line.device.address}: the call state is IDLE")
        if line.state is not CallState.ANSWERED:
            raise Error(f"{line.device.address}: a fax needs the call state ANSWERED, and it is {line.state}")

    def _prepare(self, both: _Both, given: Mapping[Any, object], job: Job) -> None:
        """Options, then the documents, then the order to the engine. Ends the job when one fails."""
        line, details = self._line, self.Details
        checked = options.check(given, self._defaults, receiving=both.receive is not None)
        with line.changed:
            details.options = checked.effective
            details.failed_option = checked.failed
        if checked.cause is not FaxCause.NONE:
            self._refuse(job, checked.cause, _OPTION_RAW_CAUSES[checked.cause], checked.text)
            return
        reading, pages = None, None
        try:
            if both.receive is not None:
                both.receive.check()
            if both.send is not None:
                reading = self._reading(both.send, checked.effective, job)
                # In virtual time the clock stands meanwhile: reading on beside the call would gain nothing,
                # and no run would be like another.
                pages = reading.first(whole=not line.device.config.real_pace)
                if not reading.complete:
                    pages.open()
            if self._start_engine(both, pages, checked.effective, job) and reading and not reading.complete:
                reading.go_on(partial(self._give, job, options.for_engine(checked.effective)))
        except (DocumentError, StorageError) as error:
            self._logger.warning("%s: %s", line.device.address, error)
            what = "local.document" if isinstance(error, DocumentError) else "local.storage"
            self._refuse(job, FaxCause.ERROR, what, str(error))
        finally:
            if pages is not None:
                pages.close()

    def _reading(self, document: FaxToSend, effective: Mapping[str, str], job: Job) -> Reading:
        """Raises DocumentError."""
        line = self._line
        wanted = options.for_engine(effective)
        header_line = effective["HeaderLine"]
        documents = document.count_documents() if header_line or document.cover else ()
        facts = Facts(
            to=line.details.call_to,
            subscriber_id=wanted.subscriber_id,
            name=line.subscriber_name,
            pages=sum(documents),
            now=datetime.now().astimezone(),
        )
        header = HeaderLine(header_line, facts, documents) if header_line else None

        def check() -> None:
            self._check_wanted(job)

        def coming() -> Iterator[FaxPage]:
            for page in document.pages(high_res=wanted.high_res, facts=facts, header=header, check=check):
                check()
                yield page

        return Reading(coming(), partial(self._logger.warning, "%s: %s", line.device.address))

    def _give(self, job: Job, wanted: EngineOptions, pages: Pages | None, more: More, why: str) -> bool:
        """More pages of a fax that is under way; False when it is not any more."""
        line, details = self._line, self.Details
        sizes = {} if pages is None else pages.measured(wanted.coding)
        if why:
            self._logger.warning("%s: %s", line.device.address, why)
        with line.changed:
            if not job.running or line.dead or line.engine is None:
                return False
            if pages is not None:
                line.note_pages(pages)
            if job.sender and pages is not None:
                for coding, octets in sizes.items():
                    details.page_octets[coding].extend(octets)
                job.document_of.extend(pages.document_of)
            job.document_fault = why
            return line.engine.fax_more(more, pages)

    def _start_engine(self, both: _Both, pages: Pages | None, effective: Mapping[str, str], job: Job) -> bool:
        """False when the engine refuses."""
        line, details = self._line, self.Details
        wanted = options.for_engine(effective)
        page_octets = {} if pages is None else pages.measured(wanted.coding)
        with line.changed:
            self._check_wanted(job)
            documents: dict[str, object] = {}
            if both.send is not None:
                documents["files"] = both.send.names
            if both.receive is not None:
                documents["file"] = both.receive.filename
            order = "fax" if job.sender else "receive"
            line.note(order=order, id=details.ID, **documents, options=without_secrets(effective))
            if pages is not None:
                line.note_pages(pages)
            if pages is not None and job.sender:
                details.page_octets = page_octets
                job.document_of = pages.document_of
            job.ordered = taken = self._order(line.open_engine(), wanted, pages, both.receive)
            if not taken:
                self._refuse(job, FaxCause.ERROR, "local.state")
            return taken

    def _refuse(self, job: Job, cause: FaxCause, raw_cause: str, text: str = "") -> None:
        with self._line.changed:
            if job.running:
                job.end(cause, raw_cause, text)
                self._line.note(
                    order="fax-refused", cause=cause, raw_cause=raw_cause, text=self.Details.raw_cause_text
                )

    def _check_wanted(self, job: Job) -> None:
        """Raises Stopped when there is no more use in preparing the job; ends it, unless the engine does."""
        with self._line.changed:
            if job.running and job.ordered:
                return
            if job.running and self._line.state is not CallState.ANSWERED:
                job.end(FaxCause.HANGUP, self._line.details.raw_cause or "local.hangup")
            if job.running and job.stop_wanted:
                job.end(FaxCause.ABORTED, "local.stop")
            if not job.running:
                raise Stopped

    def stop(self) -> bool:
        """Stops the fax; its cause becomes ABORTED, unless it ends by itself meanwhile.

        Returns True once it has stopped, at once when none is in progress; False when it has not stopped
        within 60 s. Raises Hangup when the call state is IDLE, Error when it is not ANSWERED.
        """
        return run(self._line, self._stop())

    def _stop(self) -> Steps[bool]:
        line = self._line
        self._check_answered()
        job = self._job
        if job is None or not job.running:
            return True
        job.stop_wanted = True
        line.note(order="stop")
        if line.engine is not None and not line.holding:
            line.engine.fax_stop()
        # A job that is being prepared stops at its next page, which has nothing to do with the line's clock.
        yield Until(lambda: not job.running or not line.holding)
        return (yield Until(lambda: not job.running, _STOP_S))

    # ---- waits ----

    def wait_for_negotiated_settings(self, seconds_timeout: float | None = None) -> dict[str, str]:
        """Waits until the negotiated settings are available, and returns them (see FaxDetails.negotiated),
        also later and after the job.

        Returns {} when the negotiation has failed, or the time is up (then cause() is NONE). Raises Hangup
        when the call is or becomes IDLE with nothing known, Error when there was a local fault or no job
        was started.
        """
        return run(self._line, self._settings(seconds_timeout))

    def _settings(self, seconds_timeout: float | None) -> Steps[dict[str, str]]:
        line = self._line
        seconds = wait_seconds(seconds_timeout)
        job, details = self._job, self.Details
        if not details.negotiated and line.state is CallState.IDLE:
            raise Hangup(f"{line.device.address}: the call state is IDLE")
        if job is None:
            raise Error(f"{line.device.address}: no fax has been started")
        yield Until(lambda: bool(details.negotiated) or self._line_is_gone() or not job.running, seconds)
        if details.negotiated:
            return dict(details.negotiated)
        if self._hung_up_first(job):
            raise Hangup(f"{line.device.address}: the call ended before the settings were negotiated")
        if job.cause is FaxCause.ERROR:
            raise Error(f"{line.device.address}: {details.raw_cause}: {details.raw_cause_text}")
        return {}

    def wait_for_next_page(self, seconds_timeout: float | None = None) -> int:
        """Waits until another page is completed than this method last told of, and returns how many are. At
        once when no more will be handled (Details.last_page), or when the time is up: with the number
        unchanged.

        Raises Hangup when the call is or becomes IDLE, or the far end hung up; Error when the fax failed
        or no job was started. A page that was completed before is told first.
        """
        return run(self._line, self._next_page(seconds_timeout))

    def _next_page(self, seconds_timeout: float | None) -> Steps[int]:
        line = self._line
        seconds = wait_seconds(seconds_timeout)
        job, details = self._job, self.Details
        if line.state is CallState.IDLE and (job is None or details.pages <= job.told_pages):
            raise Hangup(f"{line.device.address}: the call state is IDLE")
        if job is None:
            raise Error(f"{line.device.address}: no fax has been started")

        def decided() -> bool:
            return (
                details.pages > job.told_pages or self._line_is_gone() or not job.running or details.last_page
            )

        yield Until(decided, seconds)
        if details.pages > job.told_pages:
            job.told_pages = details.pages
            return details.pages
        if self._hung_up_first(job):
            raise Hangup(f"{line.device.address}: the call ended after {details.pages} pages")
        if not job.running and job.cause not in _NO_ERROR:
            raise Error(f"{line.device.address}: {job.cause}: {details.raw_cause}: {details.raw_cause_text}")
        return details.pages

    def wait_until_finished(self, seconds_timeout: float | None = None) -> FaxCause:
        """Waits until the fax session is complete, and returns its cause.

        When the time is up it returns TIMEOUT, and the job goes on: a later call gives the real cause. None
        waits for ever. Never raises Hangup. NONE when no job was started.
        """
        return run(self._line, self._finished(seconds_timeout))

    def _finished(self, seconds_timeout: float | None) -> Steps[FaxCause]:
        over = yield Until(lambda: not self._running(), wait_seconds(seconds_timeout))
        return self._cause() if over else FaxCause.TIMEOUT

    def _line_is_gone(self) -> bool:
        return self._line.state is CallState.IDLE or self._line.dead

    def _hung_up_first(self, job: Job) -> bool:
        """Whether it was the end of the call that ended the wait. By the order of the events and not by
        what the waiting thread found when it woke, so that the same call has the same outcome every
        time."""
        if job.cause is FaxCause.HANGUP:
            return True
        if not self._line_is_gone():
            return False
        return job.running or self._line.idle_seq < job.ended_seq


def _negotiated(event: Negotiated) -> dict[str, str]:
    """The settings in the words of FaxDetails.negotiated."""
    words = {
        "SubAddress": event.sub_address,
        "Password": event.password,
        "SelectivePolling": event.selective_polling,
        "NonStandardFacilities": event.nonstandard,
    }
    return {
        "Modem": f"V{event.modem}",
        "DataRate": str(event.rate_bps),
        "HighRes": "YES" if event.y_dpi > 100 else "NO",
        "ECM": "YES" if event.ecm else "NO",
        "Compression": event.coding,
        "PageWidth": str(event.width_px),
        "Resolution": f"{event.x_dpi}x{event.y_dpi}",
        "MinScanTime": str(event.min_scan_ms),
        "SubscriberId": event.our_id,
        "RemoteSubscriberId": event.remote_id,
        **{name: value for name, value in words.items() if value},
    }


def without_secrets(effective: Mapping[str, str]) -> dict[str, str]:
    """Options or settings for a trace or a screen: of a password only that there is one."""
    return {name: "(set)" if name == "Password" and value else value for name, value in effective.items()}
