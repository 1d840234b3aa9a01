"""Plays conformance cases against faxline through the Class 1 port: see README.md.

python tests/conformance/run.py FILE... [CASE ...] [-j CALLS]
"""

import argparse
import logging
import re
import sys
from collections.abc import Container, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from conformance.cases import Case, read
from conformance.judge import Verdict, play

DOCUMENTED = Path(__file__).parents[2] / "docs" / "t30.md"
HEADING = "## Where conformance cases expect otherwise"
SPEED, AGAIN = 10.0, 4.0
"""The line's clock by the wall's. A case that goes another way than is written or documented is played again,
slower: only that counts.
"""


def known(text: str) -> dict[str, str]:
    """The cases of docs/t30.md's tables, and what we do in them."""
    rows: dict[str, str] = {}
    for line in text.partition(HEADING)[2].partition("\n## ")[0].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and len(cells) >= 3 and cells[0] != "case":
            rows |= dict.fromkeys(re.findall(r"[A-Z][\w-]+", cells[0]), cells[2])
    return rows


def play_twice(cases: Sequence[Case], documented: Container[str], at_once: int) -> list[Verdict]:
    verdicts = play(cases, at_once, SPEED)
    doubtful = [case for case in cases if verdicts[case.name].passed == (case.name in documented)]
    verdicts |= play(doubtful, min(at_once, 4), AGAIN)
    return [verdicts[case.name] for case in cases]


def table(verdicts: Sequence[Verdict], documented: dict[str, str]) -> tuple[str, bool]:
    """The result as text, and whether each case went as it is written or as is documented."""
    lines = []
    fine = True
    for v in verdicts:
        name = v.case.name
        fine &= v.passed != (name in documented)
        if v.passed:
            lines.append(
                f"{name:22} ok" + (", though it is documented to differ" if name in documented else "")
            )
            continue
        mark = "differs" if name in documented else "FAILED"
        lines.append(f"{name:22} {mark} at {v.where}: expected {v.expected}; got {v.got}")
    passed = sum(v.passed for v in verdicts)
    differ = sum(not v.passed and v.case.name in documented for v in verdicts)
    rest = len(verdicts) - passed - differ
    lines.append(f"{passed} of {len(verdicts)} as written, {differ} otherwise as documented, {rest} failed")
    return "\n".join(lines), fine


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="+", metavar="FILE... CASE...", help="XML files, and names of cases")
    parser.add_argument("-j", type=int, default=8, metavar="CALLS", help="so many calls at once")
    parser.add_argument("--records", type=Path, metavar="FOLDER", help="where to write what happened in each")
    arguments = parser.parse_args()
    cases = [case for word in arguments.words if word.endswith(".xml") for case in read(Path(word))]
    wanted = [word for word in arguments.words if not word.endswith(".xml")]
    if unknown := set(wanted) - {case.name for case in cases}:
        parser.error(f"no such case: {', '.join(sorted(unknown))}")
    chosen = [case for case in cases if not wanted or case.name in wanted]
    documented = known(DOCUMENTED.read_text())
    verdicts = play_twice(chosen, documented, arguments.j)
    if arguments.records:
        arguments.records.mkdir(parents=True, exist_ok=True)
        for verdict in verdicts:
            (arguments.records / f"{verdict.case.name}.txt").write_text(verdict.record)
    text, fine = table(verdicts, documented)
    print(text)
    return 0 if fine else 1


if __name__ == "__main__":
    logging.disable(logging.WARNING)  # a white chart is blank
    sys.exit(main())
