"""What happens on a line, as typed events: struct fl_event of csrc/faxline.h, one class per kind.
CallChannel.events() gives them."""

from dataclasses import dataclass, field

from faxline.causes import CallCause, CallState, FaxCause


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events."""

    seq: int
    """1, 2, 3 ... in the order in which they happened on this line."""
    time_us: int
    """Microseconds on the line's clock since the channel was opened."""
    call: int = field(default=0, kw_only=True)
    """The call it is of: 1, 2, 3 ... for each that was placed or waited for on this line; 0 before the
    first."""


@dataclass(frozen=True, slots=True)
class CallChanged(Event):
    """The call has another state."""

    state: CallState
    cause: CallCause
    raw_cause: str | None


@dataclass(frozen=True, slots=True)
class FaxStarted(Event):
    """The T.30 engine has taken the line."""


@dataclass(frozen=True, slots=True)
class Negotiated(Event):
    """The settings agreed with the far end, or changed by a retrain."""

    modem: int
    """17, 29 or 27 for V.17, V.29, V.27ter."""
    rate_bps: int
    ecm: bool
    coding: str
    """'MH', 'MR' or 'MMR'."""
    width_px: int
    x_dpi: int
    y_dpi: int
    min_scan_ms: int
    """Minimum scan-line time, milliseconds."""
    remote_id: str
    our_id: str
    sub_address: str = ""
    """SUB (PSA where the document is polled), sent or received."""
    password: str = field(default="", repr=False)
    """SID (PWD where the document is polled), sent or received."""
    selective_polling: str = ""
    """SEP, sent or received."""
    nonstandard: str = ""
    """The first 32 octets of the far end's NSF, NSC or NSS, as hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class PageConfirmed(Event):
    """A page was confirmed: by the far end, or by us. Two in quick succession may come as one."""

    pages: int
    """Pages confirmed so far: sent by a sender, received by a receiver."""
    last: bool
    """No more will follow."""
    sent: int = 0
    """Pages sent and confirmed by the far end."""
    received: int = 0
    """Pages received and confirmed by us."""


@dataclass(frozen=True, slots=True)
class FaxEnded(Event):
    """The fax session is over."""

    cause: FaxCause
    raw_cause: str | None
    pages: int
    unconfirmed: bool = False
    """The page behind the confirmed ones was sent whole, and neither confirmed nor rejected: it may have
    arrived."""
    sent: int = 0
    received: int = 0


@dataclass(frozen=True, slots=True)
class PageReceived(Event):
    """We received a page; it is confirmed to the far end once it is stored."""


@dataclass(frozen=True, slots=True)
class FarPageStored(Event):
    """A simulated far machine stored a page."""


@dataclass(frozen=True, slots=True)
class TimerExpired(Event):
    """A timer of Engine.timer() has expired."""

    timer: int
    """Its number."""


FaxEvent = FaxStarted | Negotiated | PageConfirmed | FaxEnded
