"""Addresses of Class 1 modems on serial ports: `class1:/dev/ttyACM0?profile=...`."""

import os

from faxline._devices.address import Address, Device, Options, one_of, read_options, whole
from faxline._engine.config import EngineConfig, Modem
from faxline._engine.tables import BAUDS, PROFILES
from faxline.errors import Error

_PATH_MAX = 255


def driver(address: Address) -> Device:
    """The device of a `class1:` address."""
    if not address.rest or "\0" in address.rest or len(os.fsencode(address.rest)) > _PATH_MAX:
        raise Error(f"{address.text!r}: it names a serial port, as in 'class1:/dev/ttyACM0'")
    values = read_options(address, _OPTIONS)
    speed = values.pop("speed", 1)
    # A real line has real time.
    return Device(
        address.text, EngineConfig(modem=Modem(address.rest, **values), real_pace=True, speed=speed)
    )


_OPTIONS: Options = {
    "profile": ("profile", one_of(PROFILES)),
    "baud": ("baud", one_of({str(baud): baud for baud in BAUDS})),
    "flow": ("hardware_flow", one_of({"rtscts": True, "none": False})),
    "dial": ("pulse", one_of({"tone": False, "pulse": True})),
    "answer-timeout": ("answer_timeout_s", whole(1, 255)),
    "speed": ("speed", whole(1, 1000)),
}
"""By the fields of Modem; speed is EngineConfig's."""
