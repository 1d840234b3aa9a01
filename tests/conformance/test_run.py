"""The runner itself, with cases of our own in the format of its files; some of them ask for too much."""

import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from peer import bits, t4
from peer.call import Call, Outcome, Program
from peer.line import Line
from peer.modem import Modem

from . import run
from .cases import Case, Repeat, read
from .charts import chart
from .coded import block_of, coded
from .judge import Held, Verdict, look
from .player import Notes, Sent, shown

WAIT = '<step type="WAIT" value="75"/>'
LEAVES = '<step dir="T" type="CLEAR"/><step dir="R" type="CLEAR" timein="0" timeout="100"/>'
MSG = '<step dir="T" type="MSG" modem="V.29/9600" value="a4_white.tif"/>'
EOP, PPS_EOP = "FF C8 74", "FF C8 7D 74 00 00 B4"
CFR, FTT, MCF = "FF C8 21", "FF C8 22", "FF C8 31"
ECM = "FF C8 41 00 60 1F 30"


def say(value: str) -> str:
    preamble = f'{WAIT}<step dir="T" type="PREAMBLE" modem="V.21"/>'
    return f'{preamble}<step dir="T" type="HDLC" value="{value}"/><step dir="T" type="POSTAMBLE"/>'


def hear(value: str, more: str = "") -> str:
    step = f'<step dir="R" type="HDLC" modem="V.21" value="{value}" {more}/>'
    return step + '<step dir="R" type="SILENCE"/>'


def block(bad: int) -> str:
    step = f'<step dir="T" type="PP" value="a4_white.tif" frame_size="64" crc_error="{bad}"/>'
    preamble = '<step dir="T" type="PREAMBLE" modem="V.29/9600"/>'
    return f'{preamble}{step}<step dir="T" type="POSTAMBLE"/>'


def called(
    page: str = MSG,
    *,
    dcs: str = "FF C8 41 00 60 0E",
    trained: str = CFR,
    command: str = EOP,
    status: str = "OK",
    dis: str = "",
) -> str:
    """Our end receives a page."""
    begin = '<step type="CALL"/><step dir="R" type="CED"/>' + hear("FF C8 01 ...", dis) + say(dcs)
    training = f'{WAIT}<step dir="T" type="TCF" modem="V.29/9600" value="1800"/>{hear(trained)}'
    busy = f'<repeat min="0">{hear("FF C8 37")}{say("FF C8 76")}</repeat>'
    end = f'{say("FF C8 5F")}{LEAVES}<step type="STATUS" value="{status}"/>'
    return begin + training + WAIT + page + say(command) + busy + hear(MCF) + end


def calls(modem: str = "V.29/9600") -> str:
    """Our end sends a page."""
    begin = '<step type="ANSWER" value="a4_white.tif"/><step dir="T" type="SET" tag="IDENT" value="+49 30"/>'
    tones = f'<step dir="R" type="CNG"/><step dir="T" type="CED"/>{say("FF C8 01 00 70 1E")}'
    tsi = '<step dir="R" type="HDLC" modem="V.21" value="FF C0 C2 0C CC 04 9C 2C D4 ..."/>'
    dcs = '<step dir="R" type="HDLC" value="FF C8 C1 00 ..."/>'
    fast = f'<step dir="R" type="TCF" modem="{modem}"/>{say(CFR)}<step dir="R" type="MSG" modem="{modem}"/>'
    end = hear("FF C8 F4") + say(MCF) + hear("FF C8 DF")
    hook = '<step dir="R" type="CLEAR" timein="800" timeout="1200"/><step type="STATUS" value="OK"/>'
    return begin + tones + tsi + dcs + fast + end + hook


RIGHT = {
    "receives": called(),
    "corrects": called(block(-1), dcs=ECM, command=PPS_EOP),
    "sends": calls(),
}
WRONG = {
    "wrong-frame": called(trained=FTT),
    "wrong-status": called(status="CALLDROPPED"),
    "wrong-carrier": calls("V.27ter/4800"),
    "damaged-block": called(block(3), dcs=ECM, command=PPS_EOP),
    "too-late": called(dis='timeout="200"'),
}


def written(folder: Path, cases: dict[str, str]) -> str:
    tests = "".join(f'<test name="{name}">{steps}</test>' for name, steps in cases.items())
    file = folder / "cases.xml"
    file.write_text(f'<fax-tests><test-group name="ours">{tests}</test-group></fax-tests>')
    return str(file)


def played(monkeypatch: pytest.MonkeyPatch, words: list[str]) -> int:
    monkeypatch.setattr(sys, "argv", ["run.py", *words])
    return run.main()


@pytest.mark.wallclock
def test_cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Those that are right pass; of each of the others the runner says where it goes otherwise."""
    monkeypatch.setattr(run, "AGAIN", 8.0)
    assert played(monkeypatch, [written(tmp_path, RIGHT | WRONG), "-j", "8"]) == 1
    lines = capsys.readouterr().out.splitlines()
    results = {line.split()[0]: line.split()[1] for line in lines[:-1]}
    assert results == dict.fromkeys(RIGHT, "ok") | dict.fromkeys(WRONG, "FAILED")
    where = {line.split()[0]: line.partition(" at ")[2] for line in lines[:-1]}
    assert where["wrong-frame"].startswith("11: expected HDLC V.21 FF C8 22; got CFR (FF C8 21)")
    assert where["wrong-status"].startswith("status: expected CALLDROPPED; got NORMAL")
    assert where["wrong-carrier"].startswith(
        "11: expected TCF V.27ter/4800, a carrier of 48; got a carrier of 96"
    )
    assert "got PPR" in where["damaged-block"]
    assert where["too-late"].startswith("3: expected HDLC")
    assert lines[-1] == "3 of 8 as written, 0 otherwise as documented, 5 failed"


@pytest.mark.wallclock
def test_chosen_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = tmp_path / "records"
    words = [written(tmp_path, RIGHT | WRONG), "receives", "--records", str(records)]
    assert played(monkeypatch, words) == 0
    assert [file.name for file in records.iterdir()] == ["receives.txt"]
    assert "ATA" in (records / "receives.txt").read_text()


def verdict(name: str, where: str = "") -> Verdict:
    return Verdict(Case(name, ()), where, "MCF", "RTN")


def test_documented() -> None:
    """A case that goes otherwise without a row fails, and so does one that goes as written and has one."""
    head = "| case | it expects | we |\n| --- | --- | --- |"
    rows = run.known(f"{run.HEADING}\n\n{head}\n| B01, C-x | a | b |\n\n## Next\n| D | e | f |")
    assert rows == {"B01": "b", "C-x": "b"}
    text, fine = run.table([verdict("A"), verdict("B01", "7"), verdict("C-x", "8")], rows)
    assert fine
    assert "differs at 7: expected MCF; got RTN" in text
    assert not run.table([verdict("A", "7")], rows)[1]
    assert not run.table([verdict("B01")], rows)[1]
    assert {"MRGX01", "MTGN28"} <= set(run.known(run.DOCUMENTED.read_text()))


def test_format(tmp_path: Path) -> None:
    repeat = f'<!-- none --><repeat min="2" max="3">{hear(MCF)}</repeat>'
    page = '<step dir="T" type="MSG" value="a4_error.tif" bad_rows="79,\n 85"/>'
    case = read(Path(written(tmp_path, {"one": repeat + page})))[0]
    first, second = case.steps
    assert isinstance(first, Repeat)
    assert (first.least, first.most, len(first.steps)) == (2, 3, 2)
    assert not isinstance(second, Repeat)
    assert second.number == 3
    assert second.more["bad_rows"] == "79, 85"


def test_charts() -> None:
    assert [len(chart(f"a4_{name}.tif")[0]) for name in ("white", "impress", "error")] == [1100, 1079, 400]
    white = chart("etsi_300_242_a4_white_2p.tif")
    assert white == [[[]] * 1100] * 2
    assert chart("a4_stairstep")[0][26:28] == [[1664], [0, 64]]
    assert chart("a4_diago1")[0][:3] == [[0], [1], [2]]


def test_damage(tmp_path: Path) -> None:
    steps = '<step dir="T" type="PP" value="a4_stairstep.tif" {}/>'
    plain, bad, later, rows = (
        next(read(Path(written(tmp_path, {"x": steps.format(more)})))[0].flat())
        for more in ("", 'crc_error="214"', 'min_bits="141" block="1" crc_error="256"', 'bad_rows="1"')
    )
    assert [n for n, (_, right) in block_of(bad).items() if not right] == [214]
    assert len(block_of(plain)) == 215
    assert [n for n, (_, right) in block_of(later).items() if not right] == [0]
    assert coded(plain)[:3] != coded(rows)[:3]
    assert coded(plain)[3:] == coded(rows)[3:]
    assert shown(coded(rows)[:2]) == "00 1B"


def test_pages(tmp_path: Path) -> None:
    """What was confirmed must count, and be what was sent."""
    case = read(Path(written(tmp_path, {"x": '<step type="ANSWER" value="a4_white.tif"/>'})))[0]
    white, stairs = chart("a4_white")[0], chart("a4_stairstep")[0]

    def found(sent: t4.Page, received: t4.Page, count: int = 1) -> str:
        octets = bits.to_octets("".join(t4.mh(sent)))
        outcome = Outcome(cause="NORMAL", sent=count, received=count)
        call = Call(cast(Line, SimpleNamespace(off_hook=False)), cast(Modem, None), outcome)
        notes = Notes(sent=[Sent("MH", octets)], received=[received], status="OK", ended=True)
        held = Held(case, Program(False), call, notes, None)
        assert look(replace(held, notes=replace(notes, status="CALLDROPPED")), [white])[0] == "status"
        return ": ".join(look(held, [white]))

    assert found(white, white) == ": : "
    assert found(stairs, white) == "page 1: as it is in the document: another one was sent"
    assert found(white, stairs) == "page 1: as it was sent: another one is in the file"
    assert found(white, white, 0) == "pages: 1 confirmed: 0 count as sent"
