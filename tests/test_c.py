"""The C tests, so that pytest alone runs everything. They count as one test here."""

import subprocess
from pathlib import Path

C = Path(__file__).parent / "c"


def test_c() -> None:
    done = subprocess.run(["make", "-C", C, "-j2", "check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
