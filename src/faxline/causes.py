"""The states and causes of calls and of faxes.

Every member is a str equal to its own name. The engine has the same names (csrc/faxline.h); _engine checks at
import that the two agree.
"""

from enum import StrEnum


class CallState(StrEnum):
    """State of a call; also CallChannel.State. Not every driver produces every state."""

    WAITING = "WAITING"
    CALL_INCOMING = "CALL_INCOMING"
    RING_INCOMING = "RING_INCOMING"
    ANSWERING = "ANSWERING"
    ANSWERED = "ANSWERED"
    CALL_OUTGOING = "CALL_OUTGOING"
    RING_OUTGOING = "RING_OUTGOING"
    HOLDING = "HOLDING"
    ON_HOLD = "ON_HOLD"
    TRANSFERRING = "TRANSFERRING"
    TRANSFERRED = "TRANSFERRED"
    RECONNECTING = "RECONNECTING"
    ERROR = "ERROR"
    IDLE = "IDLE"


class CallCause(StrEnum):
    """Why a call ended; also CallChannel.Cause. NORMAL while it has not ended."""

    TIMEOUT = "TIMEOUT"
    ERROR = "ERROR"
    NORMAL = "NORMAL"
    BUSY = "BUSY"
    NOANSWER = "NOANSWER"
    UNOBTAINABLE = "UNOBTAINABLE"
    CHANGED = "CHANGED"
    OUTOFORDER = "OUTOFORDER"
    BARRED = "BARRED"
    REJECTED = "REJECTED"
    NOCHANNELS = "NOCHANNELS"
    CONGESTION = "CONGESTION"
    FAILED = "FAILED"
    OTHER = "OTHER"


class SendState(StrEnum):
    """State of a fax sender; also CallFaxSender.State."""

    SENDING = "SENDING"
    """A transmit job is in progress."""
    IDLE = "IDLE"
    """No transmit job is in progress."""
    ERROR = "ERROR"
    """The most recent transmit job failed and none is currently in progress."""


class ReceiveState(StrEnum):
    """State of a fax receiver; also CallFaxReceiver.State."""

    RECEIVING = "RECEIVING"
    """A receive job is in progress."""
    IDLE = "IDLE"
    """No receive job is in progress."""
    ERROR = "ERROR"
    """The most recent receive job failed and none is currently in progress."""


class FaxCause(StrEnum):
    """Why a fax job ended; also CallFaxSender.Cause and CallFaxReceiver.Cause."""

    NONE = "NONE"
    """A job is in progress or none has been started."""
    NORMAL = "NORMAL"
    """Every page was confirmed: by the far end, or by us, once it was stored."""
    ERROR = "ERROR"
    """A local fault: a document that cannot be read or stored, modem fault, internal fault."""
    ABORTED = "ABORTED"
    """stop() was called."""
    HANGUP = "HANGUP"
    """The far end hung up, or hang_up() was called."""
    TIMEOUT = "TIMEOUT"
    """A timer expired: start acknowledgement, receiver not ready for too long (T.30 T5), whole session."""
    NOTFAX = "NOTFAX"
    """The far end sent no fax signals."""
    UNKNOWN_OPTION = "UNKNOWN_OPTION"
    """An unknown fax option was supplied."""
    UNKNOWN_VALUE = "UNKNOWN_VALUE"
    """A known fax option was supplied with an incorrect value."""
    INCONSISTENT_OPTIONS = "INCONSISTENT_OPTIONS"
    """Fax options were supplied that exclude each other."""
    STANDARDMISMATCH = "STANDARDMISMATCH"
    """T.30 - T.38 negotiation mismatch."""
    COMMSFAULT = "COMMSFAULT"
    """Fax signals were exchanged, but no usable connection came about."""
    PAGEQUALITY = "PAGEQUALITY"
    """A page was rejected too often."""
