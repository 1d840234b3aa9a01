"""What an engine is opened with, and what a fax may use: plain Python, and the structs of csrc/faxline.h that
it becomes."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from faxline._engine.binding import ffi, lib
from faxline._engine.play import Play, c_play
from faxline._engine.tables import CODINGS, FAR_MACHINES, FAULT_KINDS, MODEM_KINDS


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """One fault of a plan: its kind at the at-th operation (from 1), count times (0 = from then on)."""

    name: str
    at: int = 1
    count: int = 1
    arg: int = 0


@dataclass(frozen=True, slots=True)
class Modem:
    """A Class 1 modem for an EngineConfig: a serial port, or octets that an extension moves."""

    path: str = ""
    pipe: Callable[[], int] | None = None
    """Makes a struct fl_pipe (csrc/line/pipe.h) when the line is opened and returns its address; the engine
    takes it over, also when it does not open."""
    baud: int = 115200
    hardware_flow: bool = True
    profile: str = ""
    """'' = by what the modem says of itself."""
    pulse: bool = False
    answer_timeout_s: int = 0


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """struct fl_channel_config: the simulated board, or a modem."""

    modem: Modem | None = None
    office: str = ""
    """Lines with the same office share one clock (see _lines/offices.py)."""
    number: str = ""
    real_pace: bool = False
    speed: int = 1
    delay_ms: int = 0
    seed: int = 0
    far: str | None = None
    faults: tuple[FaultPlan, ...] = ()
    personality: str = "generic"
    """Of the simulated modem: a name of MODEM_KINDS."""
    pty: bool = False
    """The modem is on a pseudo-terminal, in place of a station of ours."""
    trace: bool = False
    save: bool = False
    play: Play | None = None
    """A recorded call, which the far machine of the simulated board plays."""


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """struct fl_fax_options. high_res: None follows the document; coding: None takes the smallest."""

    v17: bool
    v29: bool
    v27: bool
    min_rate_bps: int
    max_rate_bps: int
    high_res: bool | None
    ecm: bool
    coding: str | None
    subscriber_id: str
    sub_address: str
    password: str
    selective_polling: str


# ---- as structs ----


def c_config(config: EngineConfig) -> tuple[Any, list[Any]]:
    """As struct fl_channel_config, without an office; and what that points to, which has to live as long as
    the channel."""
    settings = ffi.new("struct fl_channel_config *")
    kept: list[Any] = []
    settings.board = lib.FL_BOARD_SIM
    if config.modem is not None:
        _set_modem(settings, config.modem)
    settings.pace = lib.FL_PACE_REAL if config.real_pace else lib.FL_PACE_VIRTUAL
    settings.speed = config.speed
    settings.trace = config.trace
    settings.save = config.save
    settings.far = -1 if config.far is None else [machine.name for machine in FAR_MACHINES].index(config.far)
    settings.delay_ms = config.delay_ms
    settings.personality = [kind.name for kind in MODEM_KINDS].index(config.personality)
    settings.pty = config.pty
    settings.seed = config.seed
    settings.number = config.number.encode("ascii")
    if config.play is not None:
        kept = c_play(config.play)
        settings.play = kept[0]
    settings.fault_count = len(config.faults)
    kinds = [kind.name for kind in FAULT_KINDS]
    for slot, fault in zip(settings.faults, config.faults, strict=False):
        slot.kind = kinds.index(fault.name)
        slot.at, slot.count, slot.arg = fault.at, fault.count, fault.arg
    return settings, kept


def _set_modem(settings: Any, modem: Modem) -> None:
    settings.board = lib.FL_BOARD_PIPE
    settings.path = os.fsencode(modem.path)
    settings.baud = modem.baud
    settings.flow = lib.FL_FLOW_RTSCTS if modem.hardware_flow else lib.FL_FLOW_NONE
    settings.profile = modem.profile.encode("ascii")
    settings.pulse = modem.pulse
    settings.answer_timeout_s = modem.answer_timeout_s
    settings.pipe = ffi.NULL if modem.pipe is None else ffi.cast("struct fl_pipe *", modem.pipe())


def c_options(options: EngineOptions) -> Any:
    """As struct fl_fax_options."""
    return ffi.new(
        "struct fl_fax_options *",
        {
            "v17": options.v17,
            "v29": options.v29,
            "v27": options.v27,
            "min_rate_bps": options.min_rate_bps,
            "max_rate_bps": options.max_rate_bps,
            "high_res": -1 if options.high_res is None else int(options.high_res),
            "ecm": options.ecm,
            "compression": -1 if options.coding is None else CODINGS.index(options.coding),
            "subscriber_id": options.subscriber_id.encode("ascii"),
            "sub_address": options.sub_address.encode("ascii"),
            "password": options.password.encode("ascii"),
            "selective_polling": options.selective_polling.encode("ascii"),
        },
    )
