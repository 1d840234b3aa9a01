"""What the shell completes: devices, numbers, fax options and their values. Called by click while a line is
typed, so whatever goes wrong gives no candidates and no message."""

import os
from collections.abc import Iterable

import click
from click.shell_completion import CompletionItem

from faxline import options
from faxline._engine.tables import FAR_MACHINES, FAULT_KINDS
from faxline.cli.config import Config, ConfigError

CONFIG = "faxline.config"
"""Where the context keeps the configuration."""

_VALUES = {
    "v17": ("YES", "NO"),
    "v29": ("YES", "NO"),
    "v27": ("YES", "NO"),
    "HighRes": ("YES", "NO"),
    "ECM": ("YES", "NO"),
    "MinDataRate": tuple(map(str, options.RATES)),
    "MaxDataRate": tuple(map(str, options.RATES)),
    "Compression": ("AUTO", "MH", "MR", "MMR"),
}
"""Of the fax options that have a list of them."""

_SIM = {
    "far": tuple(machine.name for machine in FAR_MACHINES),
    "faults": tuple(kind.name for kind in FAULT_KINDS),
    "pace": ("virtual", "real"),
    "speed": (),
    "seed": (),
    "delay": (),
    "save": (),
    "incoming": (),
}


def _items(candidates: Iterable[tuple[str, str]], incomplete: str) -> list[CompletionItem]:
    return [
        CompletionItem(text, help=help or None) for text, help in candidates if text.startswith(incomplete)
    ]


def _config(context: click.Context) -> Config:
    found = context.meta.get(CONFIG)
    return found if isinstance(found, Config) else Config()


def fax_options(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """NAME=, then NAME=VALUE."""
    name, equals, _ = incomplete.partition("=")
    if equals:
        return _items(((f"{name}={value}", "") for value in _VALUES.get(name, ())), incomplete)
    return _items(((f"{option.name}=", option.accepted) for option in options.OPTIONS.values()), incomplete)


def devices(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Lines of the configuration file, sim: and its options, the serial ports that are there."""
    scheme, question, query = incomplete.partition("?")
    if question and scheme.startswith("sim:"):
        done, _, last = query.rpartition("&")
        before = f"{scheme}?{done}{'&' * bool(done)}"
        name, equals, _ = last.partition("=")
        words = [f"{name}={value}" for value in _SIM.get(name, ())] if equals else [f"{key}=" for key in _SIM]
        return _items(((before + word, "") for word in words), incomplete)
    candidates = [(name, line.device) for name, line in _config(context).lines.items()]
    candidates.append(("sim:", "the simulated device"))
    candidates += [(f"class1:{port}", "a serial port") for port in _ports()]
    return _items(candidates, incomplete)


def numbers(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Far ends that have a name; on the simulated device its far machines."""
    config = _config(context)
    candidates = list(config.numbers.items())
    try:
        device = config.device(context.params.get("device") or "")
    except ConfigError:
        device = ""
    if device.startswith("sim:"):
        candidates += [(machine.number, machine.text) for machine in FAR_MACHINES if machine.number]
    return _items(candidates, incomplete)


def _ports() -> list[str]:
    from serial.tools import list_ports

    by_id = "/dev/serial/by-id"
    if os.path.isdir(by_id):
        return sorted(os.path.join(by_id, name) for name in os.listdir(by_id))
    return sorted(port.device for port in list_ports.comports())
