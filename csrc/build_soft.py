"""Builds the optional extension faxline._soft: spandsp's modems behind csrc/extra/soft/soft.h.

Only where libspandsp's headers are (Debian: libspandsp-dev); setup.py asks available(). The core never needs
it.
"""

import os
import shlex
import subprocess
import sysconfig
import tempfile
from pathlib import Path

from cffi import FFI

ROOT = Path(__file__).resolve().parent.parent
SOFT = ROOT / "csrc" / "extra" / "soft"
LIBRARIES = ["spandsp", "m"]


def available() -> bool:
    """Whether a program with spandsp can be compiled and linked here."""
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    program = "#include <spandsp.h>\nint main(void) { return t31_init(0, 0, 0, 0, 0, 0, 0) == 0; }\n"
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "try.c")
        source.write_text(program)
        links = [f"-l{library}" for library in LIBRARIES]
        command = [*compiler, str(source), "-o", str(Path(folder, "try")), *links]
        try:
            return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0
        except (OSError, subprocess.TimeoutExpired):
            return False


ffibuilder = FFI()
ffibuilder.cdef((SOFT / "soft.h").read_text())
ffibuilder.set_source(
    "faxline._soft",
    '#include <stdint.h>\n#include <stddef.h>\n#include "extra/soft/soft.h"\n',
    # setuptools wants paths relative to the project.
    sources=sorted(str(path.relative_to(ROOT)) for path in SOFT.glob("*.c")),
    include_dirs=["csrc"],
    libraries=LIBRARIES,
    extra_compile_args=["-std=c11", "-O2", "-g1", *os.environ.get("FAXLINE_CFLAGS", "").split()],
    extra_link_args=["-pthread", *os.environ.get("FAXLINE_LDFLAGS", "").split()],
    py_limited_api=True,
)

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
