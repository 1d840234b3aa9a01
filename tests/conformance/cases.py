"""Conformance cases as spandsp's fax tester keeps them: XML with tests, and steps in each."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree


@dataclass(frozen=True, eq=False)
class Step:
    """direction: T, of the far machine; R, of our end, and expected; '', of neither. kind: HDLC, WAIT ..."""

    number: int
    direction: str
    kind: str
    modem: str = ""
    value: str = ""
    tag: str = ""
    more: dict[str, str] = field(default_factory=dict)

    def whole(self, name: str, otherwise: int) -> int:
        return int(self.more.get(name) or otherwise)

    def seconds(self, name: str, otherwise: float) -> float:
        return int(self.more[name]) / 1000 if name in self.more else otherwise

    def __str__(self) -> str:
        words = [self.direction, self.kind, self.tag, self.modem, self.value]
        return f"{self.number}: {' '.join(word for word in words if word)}"


@dataclass(frozen=True)
class Repeat:
    """Steps that come so many times, one after the other."""

    least: int
    most: int
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Case:
    name: str
    steps: tuple[Step | Repeat, ...]

    def flat(self) -> Iterator[Step]:
        for step in self.steps:
            yield from step.steps if isinstance(step, Repeat) else (step,)

    def all(self, kind: str, direction: str = "") -> list[Step]:
        return [step for step in self.flat() if step.kind == kind and step.direction in ("", direction)]


class _Numbered:
    def __init__(self) -> None:
        self.number = 0

    def steps(self, element: ElementTree.Element) -> Iterator[Step]:
        for child in element.iter("step"):
            self.number += 1
            words = {name: " ".join(text.split()) for name, text in child.attrib.items()}
            yield Step(
                self.number,
                words.pop("dir", ""),
                words.pop("type").upper(),
                words.pop("modem", ""),
                words.pop("value", ""),
                words.pop("tag", ""),
                words,
            )

    def parts(self, test: ElementTree.Element) -> Iterator[Step | Repeat]:
        for child in test:
            if child.tag == "repeat":
                least = int(child.get("min", "0"))
                most = int(child.get("max", "1000000"))
                yield Repeat(least, most, tuple(self.steps(child)))
            elif child.tag == "step":
                yield from self.steps(child)


def read(path: Path) -> list[Case]:
    root = ElementTree.parse(path).getroot()
    return [Case(test.attrib["name"], tuple(_Numbered().parts(test))) for test in root.iter("test")]
