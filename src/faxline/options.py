"""The fax options: their names and values, the checks, and the effective set.

The checks run in the order unknown names, bad values, combinations; the first kind that fails decides the
cause, and every offender of that kind is reported.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from faxline._documents.fields import FIELDS
from faxline._documents.header_line import template_fault
from faxline._engine.config import EngineOptions
from faxline._engine.tables import CODINGS
from faxline.causes import FaxCause

RATES = (2400, 4800, 7200, 9600, 12000, 14400)

# The rates of each modulation, bit/s (T.30 table 2, bits 11-14).
MODEM_RATES = {
    "v17": (7200, 9600, 12000, 14400),
    "v29": (7200, 9600),
    "v27": (2400, 4800),
}

IDENTITY_MAX = 20  # characters of TSI, SUB, PWD, SEP (T.30 5.3.6.2.4)


def _yes_no(value: object) -> str | None:
    if isinstance(value, bool):
        return "YES" if value else "NO"
    return value if value in ("YES", "NO") and isinstance(value, str) else None


def _rate(value: object) -> str | None:
    text = _plain(value)
    return text if text is not None and text in map(str, RATES) else None


def _coding(value: object) -> str | None:
    return value if isinstance(value, str) and value in ("AUTO", *CODINGS) else None


def _identity(pattern: str) -> Callable[[object], str | None]:
    shape = re.compile(pattern, re.ASCII)

    def check(value: object) -> str | None:
        text = _plain(value)
        return text if text is not None and shape.fullmatch(text) else None

    return check


def _header_line(value: object) -> str | None:
    return value if isinstance(value, str) and template_fault(value) is None else None


def _plain(value: object) -> str | None:
    """A str as it is, a whole number in digits; a bool means neither."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else None


@dataclass(frozen=True, slots=True)
class Option:
    """A row of the table of options."""

    name: str
    accepted: str
    """What it takes, for people."""
    default: str | None
    """None: unset."""
    check: Callable[[object], str | None]
    """The value in its one spelling, or None when it is not one."""


OPTIONS: dict[str, Option] = {
    option.name: option
    for option in (
        Option("SubscriberId", "'' or up to 20 of 0-9 + space", "", _identity(r"[0-9+ ]{0,20}")),
        Option("v17", "'YES' or 'NO'", "YES", _yes_no),
        Option("v29", "'YES' or 'NO'", "YES", _yes_no),
        Option("v27", "'YES' or 'NO'", "YES", _yes_no),
        Option("MinDataRate", " ".join(map(str, RATES)), "2400", _rate),
        Option("MaxDataRate", " ".join(map(str, RATES)), "14400", _rate),
        Option("HighRes", "'YES' or 'NO'; unset follows the document", None, _yes_no),
        Option("ECM", "'YES' or 'NO'", "YES", _yes_no),
        Option("Compression", "'AUTO' 'MH' 'MR' 'MMR'", "AUTO", _coding),
        Option(
            "HeaderLine",
            "'' or a line with " + " ".join(f"{{{field}}}" for field in FIELDS),
            "",
            _header_line,
        ),
        Option("SubAddress", "'' or up to 20 of 0-9 # * + space", "", _identity(r"[0-9#*+ ]{0,20}")),
        Option("Password", "'' or up to 20 of 0-9 # * + space", "", _identity(r"[0-9#*+ ]{0,20}")),
        Option("SelectivePolling", "'' or up to 20 of 0-9 # * + space", "", _identity(r"[0-9#*+ ]{0,20}")),
    )
}


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome of a check."""

    cause: FaxCause
    """NONE: the options are good. Else UNKNOWN_OPTION, UNKNOWN_VALUE or INCONSISTENT_OPTIONS."""
    effective: dict[str, str]
    """The defaults under the given options, as far as they are good; an unset option is absent."""
    failed: dict[object, object]
    """Every offender with its value as given."""
    text: str
    """What is wrong, as a sentence."""


def check(
    given: Mapping[Any, object], defaults: Mapping[str, str] | None = None, *, receiving: bool = False
) -> Checked:
    """Checks fax options as a user gives them. defaults: of the line, over those of the table. receiving:
    they are a receiver's."""
    effective = {option.name: option.default for option in OPTIONS.values() if option.default is not None}
    effective.update(defaults or {})

    unknown = {name: value for name, value in given.items() if name not in OPTIONS}
    values = {
        option.name: option.check(given[option.name]) for option in OPTIONS.values() if option.name in given
    }
    effective.update({name: value for name, value in values.items() if value is not None})
    if unknown:
        names = ", ".join(map(repr, unknown))
        return Checked(
            FaxCause.UNKNOWN_OPTION,
            effective,
            unknown,
            f"unknown option {names}; there is {', '.join(OPTIONS)}",
        )

    bad: dict[object, object] = {name: given[name] for name, value in values.items() if value is None}
    if bad:
        text = "; ".join(
            f"{name}={value!r}: takes {OPTIONS[str(name)].accepted}" for name, value in bad.items()
        )
        return Checked(FaxCause.UNKNOWN_VALUE, effective, bad, text)

    faults = _inconsistencies(effective, receiving)
    if faults:
        offenders = dict.fromkeys(name for names, _ in faults for name in names if name in given)
        failed: dict[object, object] = {name: given[name] for name in offenders}
        return Checked(
            FaxCause.INCONSISTENT_OPTIONS, effective, failed, "; ".join(text for _, text in faults)
        )
    return Checked(FaxCause.NONE, effective, {}, "")


def _inconsistencies(options: Mapping[str, str], receiving: bool) -> list[tuple[tuple[str, ...], str]]:
    """Combinations that make faxing impossible: the options concerned, and a sentence."""
    faults: list[tuple[tuple[str, ...], str]] = []
    low, high = int(options["MinDataRate"]), int(options["MaxDataRate"])
    enabled = [modem for modem in MODEM_RATES if options[modem] == "YES"]
    disabled = tuple(modem for modem in MODEM_RATES if options[modem] == "NO")
    if not enabled:
        faults.append((disabled, "v17, v29 and v27 are all NO: one has to be YES"))
    if low > high:
        faults.append((("MinDataRate", "MaxDataRate"), f"MinDataRate {low} is above MaxDataRate {high}"))
    elif enabled and not any(low <= rate <= high for modem in enabled for rate in MODEM_RATES[modem]):
        faults.append(
            (
                (*disabled, "MinDataRate", "MaxDataRate"),
                f"no enabled modem has a rate from {low} to {high} bit/s",
            )
        )
    if options["Compression"] == "MMR" and options["ECM"] == "NO":
        faults.append((("Compression", "ECM"), "Compression MMR needs ECM"))
    if receiving and options["v17"] == "YES" and ("v29" in disabled or "v27" in disabled):
        faults.append((("v17", "v29", "v27"), "a receiver with V.17 has V.29 and V.27ter, too (T.30)"))
    return faults


def for_engine(effective: Mapping[str, str]) -> EngineOptions:
    """The effective set of a good Checked as the engine wants it."""
    high_res = effective.get("HighRes")
    coding = effective["Compression"]
    return EngineOptions(
        v17=effective["v17"] == "YES",
        v29=effective["v29"] == "YES",
        v27=effective["v27"] == "YES",
        min_rate_bps=int(effective["MinDataRate"]),
        max_rate_bps=int(effective["MaxDataRate"]),
        high_res=None if high_res is None else high_res == "YES",
        ecm=effective["ECM"] == "YES",
        coding=None if coding == "AUTO" else coding,
        subscriber_id=effective["SubscriberId"],
        sub_address=effective["SubAddress"],
        password=effective["Password"],
        selective_polling=effective["SelectivePolling"],
    )
