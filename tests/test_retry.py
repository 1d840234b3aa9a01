"""Retry advice: every cause has a row; whatever is asked, the advice can be followed, and is capped."""

from pathlib import Path
from typing import Any

import pages
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxline import CallChannel, FaxToSend, _advice, options, retry
from faxline._engine.tables import RAW_CAUSES
from faxline.causes import CallCause, FaxCause
from faxline.retry import advise, remaining

CAUSES = st.sampled_from([*CallCause, *FaxCause])
RAW = st.none() | st.sampled_from(list(RAW_CAUSES)) | st.text(max_size=8)
YES_NO = st.sampled_from(["YES", "NO"])
GIVEN: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "v17": YES_NO,
        "v29": YES_NO,
        "ECM": YES_NO,
        "HighRes": YES_NO,
        "Compression": st.sampled_from(["AUTO", "MH", "MR", "MMR"]),
        "MinDataRate": st.sampled_from(list(map(str, options.RATES))),
        "MaxDataRate": st.sampled_from(list(map(str, options.RATES))) | st.sampled_from(options.RATES),
    },
).filter(lambda fax_options: options.check(fax_options).cause is FaxCause.NONE)


def test_every_cause_has_a_row() -> None:
    assert set(_advice.CALLS) == set(CallCause)
    assert set(_advice.FAXES) == set(FaxCause)
    assert set(_advice.RAW_CAUSES) == set(RAW_CAUSES)


def test_there_is_something_to_do_about_everything() -> None:
    assert [code for code, row in _advice.RAW_CAUSES.items() if not row.fix] == []
    assert [cause for cause, row in _advice.CALLS.items() if not row.fix] == ["NORMAL", "OTHER"]


@given(CAUSES, RAW, st.integers(-1, 1000), GIVEN, st.sampled_from(["", "2400", "9600", "14400", "x"]))
def test_advice_can_be_followed(
    cause: CallCause | FaxCause, raw: str | None, attempt: int, fax_options: dict[str, Any], rate: str
) -> None:
    advice = advise(cause, raw, attempt=attempt, fax_options=fax_options, negotiated={"DataRate": rate})
    assert advice.text
    assert 0 <= advice.delay_s <= retry.DELAY_MAX_S
    assert not (advice.again and attempt > retry.RETRIES_MAX)
    assert advice.again == (advice.delay_s > 0)
    before, after = options.check(fax_options), options.check(advice.options)
    assert after.cause is FaxCause.NONE
    # Nothing is widened.
    for modem in ("v17", "v29", "v27", "ECM"):
        assert not (before.effective[modem] == "NO" and after.effective[modem] == "YES")
    assert int(after.effective["MaxDataRate"]) <= int(before.effective["MaxDataRate"])
    assert after.effective["MinDataRate"] == before.effective["MinDataRate"]


@given(CAUSES, RAW, st.integers(1, 50))
def test_an_unconfirmed_last_page_is_never_sent_again_unasked(
    cause: CallCause | FaxCause, raw: str | None, attempt: int
) -> None:
    assert not advise(cause, raw, attempt=attempt, unconfirmed_last_page=True).again
    plain = advise(cause, raw, attempt=attempt)
    assert advise(cause, raw, attempt=attempt, unconfirmed_last_page=True, resend_unconfirmed=True) == plain
    assert advise(cause, raw, attempt=1, unconfirmed_last_page=True).ask == advise(cause, raw).again


@pytest.mark.parametrize("cause", [FaxCause.NORMAL, FaxCause.NONE, FaxCause.ABORTED, FaxCause.NOTFAX])
def test_what_is_never_tried_again(cause: FaxCause) -> None:
    assert not advise(cause).again


def test_what_failed_is_hidden_next_time() -> None:
    failed = {"DataRate": "14400"}
    steps = [
        advise(FaxCause.COMMSFAULT, "far.B.training", attempt=n, negotiated=failed).options for n in (1, 2, 3)
    ]
    assert steps[0] == {"v17": "NO"}
    assert steps[1] == {"v17": "NO", "MaxDataRate": "9600"}
    assert steps[2] == {"v17": "NO", "MaxDataRate": "9600", "ECM": "NO"}
    mmr = advise(FaxCause.TIMEOUT, "far.D.not-ready", attempt=2, fax_options={"Compression": "MMR"})
    assert mmr.options == {"Compression": "AUTO", "ECM": "NO"}
    assert "without error correction" in mmr.text


def test_what_the_user_excludes_stays_excluded() -> None:
    given = {"MinDataRate": "14400"}
    assert advise(FaxCause.COMMSFAULT, "far.B.training", fax_options=given).options == given


def test_busy_and_no_answer() -> None:
    delays = [advise(CallCause.BUSY, attempt=n).delay_s for n in (1, 2, 3, 4)]
    assert delays == [60, 120, 300, 300]
    assert advise(CallCause.NOANSWER, attempt=3).again
    assert not advise(CallCause.NOANSWER, attempt=4).again


def test_the_rest_of_a_document(tmp_path: Path, fax: str) -> None:
    """A call that is cut on page 2, and a second one with the rest: together they are the document."""
    made = pages.save_fax(tmp_path / "fax.tif", 3)
    document = FaxToSend(fax)
    first, second = tmp_path / "first.tif", tmp_path / "second.tif"
    with CallChannel(f"sim:?save={first}") as channel:
        channel.call("5550107")
        assert channel.FaxSender.send(document) == "HANGUP"
        confirmed = channel.FaxSender.Details.pages
    assert confirmed == 1
    with CallChannel(f"sim:?save={second}") as channel:
        channel.call("5550100")
        rest = remaining(document, confirmed)
        assert channel.FaxSender.send(rest) == "NORMAL"
        assert channel.FaxSender.Details.pages == 2
    assert pages.all_rows(first)[:1] + pages.all_rows(second) == list(map(pages.rows, made))
    assert remaining(document, 0) is document
    assert rest.count_pages() == 3


@pytest.mark.parametrize(
    ("number", "faults", "unconfirmed"),
    [
        ("5550100", "", False),
        ("5550106", "", False),  # rejected: known not to have arrived
        ("5550107", "", False),  # cut in the middle of the page
        ("5550108", "", False),
        ("5550110", "", True),  # sent; only RNR came
        ("5550113", "", False),
        ("5550100", "far_silence@4", True),  # DIS, CFR, MCF, and then nothing
    ],
)
def test_whether_a_page_may_have_arrived(tmp_path: Path, number: str, faults: str, unconfirmed: bool) -> None:
    pages.save_fax(tmp_path / "tall.tif", 3, height=2200)
    with CallChannel(f"sim:?faults={faults}") as channel:
        channel.call(number)
        channel.FaxSender.send(FaxToSend(tmp_path / "tall.tif"))
        assert channel.FaxSender.Details.unconfirmed is unconfirmed, channel.FaxSender.Details.raw_cause


def test_a_pause_is_line_time(channel: CallChannel) -> None:
    before = channel._line.now_us()
    channel.pause(600)
    assert channel._line.now_us() - before >= 600_000_000
