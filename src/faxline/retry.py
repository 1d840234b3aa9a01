"""Retry advice: whether to try again after a fax that failed, when, and with which options.

    advice = advise(sender.cause(), sender.Details.raw_cause, attempt=1, ...)
    if advice.again:
        channel.pause(advice.delay_s)
        ...
        channel.FaxSender.send(remaining(document, pages), advice.options)

What is known stands in _advice.py, a row for each cause of a call, each cause of a fax and each raw cause;
advise() applies the row to one attempt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from faxline import options
from faxline._advice import CALLS, FAXES, RAW_CAUSES, RETRIES_MAX, Feature
from faxline.causes import CallCause, FaxCause
from faxline.document import FaxToSend

if TYPE_CHECKING:
    from faxline._documents.pages import FaxPage
    from faxline.cover import Cover

__all__ = ["DELAY_MAX_S", "RETRIES_MAX", "Advice", "advise", "remaining"]

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


_HIDE: dict[Feature, Callable[[dict[str, Any], int], dict[str, Any]]] = {
    Feature.V17: _without_v17,
    Feature.RATE: _slower,
    Feature.ECM: _without_ecm,
    Feature.FINE: _coarser,
}
"""The options without it; the second argument is the rate at which it failed, bit/s."""


# ---- advice ----


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
        return Advice(False, row.why, options=given)
    if attempt > min(row.most, RETRIES_MAX):
        return Advice(False, f"{row.why}, {attempt} times", options=given)
    step = attempt - 1
    features = row.hide[min(step, len(row.hide) - 1)]
    rate = _failed_rate(negotiated or {}, given)
    hidden: list[str] = []
    for feature in features:
        narrower = _HIDE[feature](given, rate)
        # Not what the user excludes (MinDataRate ...), and not what is so already.
        if narrower != given and options.check(narrower).cause is FaxCause.NONE:
            given = narrower
            hidden.append(feature.value)
    text = ", ".join([row.why, *hidden])
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

    def count_documents(self) -> tuple[int, ...]:
        return self._document.count_documents()

    def pages(self, **keywords: Any) -> Iterator[FaxPage]:
        return islice(self._document.pages(**keywords), self._confirmed, None)


def remaining(document: FaxToSend, confirmed: int) -> FaxToSend:
    """The document without its first pages, which were confirmed in an earlier call. A header line still
    counts the pages of the whole document."""
    return _Rest(document, confirmed) if confirmed else document
