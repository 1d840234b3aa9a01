"""efax over real modem signals: efax and we on soft modems (spandsp's T.31 on pseudo-terminals), the line
between them audio, in line time; and efax with spandsp's fax terminal. What efax is like: test_efax.py."""

import shutil
from pathlib import Path

import pages
import pytest
from test_efax import SPEED, Efax, Receiver, below_header, documents, received_by_efax

from faxline import CallChannel, FaxToSend, soft

if not soft.available():
    pytest.skip("the soft modem is not built: there was no libspandsp-dev", allow_module_level=True)

pytestmark = [
    pytest.mark.wallclock,
    pytest.mark.skipif(shutil.which("efax") is None, reason="needs efax: apt-get install efax"),
]

LINE = {"speed": SPEED, "delay": 20, "noise": -58, "level": -3}


def test_efax_to_spandsp(tmp_path: Path) -> None:
    files, sent = documents(tmp_path, 2, (204, 196))
    with soft.PtyModems([tmp_path / "a"], save=tmp_path / "got.tif", **LINE) as modems:
        assert Efax.sending(modems.lines[0].link, "5550199", *files).end() == 0
        assert modems.outcome().result == "OK"
    assert below_header(pages.all_rows(tmp_path / "got.tif")) == sent


def test_spandsp_to_efax(tmp_path: Path) -> None:
    made = pages.save_fax(tmp_path / "sent.tif", 2, height=600)
    with soft.PtyModems([tmp_path / "a"], **LINE) as modems:
        efax = Efax.answering(modems.lines[0].link, tmp_path / "got")
        modems.call_in(tmp_path / "sent.tif")
        assert efax.end() == 0
        assert modems.outcome().result == "OK"
    assert received_by_efax(tmp_path / "got") == [pages.rows(page) for page in made]


def test_efax_to_us(tmp_path: Path) -> None:
    files, sent = documents(tmp_path, 2, (204, 196))
    with soft.PtyModems([tmp_path / "a", tmp_path / "b"], **LINE) as modems:
        receiver = Receiver(modems.lines[1].link, tmp_path / "got.tif")
        status = Efax.sending(modems.lines[0].link, modems.lines[1].number, *files).end()
        receiver.join()
    assert (status, receiver.cause) == (0, "NORMAL")
    assert below_header(pages.all_rows(tmp_path / "got.tif")) == sent


def test_we_to_efax(tmp_path: Path) -> None:
    made = pages.save_fax(tmp_path / "sent.tif", 2, height=600)
    with soft.PtyModems([tmp_path / "a", tmp_path / "b"], **LINE) as modems:
        efax = Efax.answering(modems.lines[1].link, tmp_path / "got")
        with CallChannel(f"class1:{modems.lines[0].link}?speed={SPEED}") as channel:
            assert channel.call(modems.lines[1].number) == "ANSWERED"
            cause = channel.FaxSender.send(FaxToSend(tmp_path / "sent.tif"))
            channel.hang_up()
        assert (efax.end(), cause) == (0, "NORMAL")
    assert received_by_efax(tmp_path / "got") == [pages.rows(page) for page in made]
