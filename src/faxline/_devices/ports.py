"""Which serial ports there are, what modems are behind them, and what is the matter with the others.

pyserial lists the ports; the engine's own Class 1 driver speaks with the modems, so that what is said here is
what a channel finds.
"""

import os
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from faxline._engine.config import EngineConfig, Modem
from faxline._engine.engine import Engine, ModemInfo, ModemState, port_user
from faxline.errors import Error

_BY_ID = Path("/dev/serial/by-id")
_FIRST_ANSWER_S = 3.5
_PROBE_S = 10.0
_LOOK_S = 0.02

_CHIPS = {
    "0572": "Conexant/Synaptics CX93001 or CX93010",
    "0572:1321": "Conexant CX93010",
    "0572:1324": "Conexant CX93010 (RD02-D400)",
    "0572:1329": "Conexant CX93010",
    "0572:1340": "Conexant CX93001",
    "0572:1349": "Conexant CX93001",
    "0803": "Zoom (Conexant CX93001)",
    "0baf": "U.S. Robotics",
    "06e0": "MultiTech (TI 3410 bridge)",
    "17ef:7000": "Lenovo USB modem (Conexant CX93010)",
    "067b": "Prolific PL2303, a USB to RS-232 cable",
    "0403": "FTDI, a USB to RS-232 cable",
    "10c4": "Silicon Labs CP210x, a USB to RS-232 cable",
    "1a86": "WCH CH34x, a USB to RS-232 cable",
}
"""USB chips by vendor:product, or by vendor."""

_NO_MODEMS = {
    "2341": "an Arduino",
    "2a03": "an Arduino",
    "1546": "a u-blox GPS receiver",
    "2e8a": "a Raspberry Pi Pico",
}
"""USB vendors whose devices are reset or upset by being spoken to."""

_MODULATIONS = {
    "V.27ter": {24: 2400, 48: 4800},
    "V.29": {72: 7200, 96: 9600},
    "V.17": {73: 7200, 97: 9600, 121: 12000, 145: 14400},
}


@dataclass(frozen=True, slots=True)
class FoundDevice:
    """A serial port, and the modem behind it."""

    path: str
    """Such as /dev/ttyACM0; another one after the next boot, perhaps."""
    stable_path: str
    """Its name in /dev/serial/by-id, which stays; the same as path when it has none."""
    device: str
    """The address for CallChannel."""
    description: str = ""
    usb_id: str = ""
    """vendor:product in hexadecimal, '' when it is no USB device."""
    chip: str = ""
    in_use_by: str = ""
    """'process 12 (minicom)', or ''."""
    probed: bool = False
    """The modem was spoken to."""
    usable: bool = False
    """A Class 1 modem answers, and nobody else has it."""
    identity: str = ""
    """What the modem says of itself."""
    profile: str = ""
    """The family that it is taken for (docs/class1.md)."""
    classes: str = ""
    """The fax classes that it says it has."""
    send: tuple[str, ...] = ()
    """What it can send: 'V.17 14400 12000 9600 7200', ..."""
    receive: tuple[str, ...] = ()
    advice: str = ""
    """What will not work, or may not, and what helps; '' when all is well."""

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


def devices(path: str | os.PathLike[str] | None = None, *, probe: bool = True) -> list[FoundDevice]:
    """The serial ports of this machine and the modems behind them, the usable ones first.

    path: this one only, whether it is listed or not. probe=False: nothing is opened, no modem is spoken to.
    A port that is in use, the kernel's console, and what is known to be no modem are never opened. Takes a
    few seconds, however many ports there are.
    """
    found = list(_listed()) if path is None else [_described(os.fspath(path))]
    found = [_looked_at(device) for device in found]
    if probe and found:
        with ThreadPoolExecutor(max_workers=min(len(found), 16)) as workers:
            found = list(workers.map(_probed, found))
    return sorted(found, key=lambda device: (not device.usable, device.path))


# ---- ports ----


def _listed() -> Iterable[FoundDevice]:
    from serial.tools import list_ports

    for port in list_ports.comports():
        usb_id = "" if port.vid is None else f"{port.vid:04x}:{port.pid:04x}"
        description = port.description if port.description != "n/a" else ""
        yield _named(port.device, usb_id, description)


def _described(path: str) -> FoundDevice:
    real = os.path.realpath(path)
    for device in _listed():
        if os.path.realpath(device.path) == real:
            return device
    return _named(path, "", "")


def _named(path: str, usb_id: str, description: str) -> FoundDevice:
    stable = _stable_path(path)
    chip = _CHIPS.get(usb_id) or _CHIPS.get(usb_id[:4], "")
    return FoundDevice(path, stable, f"class1:{stable}", description, usb_id, chip)


def _stable_path(path: str) -> str:
    real = os.path.realpath(path)
    if _BY_ID.is_dir():
        for link in sorted(_BY_ID.iterdir()):
            if os.path.realpath(link) == real:
                return str(link)
    return path


# ---- what can be known without opening it ----


def _looked_at(device: FoundDevice) -> FoundDevice:
    for question in (_is_console, _is_no_modem, _is_used):
        device = question(device)
        if device.advice:
            break
    return device


def _is_console(device: FoundDevice) -> FoundDevice:
    flag = Path("/sys/class/tty") / os.path.basename(os.path.realpath(device.path)) / "console"
    try:
        console = flag.read_text().strip() == "Y"
    except OSError:
        console = False
    if not console:
        return device
    return replace(device, advice="the kernel has its console on it: no port for a modem")


def _is_no_modem(device: FoundDevice) -> FoundDevice:
    what = _NO_MODEMS.get(device.usb_id[:4])
    return device if what is None else replace(device, advice=f"it is {what}, and no modem")


def _is_used(device: FoundDevice) -> FoundDevice:
    user = port_user(device.path)
    # Both ends of a pseudo-terminal may belong to the program that plays the modem.
    if user is None or os.path.realpath(device.path).startswith("/dev/pts/"):
        return device
    pid, name = user
    advice = f"process {pid} ({name}) has it in use: end that first"
    if name == "ModemManager":
        advice = f"ModemManager (process {pid}) holds it: tell it by a udev rule to leave it alone ({_RULE})"
    return replace(device, in_use_by=f"process {pid} ({name})", advice=advice)


_RULE = "ID_MM_DEVICE_IGNORE, see docs/serial.md"


# ---- what only the modem knows ----


def _probed(device: FoundDevice) -> FoundDevice:
    if device.advice:
        return device
    try:
        info = _ask(device.path)
    except Error as error:
        return replace(device, advice=str(error).removeprefix(f"{device.path}: "))
    device = replace(
        device,
        probed=True,
        usable=info.state is ModemState.READY,
        identity=info.identity,
        profile=info.profile if info.answers else "",
        classes=info.classes,
    )
    if device.usable:
        return replace(
            device, send=_modulations(info.send), receive=_modulations(info.receive), advice=_doubt(device)
        )
    return replace(device, advice=_trouble(info))


def _ask(path: str) -> ModemInfo:
    """Has the engine bring the modem up, for as long as something comes of it. Raises Error."""
    engine = Engine(EngineConfig(modem=Modem(path), real_pace=True))
    try:
        began = time.monotonic()
        while True:
            info = engine.modem()
            assert info is not None
            waited = time.monotonic() - began
            if info.state is not ModemState.COMING or waited > _PROBE_S:
                return info
            if waited > _FIRST_ANSWER_S and not info.answers:
                return info
            time.sleep(_LOOK_S)
    finally:
        engine.close()
        engine.free()


def _trouble(info: ModemInfo) -> str:
    if not info.answers:
        return (
            "nothing answers to AT: no modem, or it is switched off, or it hangs (pull it out and in again)"
        )
    if info.classes:
        return (
            f"the modem does not take AT+FCLASS=1 (it says that it has {info.classes}): faxline needs Class 1"
        )
    return (
        "the modem answers, and does not come up: switch it off and on, and try the address with ?flow=none"
    )


def _doubt(device: FoundDevice) -> str:
    """What may go wrong with a modem that works now."""
    if device.usb_id and _runs("ModemManager") and not _is_ignored(device.path):
        return (
            f"ModemManager is running, and may take it at any time: tell it by a udev rule not to ({_RULE})"
        )
    return ""


def _runs(name: str) -> bool:
    def is_it(process: Path) -> bool:
        try:
            return (process / "comm").read_text().strip() == name
        except OSError:
            return False

    return any(is_it(process) for process in Path("/proc").glob("[0-9]*"))


def _is_ignored(path: str) -> bool:
    try:
        number = os.stat(path).st_rdev
        known = Path(f"/run/udev/data/c{os.major(number)}:{os.minor(number)}").read_text()
    except OSError:
        return False
    return "ID_MM_DEVICE_IGNORE=1" in known or "ID_MM_PORT_IGNORE=1" in known


def _modulations(codes: Iterable[int]) -> tuple[str, ...]:
    has = set(codes)
    lines = []
    for name, rates in reversed(_MODULATIONS.items()):
        spoken = [str(rate) for code, rate in sorted(rates.items(), reverse=True) if code in has]
        if spoken:
            lines.append(f"{name} {' '.join(spoken)}")
    return tuple(lines)
