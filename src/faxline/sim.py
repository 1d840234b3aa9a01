"""The simulated device from Python: what it can do, and addresses for it.

    from faxline import CallChannel, sim with CallChannel(sim.address(far="rtn", save="received.tif",
    faults=[sim.fault("bad_fcs", at=2)])) as channel: ...

A `sim:` line runs the same engine as hardware, against a simulated modem, exchange and far machine, in
virtual time: waiting costs nothing, and the same address gives the same call every time.
"""

import os
from collections.abc import Iterable, Mapping

from faxline._devices.address import address_text
from faxline._devices.sim import parse_fault
from faxline._engine.tables import FAR_MACHINES, FAULT_KINDS, MODEM_KINDS, FarMachine, FaultKind, ModemKind
from faxline._lines.incoming import call_line
from faxline._lines.ptys import DELAY_MS, FIRST_NUMBER, PtyLine, PtyModems
from faxline.channel import CallChannel
from faxline.device import resolve
from faxline.document import FaxToSend

__all__ = [
    "DELAY_MS",
    "FIRST_NUMBER",
    "FarMachine",
    "FaultKind",
    "ModemKind",
    "PtyLine",
    "PtyModems",
    "address",
    "call_in",
    "far_machines",
    "fault",
    "faults",
    "modems",
    "violations",
]


def far_machines() -> tuple[FarMachine, ...]:
    """Every far end of the simulated exchange: its name (`far=`), the number that reaches it, a sentence."""
    return FAR_MACHINES


def faults() -> tuple[FaultKind, ...]:
    """Every fault that the simulated line can inject: its name and what it does."""
    return FAULT_KINDS


def modems() -> tuple[ModemKind, ...]:
    """Every modem that can be simulated (`modem=`): its name and what is odd about it."""
    return MODEM_KINDS


def fault(name: str, at: int = 1, count: int = 1, strength: int | None = None) -> str:
    """One fault for address(): `name` strikes at its at-th opportunity (from 1), count times (0: from then
    on).

    Raises Error for a name that faults() does not list.
    """
    text = f"{name}@{at}x{count}" + ("" if strength is None else f"={strength}")
    parse_fault(text)
    return text


def address(
    number: str = "",
    *,
    save: str | os.PathLike[str] | None = None,
    incoming: str | os.PathLike[str] | None = None,
    replay: str | os.PathLike[str] | None = None,
    seed: int | None = None,
    far: str | None = None,
    modem: str | None = None,
    faults: Iterable[str] = (),
    pace: str | None = None,
    speed: int | None = None,
    delay: int | None = None,
) -> str:
    """A `sim:` address for CallChannel.

    number: the line's own number, up to 23 digits; '' takes a free one. save: the TIFF in which the far
    machine keeps the pages of the latest call. incoming: a document with which a far machine calls, once the
    channel waits for a call. replay: a trace; who answers (or calls, when that call came in) does what the
    far end of its first call did, burst by burst, and understands nothing. seed: 0 to 2**64 - 1, fixes every
    random choice. far: the name of the far machine that answers, whatever number is called; None goes by the
    number. modem: what our end's modem is like, a name of modems(). faults: as fault() makes them, at most
    16. pace: 'virtual' (the default) or 'real'. speed: 1 to 1000 line seconds a second, at pace 'real'.
    delay: of the line, one way, 0 to 5000 ms.

    Raises Error for a value that does not exist, naming those that do.
    """
    text = address_text(
        "sim",
        number,
        {
            "save": save,
            "incoming": incoming,
            "replay": replay,
            "seed": seed,
            "far": far,
            "modem": modem,
            "faults": ",".join(faults) or None,
            "pace": pace,
            "speed": speed,
            "delay": delay,
        },
    )
    resolve(text)
    return text


def call_in(
    channel: CallChannel,
    document: FaxToSend,
    fax_options: Mapping[str, object] | None = None,
) -> None:
    """A far machine calls this simulated line with a document, once the channel waits for a call (and until
    it got through). One such call can be on its way at a time: the latest document counts.

    Raises Error for options and documents that cannot be sent, and when the channel is closed.
    """
    call_line(channel._line, document, fax_options)


def violations(channel: CallChannel) -> tuple[int, str]:
    """How often the simulated line measured a breach of T.30's timing at our end since the channel was
    opened, and the latest in words. Also after close()."""
    return channel._line.violations()
