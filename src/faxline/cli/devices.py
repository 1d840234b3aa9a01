"""faxline devices: which modems are there."""

import json

import click

from faxline._devices.ports import FoundDevice, devices
from faxline.cli import status


@click.command()
@click.argument("path", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON list of all that is known.")
@click.option("--no-probe", is_flag=True, help="Open no port, and speak with no modem.")
def command(path: str | None, as_json: bool, no_probe: bool) -> int:
    """List the serial ports and the modems behind them; PATH: only this one.

    A modem is asked what it is, on a port that is free, within some seconds. The exit status is 0, and 1 when
    PATH is no usable modem.

    \b
    Examples:
      faxline devices
      faxline devices /dev/ttyACM0
      faxline devices --json --no-probe
    """
    found = devices(path, probe=not no_probe)
    if as_json:
        print(json.dumps([device.as_dict() for device in found], indent=2))
    elif not found:
        print("no serial port found")
    else:
        print("\n\n".join("\n".join(_lines(device)) for device in found))
    bad = path is not None and not no_probe and not any(device.usable for device in found)
    return status.USAGE if bad else status.OK


def _lines(device: FoundDevice) -> list[str]:
    state = "usable" if device.usable else "not usable" if device.probed or device.advice else "not asked"
    rows = {
        "address": device.device,
        "description": device.description,
        "USB": device.usb_id,
        "chip": device.chip,
        "says it is": device.identity,
        "classes": device.classes,
        "profile": device.profile,
        "sends": ", ".join(device.send),
        "receives": ", ".join(device.receive),
        "in use by": device.in_use_by,
        "advice": device.advice,
    }
    return [f"{device.path}: {state}"] + [f"    {name:<12} {value}" for name, value in rows.items() if value]
