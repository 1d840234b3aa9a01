"""The order of fall-back: which modulation trains, and carries a page, at which noise?

    python bench/fallback.py [CALLS] [--from=DB] [--to=DB] [--level=DB]

The soft modem (docs/soft.md), both ends by spandsp, in virtual time. Each modulation and rate is tried
alone, CALLS times (100) at each ratio of signal to white noise, each time with other noise. The first
number is of calls that were trained (CFR), the second of those whose page arrived (with error correction);
behind them, what came in place of CFR: FTT, or silence (three DCS without an answer). docs/t30.md has the
figures and what they decide.

The line is quiet (--level, -20 dB): noise that spoils 9600 must be below what spandsp takes for a carrier.
At such levels spandsp's V.17 loses nearly every page that follows on short training, also between two of its
own terminals and without noise: of V.17 only the first number says something.
"""

import sys
import tempfile
from collections import Counter
from pathlib import Path

from faxline import CallChannel, FaxToSend, soft

SIGNAL_DBM0 = -14
"""spandsp's transmitters."""
RATES = {
    "V.17 12000": {"MinDataRate": "12000", "MaxDataRate": "12000"},
    "V.17 9600": {"MinDataRate": "9600", "MaxDataRate": "9600"},
    "V.29 9600": {"MinDataRate": "9600", "MaxDataRate": "9600", "v17": "NO"},
    "V.17 7200": {"MinDataRate": "7200", "MaxDataRate": "7200"},
    "V.29 7200": {"MinDataRate": "7200", "MaxDataRate": "7200", "v17": "NO"},
}
ANSWERS = {"far.B.training": "FTT", "far.B.no-response": "silence"}


def call(document: FaxToSend, level_db: float, snr_db: float, seed: int, options: dict[str, str]) -> str:
    """How it ended: "arrived", "trained" without that, or why not."""
    noise = SIGNAL_DBM0 + level_db - snr_db
    with CallChannel(soft.address(level=level_db, noise=noise, seed=seed, delay=20)) as channel:
        channel.call("5550199")
        cause = channel.FaxSender.send(document, {"Compression": "MMR", **options})
        channel.hang_up()
        details = channel.FaxSender.Details
    if cause == "NORMAL":
        return "arrived"
    if details.negotiated:
        return "trained"
    return ANSWERS.get(details.raw_cause or "", "else")


def main() -> None:
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    given = dict(word[2:].split("=") for word in sys.argv[1:] if word.startswith("--"))
    calls = numbers[0] if numbers else 100
    with tempfile.TemporaryDirectory() as name:
        page = Path(name) / "page.txt"
        page.write_text("\n".join(f"line {n} of a page that is read over the telephone" for n in range(20)))
        document = FaxToSend(page)
        print(f"{'dB':>4}  " + "  ".join(f"{rate:23}" for rate in RATES))
        for snr in range(int(given.get("from", 12)), int(given.get("to", 21)) + 1):
            cells = []
            for options in RATES.values():
                ends = Counter(
                    call(document, float(given.get("level", -20)), snr, seed, options)
                    for seed in range(calls)
                )
                arrived = ends.pop("arrived", 0)
                trained = ends.pop("trained", 0) + arrived
                rest = ", ".join(f"{count} {what}" for what, count in ends.most_common())
                cells.append(f"{trained:3} {arrived:3} {rest:15}")
            print(f"{snr:4}  " + "  ".join(cells), flush=True)


if __name__ == "__main__":
    main()
