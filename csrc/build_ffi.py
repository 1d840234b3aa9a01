"""Builds the extension faxline._faxline: the C engine behind its one boundary header, csrc/faxline.h.

The same header is read twice: by cffi as its cdef, and by the compiler. Its content is therefore limited to
what both understand: no #include, no guard, only integer #defines.
"""

import runpy
from pathlib import Path

from cffi import FFI

CSRC = Path(__file__).resolve().parent

# cffi runs this file without its folder on sys.path.
shared = runpy.run_path(str(CSRC / "build_settings.py"))

ffibuilder = FFI()
ffibuilder.cdef((CSRC / "faxline.h").read_text())
ffibuilder.set_source(
    "faxline._faxline",
    '#include <stdint.h>\n#include <stddef.h>\n#include "faxline.h"\n',
    **shared["settings"](CSRC, "*/*.c"),
)

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
