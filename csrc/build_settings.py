"""What the builds of both extensions (build_ffi.py, build_soft.py) share."""

import os
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CSRC = ROOT / "csrc"


def settings(folder: Path, pattern: str) -> dict[str, Any]:
    """For set_source(): the C files, how they are compiled and linked."""
    return {
        # setuptools wants paths relative to the project.
        "sources": sorted(str(path.relative_to(ROOT)) for path in folder.glob(pattern)),
        "include_dirs": ["csrc"],
        "extra_compile_args": ["-std=c11", "-O2", "-g1", *os.environ.get("FAXLINE_CFLAGS", "").split()],
        "extra_link_args": ["-pthread", *os.environ.get("FAXLINE_LDFLAGS", "").split()],
        "py_limited_api": True,
    }
