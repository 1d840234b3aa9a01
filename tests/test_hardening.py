"""The extensions parse what any caller sends: their ELF files must bear the marks of a hardened build. A
small reader of ELF-64 (System V ABI), since the marks are few."""

import platform
import struct
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pytest

from faxline import soft

PT_DYNAMIC, PT_GNU_STACK, PT_GNU_RELRO = 2, 0x6474E551, 0x6474E552
DT_NULL, DT_BIND_NOW, DT_FLAGS, DT_FLAGS_1 = 0, 24, 30, 0x6FFFFFFB
DF_BIND_NOW, DF_1_NOW = 8, 1
PF_X = 1
ENDBR64 = bytes.fromhex("f30f1efa")
SHT_DYNSYM = 11

BUILT = ["faxline._faxline", *(["faxline._soft"] if soft.available() else [])]


@dataclass
class Elf:
    """What a shared object says of itself."""

    content: bytes

    def segments(self) -> list[tuple[int, int, int, int]]:
        """Type, flags, offset and size of each."""
        at, size, count = (
            *struct.unpack_from("<Q", self.content, 32),
            *struct.unpack_from("<HH", self.content, 54),
        )
        found = []
        for index in range(count):
            kind, flags, offset, _, _, length = struct.unpack_from("<IIQQQQ", self.content, at + index * size)
            found.append((kind, flags, offset, length))
        return found

    def dynamic(self) -> dict[int, int]:
        """The dynamic section."""
        (offset, length) = next((at, size) for kind, _, at, size in self.segments() if kind == PT_DYNAMIC)
        return dict(struct.iter_unpack("<qQ", self.content[offset : offset + length]))

    def symbols(self) -> set[str]:
        """Names of the dynamic symbols."""
        at = struct.unpack_from("<Q", self.content, 40)[0]
        size, count = struct.unpack_from("<HH", self.content, 58)
        sections = [
            struct.unpack_from("<IIQQQQIIQQ", self.content, at + index * size) for index in range(count)
        ]
        names: set[str] = set()
        for section in sections:
            if section[1] != SHT_DYNSYM:
                continue
            strings = sections[section[6]][4]
            for entry in range(section[4], section[4] + section[5], 24):
                start = strings + struct.unpack_from("<I", self.content, entry)[0]
                names.add(self.content[start : self.content.index(b"\0", start)].decode())
        return names


def missing(elf: Elf) -> list[str]:
    """The marks that it lacks, in the words of checksec."""
    segments, dynamic, symbols = elf.segments(), elf.dynamic(), elf.symbols()
    stack = [flags for kind, flags, _, _ in segments if kind == PT_GNU_STACK]
    now = (
        DT_BIND_NOW in dynamic
        or dynamic.get(DT_FLAGS, 0) & DF_BIND_NOW
        or dynamic.get(DT_FLAGS_1, 0) & DF_1_NOW
    )
    marks = {
        "RELRO (PT_GNU_RELRO)": any(kind == PT_GNU_RELRO for kind, *_ in segments),
        "full RELRO (BIND_NOW)": bool(now),
        "a stack that is not executable (PT_GNU_STACK)": bool(stack)
        and not any(flags & PF_X for flags in stack),
        "stack protector (__stack_chk_fail)": "__stack_chk_fail" in symbols,
        "_FORTIFY_SOURCE (a _chk function)": any(
            name.endswith("_chk") and name.startswith("__") for name in symbols
        ),
    }
    if platform.machine() == "x86_64":
        # Of code of ours: the property of the whole file needs a C library's start files that have it, too.
        marks["branch targets marked (-fcf-protection: endbr64)"] = elf.content.count(ENDBR64) > 20
    return [mark for mark, there in marks.items() if not there]


@pytest.mark.parametrize("name", BUILT)
def test_the_build_is_hardened(name: str) -> None:
    module = import_module(name)
    assert module.__file__
    assert missing(Elf(Path(module.__file__).read_bytes())) == []
