"""Build glue: everything that describes the package is in pyproject.toml."""

import os
import runpy
import sys

from setuptools import setup

ENGINE = "csrc/build_ffi.py:ffibuilder"
SOFT_MODEM = "csrc/build_soft.py:ffibuilder"


def wants_soft_modem() -> bool:
    """The soft modem is built where spandsp is; FAXLINE_SOFT=0 or 1 decides instead. (Shown by pip -v.)"""
    asked = os.environ.get("FAXLINE_SOFT", "")
    found = asked == "1" or (asked != "0" and runpy.run_path("csrc/build_soft.py")["available"]())
    reason = f"FAXLINE_SOFT={asked}" if asked else "libspandsp is here" if found else "no libspandsp-dev here"
    print(f"faxline: the optional soft modem is {'' if found else 'not '}built: {reason}", file=sys.stderr)
    return found


setup(
    cffi_modules=[ENGINE, SOFT_MODEM] if wants_soft_modem() else [ENGINE],
    # The extension keeps to Python's stable ABI: one wheel serves 3.11 and later.
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
