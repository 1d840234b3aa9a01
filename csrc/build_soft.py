"""Builds the optional extension faxline._soft: spandsp's modems behind csrc/extra/soft/soft.h.

Only where libspandsp's headers are (Debian: libspandsp-dev); setup.py asks available(). The core never needs
it.
"""

import runpy
from pathlib import Path

from cffi import FFI

CSRC = Path(__file__).resolve().parent
SOFT = CSRC / "extra" / "soft"
LIBRARIES = ["spandsp", "m"]

# cffi runs this file without its folder on sys.path.
shared = runpy.run_path(str(CSRC / "build_settings.py"))


def available() -> bool:
    """Whether a program with spandsp can be compiled and linked here."""
    program = "#include <spandsp.h>\nint main(void) { return t31_init(0, 0, 0, 0, 0, 0, 0) == 0; }\n"
    return bool(shared["builds"](program, *(f"-l{library}" for library in LIBRARIES)))


ffibuilder = FFI()
ffibuilder.cdef((SOFT / "soft.h").read_text())
ffibuilder.set_source(
    "faxline._soft",
    '#include <stdint.h>\n#include <stddef.h>\n#include "extra/soft/soft.h"\n',
    libraries=LIBRARIES,
    **shared["settings"](SOFT, "*.c"),
)

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
