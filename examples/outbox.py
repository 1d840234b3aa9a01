"""An application to test: it delivers a document by fax, and knows what to do about it."""

from faxline import CallChannel, FaxToSend
from faxline.causes import CallCause, FaxCause

LATER = {CallCause.BUSY, CallCause.NOANSWER, CallCause.CONGESTION, CallCause.NOCHANNELS, CallCause.TIMEOUT}
WRONG_NUMBER = {CallCause.UNOBTAINABLE, CallCause.CHANGED, CallCause.BARRED, CallCause.REJECTED}
BAD_LINE = {FaxCause.COMMSFAULT, FaxCause.PAGEQUALITY, FaxCause.HANGUP, FaxCause.TIMEOUT}
OUR_MISTAKE = {FaxCause.UNKNOWN_OPTION, FaxCause.UNKNOWN_VALUE, FaxCause.INCONSISTENT_OPTIONS}


def deliver(device: str, number: str, document: str, fax_options: dict[str, str] | None = None) -> str:
    """Sends a document; returns 'delivered', 'later', 'wrong number', 'post it', 'stopped' or 'call for
    help'."""
    with CallChannel(device) as channel:
        if channel.call(number) != channel.State.ANSWERED:
            cause = channel.cause()
            return "later" if cause in LATER else "wrong number" if cause in WRONG_NUMBER else "call for help"
        result = channel.FaxSender.send(FaxToSend(document), fax_options)
    if result == FaxCause.NORMAL:
        return "delivered"
    if result == FaxCause.NOTFAX:
        return "wrong number"
    if result == FaxCause.STANDARDMISMATCH:
        return "post it"
    if result == FaxCause.ABORTED:
        return "stopped"
    return "later" if result in BAD_LINE else "call for help"
