"""What is known about a call and about a fax, filled in as they progress."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from faxline._engine.tables import RAW_CAUSES
from faxline._guarded import GuardedLogger


@dataclass(slots=True)
class CallDetails:
    """Details of a channel's call. Kept after the call, until the next."""

    call_id: str = ""
    """A new unique string per call; '' before the first."""
    call_from: str = ""
    call_to: str = ""
    raw_cause: str | None = None
    """A stable code that says how the call failed, or None."""

    def begin_incoming(self, own_number: str) -> None:
        """A call rings. Who calls is not known: an analogue line need not say."""
        self.call_id = uuid.uuid4().hex
        self.call_from = ""
        self.call_to = own_number
        self.raw_cause = None


class _Channel(Protocol):
    """A CallChannel."""

    device: str


class FaxDetails:
    """Holds details of the fax session. The details are filled in as the fax progresses.

    One object for the life of its sender or receiver, cleared at each start and kept after the job.
    """

    def __init__(self, channel: _Channel, logger: GuardedLogger) -> None:
        self.line: str = channel.device
        """The connected line associated with this fax: the address of the device."""
        self._logger = logger
        self.last_page: bool
        self.clear()
        self.last_page = False

    def clear(self) -> None:
        """Forgets the last job. For the sender or receiver."""
        self.ID: str = ""
        """A new unique string per job; '' before the first."""
        self.call_id: str = ""
        """CallDetails.call_id of its call."""
        self.started: datetime | None = None
        """When the engine took the line, with the time zone; None before."""
        self.seconds: float = 0.0
        """Of line time from then to the end; 0 before the end."""
        self.fax_standard: str = "T.30"
        """'T.30', or 'T.38' on an IP line."""
        self.options: dict[str, str] = {}
        """The effective fax options: the line's defaults under the given ones. HighRes is absent when
        unset."""
        self.failed_option: dict[object, object] = {}
        """The fax options that could not be set, with their values as given."""
        self.pages: int = 0
        """Pages confirmed so far (T.30: MCF, RTP, PIP): by the far end; or by us, once they were stored. A
        page sent again never counts twice. Where a call breaks between storing a page and confirming it, the
        page is in the file and counts: its sender does not know, and sends it again."""
        self.pages_sent: int = 0
        """Of pages that went out: the same as pages for a sender; for a receiver, of a document that was
        polled from it (poll=)."""
        self.pages_received: int = 0
        """Of pages that came in: the same as pages for a receiver; for a sender, of what it polled."""
        self.documents: list[int] = []
        """How many of the pages belong to each document of the call, in order: [2, 1] where EOM separated
        the second page from the third."""
        self.unconfirmed: bool = False
        """After a fax that failed: the page behind the confirmed ones was sent whole, and neither confirmed
        nor rejected. It may have arrived; faxline.retry asks before it sends a last page again."""
        self.last_page = False
        """True when no more pages will be handled in this session, also because it failed."""
        self.negotiated: dict[str, str] = {}
        """What was agreed with the far end: Modem ('V17' 'V29' 'V27'), DataRate (bit/s), HighRes, ECM,
        Compression ('MH' 'MR' 'MMR'), PageWidth (pixels), Resolution (dpi, '204x196'), MinScanTime (ms),
        SubscriberId (ours), RemoteSubscriberId. Where they were said: SubAddress, Password and
        SelectivePolling (sent or received), NonStandardFacilities (of the far end, hexadecimal). Strings;
        changed in place when a retrain lowers the rate."""
        self.page_octets: dict[str, list[int]] = {}
        """Sender: the octets of each page by the coding ('MH' 'MR' 'MMR'); only the one of the option
        Compression when it names one. For an estimate of the time that is left."""
        self.raw_cause: str | None = None
        """A stable code for every cause but NORMAL (docs/causes.md): which side, which phase, what was
        seen."""
        self.raw_cause_text: str = ""
        """raw_cause as a sentence; for a document that cannot be sent or stored it names
        file, page and reason."""

    def fail(self, raw_cause: str | None, text: str = "") -> None:
        """Notes why the job ended. For the sender or receiver."""
        self.raw_cause = raw_cause
        row = RAW_CAUSES.get(raw_cause or "")
        self.raw_cause_text = text or (row.text if row else "")
        if raw_cause:
            self._logger.info("%s: fax %s: %s: %s", self.line, self.ID, raw_cause, self.raw_cause_text)


def settings_text(negotiated: Mapping[str, str]) -> str:
    """FaxDetails.negotiated for people: 'V17 14400 bit/s, MMR, ECM, 204x196 dpi'."""
    ecm = ", ECM" if negotiated["ECM"] == "YES" else ""
    how = f"{negotiated['Modem']} {negotiated['DataRate']} bit/s, {negotiated['Compression']}"
    return f"{how}{ecm}, {negotiated['Resolution']} dpi"
