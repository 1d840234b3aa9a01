"""Builds the extension faxline._faxline: the C engine behind its one boundary header, csrc/faxline.h.

The same header is read twice: by cffi as its cdef, and by the compiler. Its content is therefore limited to
what both understand: no #include, no guard, only integer #defines.
"""

import os
from pathlib import Path

from cffi import FFI

ROOT = Path(__file__).resolve().parent.parent
CSRC = ROOT / "csrc"

ffibuilder = FFI()
ffibuilder.cdef((CSRC / "faxline.h").read_text())
ffibuilder.set_source(
    "faxline._faxline",
    '#include <stdint.h>\n#include <stddef.h>\n#include "faxline.h"\n',
    # setuptools wants paths relative to the project.
    sources=sorted(str(path.relative_to(ROOT)) for path in CSRC.glob("*/*.c")),
    include_dirs=["csrc"],
    extra_compile_args=["-std=c11", "-O2", "-g1", *os.environ.get("FAXLINE_CFLAGS", "").split()],
    extra_link_args=["-pthread", *os.environ.get("FAXLINE_LDFLAGS", "").split()],
    py_limited_api=True,
)

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
