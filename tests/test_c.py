"""The C tests, so that pytest alone runs everything. They count as one test here."""

import os
import subprocess
from pathlib import Path

import pytest

C = Path(__file__).parent / "c"


@pytest.mark.skipif("LD_PRELOAD" in os.environ, reason="C tests have sanitized builds of their own")
def test_c() -> None:
    done = subprocess.run(["make", "-C", C, "-j2", "check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
