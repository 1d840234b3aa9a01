"""How late the line is when Python is busy.

    python bench/turnround.py [CALLS [THREADS]]     8 calls at once, 8 busy threads

Sends a fax in line time (pace=real) on some lines at once: first in a quiet process, then in one with busy
Python threads. From the traces: the pauses before each of our signals, less the pauses of the same call in
virtual time, which are what the engine and the modem want them to be. T.30 wants 75 ms with a tolerance of
20 ms between two signals: what is later than that is counted as late.
"""

import json
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image, ImageDraw

from faxline import CallChannel, FaxToSend

TOLERANCE_MS = 20.0


def page() -> Image.Image:
    made = Image.new("1", (1728, 300), 1)
    draw = ImageDraw.Draw(made)
    draw.ellipse((700, 20, 960, 280), outline=0, width=3)
    return made


def send(device: str, fax: Path, trace: Path) -> None:
    with CallChannel(device, trace=trace) as channel:
        assert channel.call("5550100") == channel.State.ANSWERED
        cause = channel.FaxSender.send(FaxToSend(str(fax)))
        assert cause == "NORMAL", cause


def pauses(trace: Path) -> list[tuple[str, float]]:
    """Each of our signals after the first of the far end, with the silence before it in ms."""
    found, silent_since = [], None
    for line in trace.read_text().splitlines():
        record = json.loads(line)
        if record.get("kind") != "signal":
            continue
        ours, text = record["at"] == "ours", record["text"]
        if text.endswith(" on") and ours and silent_since is not None and not text.startswith("CNG"):
            found.append((text, (record["t"] - silent_since) / 1000))
        if text == "off" and (not ours or silent_since is not None):
            silent_since = record["t"]
    return found


def lateness(expected: list[tuple[str, float]], trace: Path) -> list[float]:
    seen = pauses(trace)
    assert [name for name, _ in seen] == [name for name, _ in expected], (expected, seen)
    return [after - pause for (_, pause), (_, after) in zip(expected, seen, strict=True)]


def busy(stop: threading.Event) -> None:
    while not stop.is_set():
        sum(number * number for number in range(10_000))


def round_of_calls(
    name: str, calls: int, threads: int, fax: Path, folder: Path, expected: list[tuple[str, float]]
) -> None:
    stop = threading.Event()
    workers = [threading.Thread(target=busy, args=(stop,), daemon=True) for _ in range(threads)]
    for worker in workers:
        worker.start()
    traces = [folder / f"{name}-{number}" for number in range(calls)]
    try:
        with ThreadPoolExecutor(calls) as pool:
            list(pool.map(lambda trace: send("sim:?pace=real&speed=1", fax, trace), traces))
    finally:
        stop.set()
        for worker in workers:
            worker.join()
    late = sorted(each for trace in traces for each in lateness(expected, trace))
    print(
        f"{name:<24} {len(late)} turn-rounds: median {late[len(late) // 2]:6.3f} ms late, "
        f"99 % {late[min(len(late) - 1, len(late) * 99 // 100)]:6.3f}, worst {late[-1]:6.3f}; "
        f"{sum(each > TOLERANCE_MS for each in late)} out of tolerance"
    )


def main() -> None:
    given = [int(text) for text in sys.argv[1:3]]
    calls, threads = given + [8, 8][len(given) :]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fax = folder / "fax.tif"
        page().save(fax, compression="group4", dpi=(204, 98))
        send("sim:", fax, folder / "ideal")
        expected = pauses(folder / "ideal")
        wanted = ", ".join(f"{ms:.0f}" for _, ms in expected)
        print(f"{calls} calls at once in line time; the pauses wanted: {wanted} ms")
        round_of_calls("quiet", calls, 0, fax, folder, expected)
        round_of_calls(f"{threads} busy Python threads", calls, threads, fax, folder, expected)


if __name__ == "__main__":
    main()
