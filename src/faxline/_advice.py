"""What to do after each way to fail: a row for each cause of a call, each cause of a fax, each raw cause.

A row speaks to people (docs/troubleshooting.md, the end of the first line of `faxline trace`) and to a
program that would try again (faxline.retry). The rule behind the retries: on the next call hide the feature
that failed (V.17, a rate, error correction, fine resolution) instead of failing in the same way again, and
never call people who are not fax machines again and again.
"""

from dataclasses import dataclass
from enum import Enum

from faxline.causes import CallCause, FaxCause

RETRIES_MAX = 20
"""However many retries are asked for."""


class Feature(Enum):
    """Something that the next call can do without, in words."""

    V17 = "without V.17"
    RATE = "slower"
    ECM = "without error correction"
    FINE = "in standard resolution"


@dataclass(frozen=True, slots=True)
class Row:
    """What is known about one way to fail."""

    why: str
    """What happened, in a few words."""
    fix: str = ""
    """What a person can do about it; '' when there is nothing to say."""
    delays_s: tuple[int, ...] = ()
    """Before the first retry, the second ...; the last stands for all that follow. Empty: not again."""
    hide: tuple[tuple[Feature, ...], ...] = ((),)
    """What the first retry does without, the second ...; the last for all that follow."""
    most: int = RETRIES_MAX
    """Retries, however many are asked for."""


V17, RATE, ECM, FINE = Feature

_SOON = (60, 120, 300)
_LATER = (300, 600, 900)
_TEN_MINUTES = (600, 900, 1800)
_RATES = ((V17,), (V17, RATE), (V17, RATE, ECM))
_NO_ECM = ((), (ECM,), (ECM, RATE))

CALLS: dict[str, Row] = {
    CallCause.NORMAL: Row("somebody hung up before it was answered", "", _LATER, most=1),
    CallCause.BUSY: Row("busy", "try again in some minutes", _SOON),
    CallCause.NOANSWER: Row(
        "nobody answers", "check the number, and try again at another hour", _LATER, most=3
    ),
    CallCause.TIMEOUT: Row(
        "the call was not answered in time",
        "try again; raise the timeout when the far end is slow to answer",
        _LATER,
        most=3,
    ),
    CallCause.CONGESTION: Row(
        "the network is congested", "try again in some minutes: the network is full", _SOON
    ),
    CallCause.NOCHANNELS: Row("no line is free", "try again when a line is free", _SOON),
    CallCause.OUTOFORDER: Row(
        "there is no dial tone: look at the line",
        "look at the telephone cable and the exchange: there is no dial tone",
        (60, 300),
        most=2,
    ),
    CallCause.FAILED: Row("the call failed", "try again, and look at the line", _LATER, most=2),
    CallCause.OTHER: Row("the call failed", "", _LATER, most=2),
    CallCause.ERROR: Row(
        "the device failed: look at the modem",
        "look at the modem: cable, power, dmesg; then open the channel again",
    ),
    CallCause.UNOBTAINABLE: Row(
        "the number does not exist", "check the number: the exchange does not know it"
    ),
    CallCause.CHANGED: Row("the number has changed", "check the number: it has changed"),
    CallCause.BARRED: Row(
        "the number may not be called from this line", "ask the provider: the number is barred for this line"
    ),
    CallCause.REJECTED: Row("the call was rejected", "nothing is wrong: the application rejected the call"),
}

FAXES: dict[str, Row] = {
    FaxCause.NORMAL: Row("every page was confirmed"),
    FaxCause.NONE: Row("no fax has ended yet"),
    FaxCause.ERROR: Row("a local fault: the same would happen again", "look at the document and the modem"),
    FaxCause.ABORTED: Row("it was stopped from here"),
    FaxCause.HANGUP: Row(
        "the call was cut", "send the pages that were not confirmed again", _SOON, ((), (RATE,), (RATE, ECM))
    ),
    FaxCause.TIMEOUT: Row("it took too long", "try again later", _TEN_MINUTES, _NO_ECM, most=3),
    FaxCause.NOTFAX: Row("no fax machine is there: look at the number", "check the number"),
    FaxCause.UNKNOWN_OPTION: Row("correct the options"),
    FaxCause.UNKNOWN_VALUE: Row("correct the options"),
    FaxCause.INCONSISTENT_OPTIONS: Row("correct the options"),
    FaxCause.STANDARDMISMATCH: Row(
        "the far end takes no audio fax", "send it over a T.38 line or to another number"
    ),
    FaxCause.COMMSFAULT: Row(
        "the line or the far end is bad",
        "try again, with a lower MaxDataRate, and look at the line",
        _SOON,
        _RATES,
        most=5,
    ),
    FaxCause.PAGEQUALITY: Row(
        "the page did not get through well",
        "try again later, with a lower MaxDataRate",
        _TEN_MINUTES,
        _RATES,
        most=5,
    ),
}
"""For a fax whose raw cause is not known; else RAW_CAUSES decides."""

_CALLERS_TURN = "the caller has to call again"
_POLLING = "the far end's documents are not ours to change"

RAW_CAUSES: dict[str, Row] = {
    "far.A.no-fax-tone": Row(
        "a person or another device answered: look at the number",
        "dial the number from a telephone and listen: no fax machine answers there, or only "
        "behind a person, a menu or an extension",
    ),
    "far.B.silent": Row(
        "it answered and was silent: perhaps a person",
        "check the number; if a fax machine is known to be there, try again, and look at the line "
        "(faxline trace --ladder shows whether anything was heard)",
        _LATER,
        most=1,
    ),
    "far.B.no-dis": Row(
        "its DIS could not be read",
        "try again; if it stays so, the line is too noisy or the far machine too faint: another "
        "line, modem or analogue adapter",
        _SOON,
        most=3,
    ),
    "far.B.no-dcs": Row(
        _CALLERS_TURN,
        "ask the sender to try again; the caller's machine is on the line, but does not "
        "understand ours, or is not understood",
    ),
    "far.B.bad-dcs": Row(
        _CALLERS_TURN,
        "ask the sender to try again with a lower rate or without error correction; its machine "
        "asks for what ours did not offer",
    ),
    "far.B.dcn": Row(
        "it refused",
        "ask the far end whether it takes faxes from this number (junk fax filter, out of paper, "
        "SubscriberId wanted)",
        _LATER,
        ((), (ECM,), (ECM, FINE)),
        most=3,
    ),
    "far.B.cannot-receive": Row(
        "it cannot receive now: out of paper, perhaps",
        "ask the far end: its machine is out of paper or memory, or for sending only",
        _TEN_MINUTES,
        most=3,
    ),
    "far.B.nothing-to-poll": Row(
        _POLLING, "ask the far end to put a document up for polling, or check SelectivePolling"
    ),
    "far.B.not-polled": Row(
        _POLLING, "the caller did not poll: ask for a call that polls, or send the document yourself"
    ),
    "far.B.polled": Row(_POLLING, "the caller polls: offer it a document, or tell it that there is none"),
    "far.B.wrong-poll": Row(_POLLING, "agree with the far end on SelectivePolling and Password"),
    "far.B.wrong-password": Row(_CALLERS_TURN, "agree with the far end on the Password"),
    "far.B.fields-not-valid": Row(
        "it refused SubAddress, Password or SubscriberId: correct them",
        "correct SubAddress, Password or SubscriberId: the far end refused them",
    ),
    "far.B.incompatible": Row(
        "no rate that both ends may use: allow more",
        "allow more: v17, v29, v27 YES, MinDataRate 2400, MaxDataRate 14400",
    ),
    "far.B.training": Row(
        "training failed at every rate",
        "try again; then with MaxDataRate 4800 and v17 NO; if it stays so, look at the line (VoIP "
        "codec, echo canceller, level)",
        _SOON,
        _RATES,
        most=3,
    ),
    "far.B.no-response": Row(
        "it did not answer DCS and training",
        "try again; then with MaxDataRate 9600 and v17 NO; the far end does not hear us or gave up",
        _SOON,
        _RATES,
        most=3,
    ),
    "far.B.dis-repeated": Row(
        "it does not hear us",
        "try again; then with a modem or adapter that sends louder: the far end does not hear our commands",
        _SOON,
        ((), (V17, RATE)),
        most=3,
    ),
    "far.B.crp": Row(
        "it does not understand us",
        "try again; the far end does not understand our commands: look at the noise and level of the line",
        _SOON,
        ((), (V17, RATE)),
        most=3,
    ),
    "far.B.t38-only": Row(
        "the far end takes no audio fax",
        "send it over a T.38 line or to another number: this one takes no audio fax",
    ),
    "far.C.no-page": Row(
        _CALLERS_TURN,
        "ask the sender to try again, with a lower rate: the training got through, the page did not",
    ),
    "far.C.too-long": Row(
        _CALLERS_TURN, "ask the sender to send fewer or shorter pages: this one did not end"
    ),
    "far.D.no-response": Row(
        "no answer to the page",
        "ask whether the page arrived before you send it again; then try with MaxDataRate 9600",
        _SOON,
        ((RATE,), (RATE, ECM)),
        most=3,
    ),
    "far.D.crp": Row(
        "it does not understand us",
        "ask whether the page arrived before you send it again; then try with MaxDataRate 9600",
        _SOON,
        _NO_ECM,
        most=3,
    ),
    "far.C.long-line": Row(_CALLERS_TURN, "ask the sender to try again: a line of the page did not end"),
    "far.D.no-command": Row(
        _CALLERS_TURN, "ask the sender to try again: what came after the page was not understood"
    ),
    "far.D.nothing-new": Row(
        "the far end repeats itself",
        "keep a trace and look at what the far end does: it went on without bringing anything new",
        _TEN_MINUTES,
        _NO_ECM,
        most=2,
    ),
    "far.D.rejected": Row(
        "the page was rejected",
        "try again later, with MaxDataRate 7200, and with ECM YES where the far end can: the page "
        "arrives with too many errors",
        _TEN_MINUTES,
        ((RATE,), (V17, RATE), (V17, RATE, FINE)),
        most=5,
    ),
    "far.D.ecm-stuck": Row(
        "error correction got stuck",
        "try again later on another line, with MaxDataRate 4800: this one loses more than can be repeated",
        _TEN_MINUTES,
        ((V17,), (V17, RATE), (ECM,)),
        most=5,
    ),
    "far.D.given-up": Row(_CALLERS_TURN, "ask the sender to try again, with a lower rate: it gave a page up"),
    "far.D.not-ready": Row(
        "it was not ready for too long",
        "try again in some minutes: the far machine is busy, or out of paper or memory",
        _TEN_MINUTES,
        _NO_ECM,
        most=3,
    ),
    "far.D.page-limit": Row(
        "a page took too long",
        "send the pages that were not confirmed again, without ECM or on another line: the far end kept "
        "asking for more of one",
        _TEN_MINUTES,
        _NO_ECM,
        most=1,
    ),
    "far.D.dcn": Row(
        "it ended the fax",
        "send the pages that were not confirmed again; if it stays so, ask the far end (memory, "
        "paper, limit of pages)",
        _SOON,
        _NO_ECM,
        most=3,
    ),
    "far.line-down": Row(
        "the call was cut",
        "send the pages that were not confirmed again; if the call always ends at the same "
        "second, look at the exchange or gateway",
        _SOON,
        ((), (RATE,), (RATE, ECM)),
    ),
    "local.session-limit": Row(
        "it took longer than any fax may",
        "send fewer pages in a call, or at a higher rate",
        _TEN_MINUTES,
        most=1,
    ),
    "local.start": Row(
        "the fax did not start in time",
        "try again; look whether the machine that runs this is overloaded",
        _SOON,
        most=1,
    ),
    "local.stop": Row("it was stopped from here", "nothing is wrong: the application stopped it"),
    "local.hangup": Row(
        "it was stopped from here",
        "nothing is wrong: the application hung up; if that was not meant, look for its timeout",
    ),
    "local.closed": Row(
        "it was stopped from here", "keep the channel open until wait_until_finished() returns"
    ),
    "local.document": Row(
        "correct the document", "look at the document: the text says which page of which file cannot be read"
    ),
    "local.document-late": Row(
        "convert it before the call",
        "call prepare() of the document before the call: its pages took longer to convert than to send",
    ),
    "local.device": Row(
        "the modem is gone: look at it", "look at the modem: cable, power, dmesg; then open the channel again"
    ),
    "local.storage": Row(
        "make room for the pages",
        "look at the place where pages are stored: disk full, permissions; then ask for the fax again",
    ),
    "local.modem": Row(
        "the modem refused a command: look at its profile",
        "look at the modem: the last AT command in the trace is the one that it refused",
    ),
    "local.state": Row(
        "a local fault: the same would happen again",
        "wait until the call is ANSWERED before a fax is started",
    ),
    "local.internal": Row(
        "a local fault: the same would happen again", "report it, with this trace: it is a fault of faxline"
    ),
    "local.options.unknown": Row(
        "correct the options", "correct the option's name: docs/options.md lists them"
    ),
    "local.options.value": Row(
        "correct the options", "correct the option's value: docs/options.md has what each takes"
    ),
    "local.options.inconsistent": Row(
        "correct the options", "correct the options: docs/options.md says which exclude each other"
    ),
}


# Causes may be of another version of this package: a trace may be older or newer.


def fix_of_call(cause: str) -> str:
    """What to do after a call that was not answered; '' when there is nothing to say."""
    row = CALLS.get(cause)
    return row.fix if row else ""


def fix_of_fax(cause: str, raw_cause: str | None, page_in_doubt: int | None = None) -> str:
    """What to do after a fax; '' when there is nothing to say. page_in_doubt: one that was sent and not
    confirmed, from 1."""
    row = RAW_CAUSES.get(raw_cause or "") or FAXES.get(cause)
    fix = row.fix if row else ""
    if page_in_doubt is None:
        return fix
    doubt = f"page {page_in_doubt} may have arrived: ask before you send it again"
    return f"{doubt}; {fix}" if fix else doubt
