"""What the builds of both extensions (build_ffi.py, build_soft.py) share."""

import os
import shlex
import subprocess
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CSRC = ROOT / "csrc"

# The extension parses what any caller sends. Each of these is used where the compiler has it;
# tests/test_hardening.py reads from the ELF file what came of them.
HARDENING = (
    "-fstack-protector-strong",
    "-fstack-clash-protection",
    "-fcf-protection=full",  # x86
    "-mbranch-protection=standard",  # arm64
)
FORTIFY = "-D_FORTIFY_SOURCE=3"
LINK_HARDENING = ("-Wl,-z,relro", "-Wl,-z,now", "-Wl,-z,noexecstack")


def compiler() -> list[str]:
    """The C compiler, as setuptools takes it."""
    return shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")


def builds(program: str, *words: str) -> bool:
    """Whether a program can be compiled and linked here with these words, and no warning."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "try.c")
        source.write_text(program)
        command = [*compiler(), "-Werror", str(source), "-o", str(Path(folder, "try")), *words]
        try:
            return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0
        except (OSError, subprocess.TimeoutExpired):
            return False


def taken(flags: Sequence[str]) -> list[str]:
    """Those that the compiler has."""
    return [flag for flag in flags if builds("int main(void) { return 0; }\n", flag)]


def hardening() -> tuple[list[str], list[str]]:
    """Flags for the compiler, and for the linker. With a sanitizer _FORTIFY_SOURCE stays out:
    it hides from the sanitizer what it checks itself."""
    flags = taken(HARDENING)
    if "-fsanitize" not in os.environ.get("FAXLINE_CFLAGS", ""):
        # Some compilers define it themselves, some have no level 3 and take 2 then.
        flags += ["-U_FORTIFY_SOURCE", FORTIFY]
    return flags, taken(LINK_HARDENING)


def settings(folder: Path, pattern: str) -> dict[str, Any]:
    """For set_source(): the C files, how they are compiled and linked."""
    compile_flags, link_flags = hardening()
    more = os.environ.get("FAXLINE_CFLAGS", "").split()
    return {
        # setuptools wants paths relative to the project.
        "sources": sorted(str(path.relative_to(ROOT)) for path in folder.glob(pattern)),
        "include_dirs": ["csrc"],
        "extra_compile_args": ["-std=c11", "-O2", "-g1", *compile_flags, *more],
        "extra_link_args": ["-pthread", *link_flags, *os.environ.get("FAXLINE_LDFLAGS", "").split()],
        "py_limited_api": True,
    }
