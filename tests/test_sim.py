"""The simulated device: its addresses, its far machines, its faults."""

import os
from contextlib import suppress
from importlib.metadata import EntryPoint
from pathlib import Path

import pages
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_mock import MockerFixture

from faxline import CallChannel, Error, FaxToSend, sim
from faxline._devices.sim import parse_fault
from faxline._engine.config import EngineConfig
from faxline.device import Address, Device, parse, resolve


@pytest.mark.parametrize(
    ("number", "cause", "confirmed", "raw_cause"),
    [
        ("5550100", "NORMAL", 3, None),
        ("5559876", "NORMAL", 3, None),
        ("5550103", "NOTFAX", 0, "far.A.no-fax-tone"),
        ("5550104", "NORMAL", 3, None),
        ("5550105", "NORMAL", 3, None),
        ("5550106", "PAGEQUALITY", 0, "far.D.rejected"),
        ("5550107", "HANGUP", 1, "far.line-down"),
        ("5550108", "COMMSFAULT", 0, "far.B.training"),
        ("5550110", "TIMEOUT", 0, "far.D.not-ready"),
        ("5550111", "STANDARDMISMATCH", 0, "far.B.t38-only"),
        ("5550113", "ERROR", 0, "local.device"),
    ],
)
def test_who_answers(
    channel: CallChannel, fax: str, number: str, cause: str, confirmed: int, raw_cause: str | None
) -> None:
    assert channel.call(number) == "ANSWERED"
    assert channel.FaxSender.send(FaxToSend(fax)) == cause
    details = channel.FaxSender.Details
    assert (details.pages, details.raw_cause, details.last_page) == (confirmed, raw_cause, True)
    assert bool(details.raw_cause_text) == (raw_cause is not None)


@pytest.mark.parametrize(
    ("number", "settings"),
    [
        ("5550104", {"Modem": "V29", "DataRate": "9600", "ECM": "NO", "Compression": "MH"}),
        ("5550105", {"Modem": "V27", "DataRate": "2400", "ECM": "NO", "Compression": "MH", "HighRes": "NO"}),
    ],
)
def test_lesser_machines(channel: CallChannel, fax: str, number: str, settings: dict[str, str]) -> None:
    channel.call(number)
    assert channel.FaxSender.send(FaxToSend(fax)) == "NORMAL"
    assert channel.FaxSender.Details.negotiated.items() >= settings.items()


def test_a_noisy_line_loses_nothing(saved: Path, tmp_path: Path) -> None:
    made = pages.save_fax(tmp_path / "a.tif", 3, height=1000)
    with CallChannel(sim.address(save=saved)) as channel:
        channel.call("5550109")
        assert channel.FaxSender.send(FaxToSend(tmp_path / "a.tif")) == "NORMAL"
        assert channel.FaxSender.Details.negotiated["ECM"] == "YES"
    assert pages.all_rows(saved) == list(map(pages.rows, made))


def test_every_number_of_the_table_is_tested() -> None:
    numbers = {machine.number for machine in sim.far_machines()}
    assert {f"55501{last:02}" for last in range(14)} <= numbers
    assert all(machine.name and machine.text for machine in sim.far_machines())
    assert all(kind.name and kind.text for kind in sim.faults())


def test_far_by_name(fax: str) -> None:
    (busy,) = (machine for machine in sim.far_machines() if machine.number == "5550101")
    with CallChannel(f"sim:?far={busy.name}") as channel:
        assert channel.call("1") == "IDLE"
        assert channel.cause() == "BUSY"


def test_a_modem_that_is_gone_stays_gone(channel: CallChannel, fax: str) -> None:
    channel.call("5550113")
    assert channel.FaxSender.send(FaxToSend(fax)) == "ERROR"
    assert channel.wait_for_idle() == channel.hang_up() == "IDLE"
    assert channel.cause() == "ERROR"
    assert channel.call("5550100") == "IDLE"
    assert channel.cause() == "ERROR"


def test_save_keeps_the_latest_call(saved: Path, tmp_path: Path) -> None:
    first = pages.save_fax(tmp_path / "a.tif", 3)
    second = pages.save_fax(tmp_path / "b.tif", 1, height=300)
    with CallChannel(sim.address(save=saved)) as channel:
        for name, sent in (("a.tif", first), ("b.tif", second)):
            channel.call("5550100")
            assert channel.FaxSender.send(FaxToSend(tmp_path / name)) == "NORMAL"
            channel.hang_up()
            assert pages.all_rows(saved) == list(map(pages.rows, sent))
    assert [path.name for path in tmp_path.iterdir() if "received" in path.name] == ["received.tif"]


def test_save_has_what_was_confirmed_before_the_far_end_left(saved: Path, fax: str) -> None:
    with CallChannel(sim.address(save=saved)) as channel:
        channel.call("5550107")
        assert channel.FaxSender.send(FaxToSend(fax)) == "HANGUP"
    assert len(pages.all_rows(saved)) == 1


def test_the_same_address_gives_the_same_call(fax: str) -> None:
    def call() -> tuple[int, dict[str, str]]:
        plan = [sim.fault("bad_fcs"), sim.fault("bit_errors", strength=100)]
        with CallChannel(sim.address(seed=7, faults=plan)) as channel:
            channel.call("5550100")
            assert channel.FaxSender.send(FaxToSend(fax)) == "NORMAL"
            return channel._line.now_us(), channel.FaxSender.Details.negotiated

    assert call() == call()


@pytest.mark.parametrize("name", [kind.name for kind in sim.faults()])
@pytest.mark.parametrize("at", range(1, 13))
def test_every_fault_has_an_outcome(fax: str, name: str, at: int) -> None:
    """Whatever strikes, a call ends with a cause, and the next one on the same line is possible or refused
    plainly."""
    with CallChannel(sim.address(faults=[sim.fault(name, at=at)])) as channel:
        if channel.call("5550100") == "ANSWERED":
            cause = channel.FaxSender.send(FaxToSend(fax))
            assert cause not in ("NONE", "UNKNOWN_OPTION", "UNKNOWN_VALUE", "INCONSISTENT_OPTIONS")
            assert (channel.FaxSender.Details.raw_cause is None) == (cause == "NORMAL")
            assert channel.FaxSender.Details.last_page is True
        else:
            assert channel.cause() != "NORMAL"
        assert channel.hang_up() in ("IDLE", "ERROR")


@pytest.mark.wallclock
def test_real_pace(fax: str) -> None:
    with CallChannel(sim.address(pace="real", speed=20)) as channel:
        assert channel.call("5550100") == "ANSWERED"
        assert channel.FaxSender.send(FaxToSend(fax)) == "NORMAL"


# ---- addresses ----


def test_address() -> None:
    assert sim.address() == "sim:"
    text = sim.address(
        "5550001",
        save="/tmp/a b+c.tif",
        seed=3,
        far="busy",
        faults=[sim.fault("bad_fcs", 2, 3), sim.fault("bit_errors", strength=50)],
        pace="real",
        speed=10,
        delay=80,
    )
    assert text == (
        "sim:5550001?save=/tmp/a%20b%2Bc.tif&seed=3&far=busy&faults=bad_fcs@2x3,bit_errors@1x1=50"
        "&pace=real&speed=10&delay=80"
    )
    device = resolve(text)
    assert device.save == Path("/tmp/a b+c.tif")
    config = device.config
    assert (config.number, config.seed, config.far, config.real_pace) == ("5550001", 3, "busy", True)
    assert (config.speed, config.delay_ms, config.save, len(config.faults)) == (10, 80, True, 2)


@pytest.mark.parametrize(
    ("text", "at", "count", "strength"),
    [
        ("bad_fcs", 1, 1, 0),
        ("bad_fcs@2", 2, 1, 0),
        ("bad_fcs@2x3", 2, 3, 0),
        ("bad_fcs@4x0", 4, 0, 0),
        ("bad_fcs@1=50", 1, 1, 50),
        ("bad_fcs=50", 1, 1, 50),
    ],
)
def test_fault_syntax(text: str, at: int, count: int, strength: int) -> None:
    fault = parse_fault(text)
    assert (fault.name, fault.at, fault.count, fault.arg) == ("bad_fcs", at, count, strength)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("", "sim"),
        ("sim", "starts with a scheme"),
        ("/dev/ttyACM0", "starts with a scheme"),
        ("isdn:0", "isdn.*class1, sim"),
        ("class1:", "names a serial port"),
        ("class1:/dev/ttyACM0?profile=x", "profile=.x.: there is generic, usr"),
        ("class1:/dev/ttyACM0?baud=12", "baud=.12.: there is 2400"),
        ("class1:/dev/ttyACM0?flow=xon", "rtscts, none"),
        ("class1:/dev/ttyACM0?dial=loud", "tone, pulse"),
        ("class1:/dev/ttyACM0?answer-timeout=0", "1 to 255"),
        ("class1:/dev/ttyACM0?pace=real", "no option .pace.; there is answer-timeout, baud"),
        ("class1:/dev/no-such-device", "no such device"),
        ("class1:/dev/null", "not a serial port"),
        ("class1:/etc/passwd", "not a serial port"),
        (
            "sim:?colour=red",
            "colour.*delay, far, faults, incoming, modem, number, pace, replay, save, seed",
        ),
        ("sim:?far=moon", "moon.*busy"),
        ("sim:?faults=gremlin", "gremlin.*bad_fcs"),
        ("sim:?faults=bad_fcs@", "not written"),
        ("sim:?faults=bad_fcs@0", "not written"),
        ("sim:?faults=bad_fcs@x", "not written"),
        ("sim:?faults=bad_fcs@1x", "not written"),
        ("sim:?faults=bad_fcs@-1", "not written"),
        ("sim:?faults=bad_fcs=", "not written"),
        ("sim:?faults=" + ",".join(["bad_fcs"] * 17), "17 faults"),
        ("sim:?pace=fast", "fast.*virtual, real"),
        ("sim:?speed=0", "1 to 1000"),
        ("sim:?speed=x", "1 to 1000"),
        ("sim:?seed=-1", "seed"),
        (f"sim:?seed={2**64}", "seed"),
        ("sim:?delay=9999", "delay"),
        ("sim:?delay=" + "9" * 5000, "delay"),
        ("sim:?save=", "names no file"),
        ("sim:?save=/nowhere/at/all/x.tif", "does not exist"),
        ("sim:?save=/", "names no file"),
        ("sim:12ab", "12ab"),
        ("sim:" + "1" * 24, "23 digits"),
        ("sim:1?number=2", "twice"),
        ("sim:?seed=1&seed=2", "twice"),
        ("sim:?seed", "name=value"),
    ],
)
def test_bad_addresses(address: str, words: str) -> None:
    with pytest.raises(Error, match=words):
        CallChannel(address)


def test_an_address_is_a_string() -> None:
    with pytest.raises(TypeError):
        CallChannel(3)  # type: ignore[arg-type]


def test_another_distribution_adds_a_driver(mocker: MockerFixture, fax: str) -> None:
    points = [
        EntryPoint("lab", "test_sim:lab_driver", "faxline.drivers"),
        EntryPoint("sim", "test_sim:lab_driver", "faxline.drivers"),
    ]
    found = mocker.patch("faxline.device.entry_points", return_value=points)
    with CallChannel("lab:rack 2?slot=3") as channel:
        assert channel.call("1") == "IDLE"
        assert channel.cause() == "BUSY"
    with CallChannel("sim:") as channel:
        assert channel.call("1") == "ANSWERED"
    assert found.call_args.kwargs == {"group": "faxline.drivers"}
    with pytest.raises(Error, match=r"class1, lab, sim"):
        CallChannel("isdn:")


def lab_driver(address: Address) -> Device:
    assert (address.rest, address.options) == ("rack 2", {"slot": "3"})
    return Device(address.text, EngineConfig(far="busy"))


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_address_is_a_device_or_an_error(rest: str, query: str) -> None:
    for text in (rest, f"sim:{rest}", f"sim:?{query}", f"sim:?save={query}", f"sim:?faults={query}"):
        with suppress(Error):  # and nothing else
            resolve(text)


def test_percent_escapes() -> None:
    assert parse("sim:?save=a%26b+c%3D.tif").options == {"save": "a&b+c=.tif"}


def test_two_lines_at_once(fax: str) -> None:
    with CallChannel("sim:") as one, CallChannel("sim:") as two:
        assert one.call("5550100") == two.call("5550104") == "ANSWERED"
        assert one.FaxSender.start(FaxToSend(fax))
        assert two.FaxSender.start(FaxToSend(fax))
        assert one.FaxSender.wait_until_finished() == two.FaxSender.wait_until_finished() == "NORMAL"


def test_a_file_that_cannot_be_kept_ends_no_fax(
    fax: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The address was good when the line was opened; then the directory went."""
    folder = tmp_path / "gone"
    folder.mkdir()
    with CallChannel(f"sim:?save={folder}/received.tif") as channel:
        folder.rmdir()
        assert channel.call("5550100") == "ANSWERED"
        assert channel.FaxSender.send(FaxToSend(fax)) == "NORMAL"
    assert "page 1 is not saved" in caplog.text


def test_the_seed_decides_what_is_left_to_chance(fax: str) -> None:
    def seconds(seed: int) -> float:
        with CallChannel(f"sim:?seed={seed}") as channel:
            channel.call("5550109")  # a noisy line
            assert channel.FaxSender.send(FaxToSend(fax)) == "NORMAL"
            return channel.FaxSender.Details.seconds

    assert seconds(1) == seconds(1)
    assert len({seconds(seed) for seed in range(4)}) > 1


def test_the_file_of_a_far_machine_is_closed(tmp_path: Path, fax: str) -> None:
    def open_files() -> list[str]:
        links = (os.path.join("/proc/self/fd", name) for name in os.listdir("/proc/self/fd"))
        return [os.readlink(link) for link in links if os.path.lexists(link)]

    with CallChannel(f"sim:?save={tmp_path / 'far.tif'}") as channel:
        for _ in range(2):
            channel.call("5550100")
            assert channel.FaxSender.send(FaxToSend(fax)) == "NORMAL"
            channel.hang_up()
            assert len([path for path in open_files() if "far.tif" in path]) <= 1
    assert [path for path in open_files() if "far.tif" in path] == []
