"""Retry advice: whether to try again after a fax that failed, when, and with which options.

    advice = advise(sender.cause(), sender.Details.raw_cause, attempt=1, ...)
    if advice.again:
        channel.pause(advice.delay_s)
        ...
        channel.FaxSender.send(remaining(document, pages), advice.options)

What is known stands in the tables, a row for each cause of a call, each cause of a fax and each raw cause;
advise() is the one function that reads them. The rule behind the rows: on the next call hide the feature that
failed (V.17, a rate, error correction, fine resolution) instead of failing in the same way again, and never
call people who are not fax machines again and again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from faxline import options
from faxline.causes import CallCause, FaxCause
from faxline.document import FaxToSend

if TYPE_CHECKING:
    from faxline._documents.pages import FaxPage
    from faxline.cover import Cover

RETRIES_MAX = 20
"""However many retries are asked for."""
DELAY_MAX_S = 3600


# ---- what can be hidden ----


def _without_v17(fax_options: dict[str, Any], rate: int) -> dict[str, Any]:
    return {**fax_options, "v17": "NO"}


def _slower(fax_options: dict[str, Any], rate: int) -> dict[str, Any]:
    """One step below the rate at which it failed; 12000 and 14400 are V.17's only."""
    below = [step for step in options.RATES if step < min(rate, 12000)]
    return {**fax_options, "MaxDataRate": str(below[-1])} if below else fax_options


def _without_ecm(fax_options: dict[str, Any], rate: int) -> dict[str, Any]:
    coding = {"Compression": "AUTO"} if fax_options.get("Compression") == "MMR" else {}
    return {**fax_options, "ECM": "NO", **coding}


def _coarser(fax_options: dict[str, Any], rate: int) -> dict[str, Any]:
    return {**fax_options, "HighRes": "NO"}


@dataclass(frozen=True, slots=True)
class Feature:
    """Something that the next call can do without."""

    text: str
    hide: Callable[[dict[str, Any], int], dict[str, Any]]
    """The options without it; the second argument is the rate at which it failed, bit/s."""


V17 = Feature("without V.17", _without_v17)
RATE = Feature("slower", _slower)
ECM = Feature("without error correction", _without_ecm)
FINE = Feature("in standard resolution", _coarser)


# ---- the tables ----


@dataclass(frozen=True, slots=True)
class Row:
    """What to do after one way to fail."""

    text: str
    """For people."""
    delays_s: tuple[int, ...] = ()
    """Before the first retry, the second ...; the last stands for all that follow. Empty: not again."""
    hide: tuple[tuple[Feature, ...], ...] = ((),)
    """What the first retry does without, the second ...; the last for all that follow."""
    most: int = RETRIES_MAX
    """Retries, however many are asked for."""


_SOON = (60, 120, 300)
_LATER = (300, 600, 900)
_TEN_MINUTES = (600, 900, 1800)
_ONCE_MORE = ((),)
_RATES = ((V17,), (V17, RATE), (V17, RATE, ECM))
_NO_ECM = ((), (ECM,), (ECM, RATE))

CALLS: dict[CallCause, Row] = {
    CallCause.NORMAL: Row("somebody hung up before it was answered", _LATER, most=1),
    CallCause.BUSY: Row("busy", _SOON),
    CallCause.NOANSWER: Row("nobody answers", _LATER, most=3),
    CallCause.TIMEOUT: Row("the call was not answered in time", _LATER, most=3),
    CallCause.CONGESTION: Row("the network is congested", _SOON),
    CallCause.NOCHANNELS: Row("no line is free", _SOON),
    CallCause.OUTOFORDER: Row("there is no dial tone: look at the line", (60, 300), most=2),
    CallCause.FAILED: Row("the call failed", _LATER, most=2),
    CallCause.OTHER: Row("the call failed", _LATER, most=2),
    CallCause.ERROR: Row("the device failed: look at the modem"),
    CallCause.UNOBTAINABLE: Row("the number does not exist"),
    CallCause.CHANGED: Row("the number has changed"),
    CallCause.BARRED: Row("the number may not be called from this line"),
    CallCause.REJECTED: Row("the call was rejected"),
}

FAXES: dict[FaxCause, Row] = {
    FaxCause.NORMAL: Row("every page was confirmed"),
    FaxCause.NONE: Row("no fax has ended yet"),
    FaxCause.ERROR: Row("a local fault: the same would happen again"),
    FaxCause.ABORTED: Row("it was stopped from here"),
    FaxCause.HANGUP: Row("the call was cut", _SOON, ((), (RATE,), (RATE, ECM))),
    FaxCause.TIMEOUT: Row("it took too long", _TEN_MINUTES, _NO_ECM, most=3),
    FaxCause.NOTFAX: Row("no fax machine is there: look at the number"),
    FaxCause.UNKNOWN_OPTION: Row("correct the options"),
    FaxCause.UNKNOWN_VALUE: Row("correct the options"),
    FaxCause.INCONSISTENT_OPTIONS: Row("correct the options"),
    FaxCause.STANDARDMISMATCH: Row("the far end takes no audio fax"),
    FaxCause.COMMSFAULT: Row("the line or the far end is bad", _SOON, _RATES, most=5),
    FaxCause.PAGEQUALITY: Row("the page did not get through well", _TEN_MINUTES, _RATES, most=5),
}
"""For a fax whose raw cause is not known; else RAW_CAUSES decides."""

_CALLERS_TURN = "the caller has to call again"
_POLLING = "the far end's documents are not ours to change"
_WISH = FAXES[FaxCause.ABORTED]
_LOCAL = FAXES[FaxCause.ERROR]
_OPTIONS = FAXES[FaxCause.UNKNOWN_OPTION]

RAW_CAUSES: dict[str, Row] = {
    "far.A.no-fax-tone": Row("a person or another device answered: look at the number"),
    "far.B.silent": Row("it answered and was silent: perhaps a person", _LATER, most=1),
    "far.B.no-dis": Row("its DIS could not be read", _SOON, most=3),
    "far.B.no-dcs": Row(_CALLERS_TURN),
    "far.B.bad-dcs": Row(_CALLERS_TURN),
    "far.B.dcn": Row("it refused", _LATER, ((), (ECM,), (ECM, FINE)), most=3),
    "far.B.cannot-receive": Row("it cannot receive now: out of paper, perhaps", _TEN_MINUTES, most=3),
    "far.B.nothing-to-poll": Row(_POLLING),
    "far.B.not-polled": Row(_POLLING),
    "far.B.wrong-poll": Row(_POLLING),
    "far.B.wrong-password": Row(_CALLERS_TURN),
    "far.B.fields-not-valid": Row("it refused SubAddress, Password or SubscriberId: correct them"),
    "far.B.incompatible": Row("no rate that both ends may use: allow more"),
    "far.B.training": Row("training failed at every rate", _SOON, _RATES, most=3),
    "far.B.no-response": Row("it did not answer DCS and training", _SOON, _RATES, most=3),
    "far.B.dis-repeated": Row("it does not hear us", _SOON, ((), (V17, RATE)), most=3),
    "far.B.crp": Row("it does not understand us", _SOON, ((), (V17, RATE)), most=3),
    "far.B.t38-only": FAXES[FaxCause.STANDARDMISMATCH],
    "far.C.no-page": Row(_CALLERS_TURN),
    "far.C.too-long": Row(_CALLERS_TURN),
    "far.D.no-response": Row("no answer to the page", _SOON, ((RATE,), (RATE, ECM)), most=3),
    "far.D.crp": Row("it does not understand us", _SOON, _NO_ECM, most=3),
    "far.D.no-command": Row(_CALLERS_TURN),
    "far.D.rejected": Row(
        "the page was rejected", _TEN_MINUTES, ((RATE,), (V17, RATE), (V17, RATE, FINE)), most=5
    ),
    "far.D.ecm-stuck": Row("error correction got stuck", _TEN_MINUTES, ((V17,), (V17, RATE), (ECM,)), most=5),
    "far.D.given-up": Row(_CALLERS_TURN),
    "far.D.not-ready": Row("it was not ready for too long", _TEN_MINUTES, _NO_ECM, most=3),
    "far.D.dcn": Row("it ended the fax", _SOON, _NO_ECM, most=3),
    "far.line-down": FAXES[FaxCause.HANGUP],
    "local.session-limit": Row("it took longer than any fax may", _TEN_MINUTES, most=1),
    "local.start": Row("the fax did not start in time", _SOON, most=1),
    "local.stop": _WISH,
    "local.hangup": _WISH,
    "local.closed": _WISH,
    "local.document": Row("correct the document"),
    "local.device": Row("the modem is gone: look at it"),
    "local.storage": Row("make room for the pages"),
    "local.modem": Row("the modem refused a command: look at its profile"),
    "local.state": _LOCAL,
    "local.internal": _LOCAL,
    "local.options.unknown": _OPTIONS,
    "local.options.value": _OPTIONS,
    "local.options.inconsistent": _OPTIONS,
}


# ---- the function ----


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do after an attempt that failed."""

    again: bool
    text: str
    """Why, for people; with what the next attempt does without."""
    delay_s: float = 0
    """Wait so long before it, on the line's clock."""
    options: dict[str, Any] = field(default_factory=dict)
    """The fax options for the next attempt: those given, less what failed."""
    ask: bool = False
    """Only the user can say whether to try again: the last page may have arrived."""


_LAST_PAGE = (
    "the last page was sent and not confirmed: it may have arrived, and would perhaps be printed twice"
)


def advise(
    cause: CallCause | FaxCause,
    raw_cause: str | None = None,
    *,
    attempt: int = 1,
    fax_options: Mapping[str, Any] | None = None,
    negotiated: Mapping[str, str] | None = None,
    unconfirmed_last_page: bool = False,
    resend_unconfirmed: bool = False,
) -> Advice:
    """Whether to try again after a failed attempt, when and with which options.

    cause: of the call when it was not answered (a CallCause), else of the fax (a FaxCause); raw_cause: its
    Details.raw_cause. attempt: the number of the attempt that failed, from 1. fax_options: those that the
    user gave (of the first attempt); what has to go is hidden from them, and nothing is widened.
    negotiated: Details.negotiated of the failed attempt. unconfirmed_last_page: Details.unconfirmed, when the
    page was the document's last. Such a fax is not tried again (Advice.ask says why) unless
    resend_unconfirmed.

    The number of retries is capped by the row and by RETRIES_MAX, the delay by DELAY_MAX_S.
    """
    given = dict(fax_options or {})
    row = CALLS[cause] if isinstance(cause, CallCause) else RAW_CAUSES.get(raw_cause or "", FAXES[cause])
    if unconfirmed_last_page and not resend_unconfirmed and row.delays_s:
        return Advice(False, _LAST_PAGE, options=given, ask=True)
    if not row.delays_s or attempt < 1:
        return Advice(False, row.text, options=given)
    if attempt > min(row.most, RETRIES_MAX):
        return Advice(False, f"{row.text}, {attempt} times", options=given)
    step = attempt - 1
    features = row.hide[min(step, len(row.hide) - 1)]
    rate = _failed_rate(negotiated or {}, given)
    hidden: list[str] = []
    for feature in features:
        narrower = feature.hide(given, rate)
        # Not what the user excludes (MinDataRate ...), and not what is so already.
        if narrower != given and options.check(narrower).cause is FaxCause.NONE:
            given = narrower
            hidden.append(feature.text)
    text = ", ".join([row.text, *hidden])
    delay = row.delays_s[min(step, len(row.delays_s) - 1)]
    return Advice(True, text, min(delay, DELAY_MAX_S), given)


def _failed_rate(negotiated: Mapping[str, str], given: Mapping[str, Any]) -> int:
    """Bit/s: what was negotiated, else the highest that the options allow."""
    rates = [text for text in (negotiated.get("DataRate"), given.get("MaxDataRate")) if text is not None]
    return min((int(text) for text in map(str, rates) if text.isascii() and text.isdigit()), default=14400)


# ---- the rest of a document ----


class _Rest(FaxToSend):
    def __init__(self, document: FaxToSend, confirmed: int) -> None:
        super().__init__(list(document.names))
        self.set_cover(document.cover)
        self._document = document
        self._confirmed = confirmed

    @property
    def cover(self) -> Cover | None:
        return self._document.cover

    def count_pages(self) -> int:
        return self._document.count_pages()

    def pages(self, **keywords: Any) -> Iterator[FaxPage]:
        return islice(self._document.pages(**keywords), self._confirmed, None)


def remaining(document: FaxToSend, confirmed: int) -> FaxToSend:
    """The document without its first pages, which were confirmed in an earlier call. A header line still
    counts the pages of the whole document."""
    return _Rest(document, confirmed) if confirmed else document
