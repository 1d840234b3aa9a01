"""Our driver at iaxmodem, a modem in which neither we nor the simulated device had a part (its T.31 is a
spandsp of its own, its line voice over IP): two of them, joined. Pages are compared bit for bit.

It goes by the clock, and most of a call is waiting, so the calls are made at once.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import iaxmodem
import pages
import pytest

from faxline import CallChannel, FaxToReceive, FaxToSend

try:
    PROGRAM = iaxmodem.find()
except iaxmodem.Missing as error:
    pytest.skip(str(error), allow_module_level=True)

pytestmark = pytest.mark.wallclock

PATIENCE_S = 60
FAXES = [
    {"ECM": "YES", "Compression": "MMR"},
    {"ECM": "NO", "Compression": "MH"},
    {"ECM": "YES", "Compression": "MR", "v17": "NO"},
]


def exchange(options: dict[str, str], folder: Path) -> str:
    """A fax from one modem to the other. What became of it, in words."""
    made = pages.save_fax(folder / "fax.tif", 2)
    causes = []
    with (
        iaxmodem.Pair(PROGRAM, folder) as pair,
        CallChannel(f"class1:{pair.modems[0].link}") as caller,
        CallChannel(f"class1:{pair.modems[1].link}") as called,
    ):

        def receive() -> None:
            if called.wait_for_call(PATIENCE_S) == "RING_INCOMING" and called.answer() == "ANSWERED":
                causes.append(called.FaxReceiver.receive(FaxToReceive(folder / "got.tif")))
                called.hang_up()

        assert called.wait_for_call(iaxmodem.BUSY_AFTER_HANGUP_S) == "WAITING"
        receiver = threading.Thread(target=receive)
        receiver.start()
        assert caller.call("5550002") == "ANSWERED"
        causes.append(caller.FaxSender.send(FaxToSend(folder / "fax.tif"), options))
        agreed = caller.FaxSender.Details.negotiated
        caller.hang_up()
        receiver.join()
    same = pages.all_rows(folder / "got.tif") == list(map(pages.rows, made))
    words = [*map(str, causes), *(agreed[name] for name in ("Modem", "DataRate", "ECM", "Compression"))]
    return " ".join([*words, "bit for bit" if same else "other pages"])


def hang_up(folder: Path) -> str:
    """The far end hangs up in the middle of the fax, as a person would."""
    pages.save_fax(folder / "fax.tif", 1, height=2000)
    with (
        iaxmodem.Pair(PROGRAM, folder) as pair,
        CallChannel(f"class1:{pair.modems[0].link}") as caller,
        CallChannel(f"class1:{pair.modems[1].link}") as called,
    ):

        def answer() -> None:
            if called.wait_for_call(PATIENCE_S) == "RING_INCOMING" and called.answer() == "ANSWERED":
                called.hang_up()

        assert called.wait_for_call(iaxmodem.BUSY_AFTER_HANGUP_S) == "WAITING"
        receiver = threading.Thread(target=answer)
        receiver.start()
        assert caller.call("5550002") == "ANSWERED"
        cause = caller.FaxSender.send(FaxToSend(folder / "fax.tif"))
        receiver.join()
        caller.hang_up()
        return f"{cause}, {caller.state()}, {called.state()}"


def test_calls(tmp_path: Path) -> None:
    folders = [tmp_path / str(number) for number in range(len(FAXES) + 1)]
    for folder in folders:
        folder.mkdir()
    with ThreadPoolExecutor(len(folders)) as threads:
        hung_up = threads.submit(hang_up, folders[-1])
        ends = list(threads.map(exchange, FAXES, folders))
    assert ends == [
        "NORMAL NORMAL V17 14400 YES MMR bit for bit",
        "NORMAL NORMAL V17 14400 NO MH bit for bit",
        "NORMAL NORMAL V29 9600 YES MR bit for bit",
    ]
    assert hung_up.result() == "HANGUP, IDLE, IDLE"
