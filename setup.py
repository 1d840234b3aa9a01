"""Build glue: everything that describes the package is in pyproject.toml."""

from setuptools import setup

setup(
    cffi_modules=["csrc/build_ffi.py:ffibuilder"],
    # The extension keeps to Python's stable ABI: one wheel serves 3.11 and later.
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
