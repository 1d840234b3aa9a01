"""The fax options: every row of their table, and the order of the checks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxline import CallChannel, FaxToSend, options
from faxline.causes import FaxCause

GOOD: dict[str, list[tuple[object, str]]] = {
    "SubscriberId": [
        ("", ""),
        ("+44 1234 567890", "+44 1234 567890"),
        ("0" * 20, "0" * 20),
        (5551234, "5551234"),
    ],
    "v17": [("YES", "YES"), ("NO", "NO"), (True, "YES"), (False, "NO")],
    "v29": [("YES", "YES"), ("NO", "NO"), (True, "YES"), (False, "NO")],
    "v27": [("YES", "YES"), ("NO", "NO"), (True, "YES"), (False, "NO")],
    "MinDataRate": [(str(rate), str(rate)) for rate in options.RATES] + [(4800, "4800")],
    "MaxDataRate": [(str(rate), str(rate)) for rate in options.RATES] + [(9600, "9600")],
    "HighRes": [("YES", "YES"), ("NO", "NO"), (True, "YES"), (False, "NO")],
    "ECM": [("YES", "YES"), ("NO", "NO"), (True, "YES"), (False, "NO")],
    "Compression": [("AUTO", "AUTO"), ("MH", "MH"), ("MR", "MR"), ("MMR", "MMR")],
    "HeaderLine": [
        ("", ""),
        ("from {id} {{1}}", "from {id} {{1}}"),
        ("{date} {time} {to} {page}/{pages}",) * 2,
    ],
    "SubAddress": [("", ""), ("12#4* 5", "12#4* 5"), (77, "77"), ("+49 1", "+49 1")],
    "Password": [("", ""), ("0000", "0000"), ("9" * 20, "9" * 20), ("+9876543210", "+9876543210")],
    "SelectivePolling": [("", ""), ("*1#", "*1#"), ("+1", "+1")],
}

BAD: dict[str, list[object]] = {
    "SubscriberId": ["0" * 21, "ABC", "12-34", "1\n", None, True, 1.5, b"1", "\u0661", -1],
    "v17": ["yes", "No", "", 1, 0, None, "TRUE", ["YES"]],
    "v29": ["yes", 1, None],
    "v27": ["yes", 1, None],
    "MinDataRate": ["2401", "0", "", "9600 ", 33600, True, None, 9600.0],
    "MaxDataRate": ["16800", "", "14.400", 2400.0, None],
    "HighRes": ["fine", "", None, 1],
    "ECM": ["on", 1, None],
    "Compression": ["auto", "JBIG", "", 2, None, True],
    "HeaderLine": ["{sender}", "{", "}", "{page:3}", "{page!r}", "{}", "{0}", "a\nb", "x" * 201, 5, None],
    "SubAddress": ["-1", "A", "1" * 21, None, False],
    "Password": ["abc", "1" * 21, None],
    "SelectivePolling": ["1.", "1" * 21, None],
}


def test_every_option_is_tested() -> None:
    assert set(GOOD) == set(BAD) == set(options.OPTIONS)


@pytest.mark.parametrize(
    ("name", "value", "spelling"), [(name, *row) for name, rows in GOOD.items() for row in rows]
)
def test_good_values(name: str, value: object, spelling: str) -> None:
    checked = options.check({name: value})
    assert (checked.cause, checked.effective[name]) == (FaxCause.NONE, spelling)
    options.for_engine(checked.effective)


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in BAD.items() for value in values]
)
def test_bad_values(name: str, value: object) -> None:
    checked = options.check({name: value})
    assert (checked.cause, checked.failed) == (FaxCause.UNKNOWN_VALUE, {name: value})
    assert name in checked.text


def test_defaults() -> None:
    checked = options.check({})
    assert checked.effective == {
        "SubscriberId": "",
        "v17": "YES",
        "v29": "YES",
        "v27": "YES",
        "MinDataRate": "2400",
        "MaxDataRate": "14400",
        "ECM": "YES",
        "Compression": "AUTO",
        "HeaderLine": "",
        "SubAddress": "",
        "Password": "",
        "SelectivePolling": "",
    }
    engine = options.for_engine(checked.effective)
    assert (engine.high_res, engine.coding) == (None, None)


def test_the_line_has_defaults_of_its_own() -> None:
    assert options.check({}, {"SubscriberId": "12"}).effective["SubscriberId"] == "12"
    assert options.check({"SubscriberId": ""}, {"SubscriberId": "12"}).effective["SubscriberId"] == ""


@pytest.mark.parametrize(
    "given",
    [
        {"v17": "NO", "v29": "NO", "v27": "NO"},
        {"MinDataRate": "9600", "MaxDataRate": "4800"},
        {"v17": "NO", "MinDataRate": "14400"},
        {"v17": False, "v29": False, "MinDataRate": 7200},
        {"v27": "NO", "MaxDataRate": "4800"},
        {"v17": "NO", "v27": "NO", "MinDataRate": "12000"},
        {"Compression": "MMR", "ECM": "NO"},
    ],
)
def test_inconsistent(given: dict[str, object]) -> None:
    checked = options.check(given)
    assert (checked.cause, checked.failed) == (FaxCause.INCONSISTENT_OPTIONS, given)


@pytest.mark.parametrize(
    "given",
    [
        {"v17": "NO", "v29": "NO"},
        {"v17": "NO", "v29": "NO", "MaxDataRate": "2400"},
        {"v27": "NO", "MaxDataRate": "7200"},
        {"MinDataRate": "9600", "MaxDataRate": "9600"},
        {"Compression": "MMR"},
        {"Compression": "MR", "ECM": "NO"},
    ],
)
def test_consistent(given: dict[str, object]) -> None:
    assert options.check(given).cause is FaxCause.NONE


def test_only_offenders_that_were_given_are_reported() -> None:
    assert options.check({"MinDataRate": "9600", "MaxDataRate": "4800", "ECM": "NO"}).failed == {
        "MinDataRate": "9600",
        "MaxDataRate": "4800",
    }


def test_the_first_class_that_fails_decides() -> None:
    given: dict[object, object] = {"V17": "NO", 3: 4, "ECM": "maybe", "v17": "NO", "MinDataRate": "14400"}
    assert options.check(given).cause is FaxCause.UNKNOWN_OPTION
    assert options.check(given).failed == {"V17": "NO", 3: 4}
    del given["V17"], given[3]
    assert options.check(given).cause is FaxCause.UNKNOWN_VALUE
    assert options.check(given).failed == {"ECM": "maybe"}
    del given["ECM"]
    assert options.check(given).cause is FaxCause.INCONSISTENT_OPTIONS
    assert options.check(given).failed == {"v17": "NO", "MinDataRate": "14400"}


anything = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=25) | st.binary(max_size=3)
)
plausible = st.sampled_from(["YES", "NO", "2400", "9600", "14400", "MMR", "MH", "AUTO", ""])


@given(st.dictionaries(st.sampled_from(list(options.OPTIONS)), plausible | anything))
def test_any_options_are_good_or_have_offenders(given: dict[str, object]) -> None:
    checked = options.check(given)
    if checked.cause is FaxCause.NONE:
        assert not checked.failed
        engine = options.for_engine(checked.effective)
        assert engine.min_rate_bps <= engine.max_rate_bps
        assert engine.v17 or engine.v29 or engine.v27
    else:
        assert checked.text
        assert checked.failed
        assert all(checked.failed[name] is given[str(name)] for name in checked.failed)


@given(st.dictionaries(st.text(max_size=12), anything, min_size=1))
def test_names_are_exact(given: dict[str, object]) -> None:
    strange = {name: value for name, value in given.items() if name not in options.OPTIONS}
    checked = options.check(given)
    if strange:
        assert (checked.cause, checked.failed) == (FaxCause.UNKNOWN_OPTION, strange)


@pytest.mark.parametrize(
    ("given", "cause", "raw_cause"),
    [
        ({"Speed": "9600"}, "UNKNOWN_OPTION", "local.options.unknown"),
        ({"ECM": "perhaps"}, "UNKNOWN_VALUE", "local.options.value"),
        ({"v17": "NO", "MinDataRate": "14400"}, "INCONSISTENT_OPTIONS", "local.options.inconsistent"),
    ],
)
def test_refused_options_at_start(
    connected: CallChannel, fax: str, given: dict[str, object], cause: str, raw_cause: str
) -> None:
    sender = connected.FaxSender
    assert sender.start(FaxToSend(fax), given) is False
    assert (sender.cause(), sender.state()) == (cause, "ERROR")
    assert sender.Details.failed_option == given
    assert sender.Details.raw_cause == raw_cause
    assert sender.Details.last_page is True
    assert connected.state() == "ANSWERED"
    # Nothing has gone out on the line: the same call is good for a fax.
    assert sender.send(FaxToSend(fax)) == "NORMAL"
    assert sender.Details.failed_option == {}


@pytest.mark.parametrize(
    ("modem", "rates"), [("v17", (7200, 9600, 12000, 14400)), ("v29", (7200, 9600)), ("v27", (2400, 4800))]
)
@pytest.mark.parametrize("rate", options.RATES)
def test_a_rate_and_the_only_modem_that_has_it(modem: str, rates: tuple[int, ...], rate: int) -> None:
    only = {name: name == modem for name in ("v17", "v29", "v27")}
    checked = options.check({**only, "MinDataRate": rate, "MaxDataRate": rate})
    assert checked.cause == (FaxCause.NONE if rate in rates else FaxCause.INCONSISTENT_OPTIONS)
