"""What trackers write down beside their own memory: every epoch that they sent, every confirmation that they heard.

Two files of JSON lines, each line whole as soon as it is written. Instants are of the system's monotonic clock, which
is the same in all processes.
"""

import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Self

import orjson

EPOCHS, MARKS = "epochs.jsonl", "marks.jsonl"


class Key(NamedTuple):
    """An epoch; the device with its agency."""

    device: str
    boot: int
    seq: int


class Mark(NamedTuple):
    """What a tracker was told at one instant: up to where boots are durable."""

    at_s: float
    device: str
    marks: dict[int, int]


class Pen:
    """Writes a ledger. One for all trackers of a process."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._epochs, self._marks = (os.open(folder / name, flags, 0o600) for name in (EPOCHS, MARKS))

    def epoch(self, key: Key, payload: bytes) -> None:
        self._write(self._epochs, [*key, payload.decode("ascii")])

    def mark(self, device: str, marks: dict[int, int]) -> None:
        self._write(self._marks, [time.monotonic(), device, list(marks.items())])

    def _write(self, file: int, values: list[Any]) -> None:
        os.write(file, orjson.dumps(values, option=orjson.OPT_APPEND_NEWLINE))


@dataclass(frozen=True, slots=True)
class Ledger:
    """What was written: `sent` in the order of the world, and of each boot the highest number that was confirmed."""

    sent: dict[Key, bytes]
    durable: dict[tuple[str, int], int]

    @classmethod
    def read(cls, folder: Path) -> Self:
        sent = {Key(*key): text.encode("ascii") for *key, text in _lines(folder / EPOCHS)}
        durable: dict[tuple[str, int], int] = {}
        for mark in read_marks(_lines(folder / MARKS)):
            for boot, seq in mark.marks.items():
                durable[mark.device, boot] = max(seq, durable.get((mark.device, boot), 0))
        return cls(sent, durable)

    @property
    def acknowledged(self) -> set[Key]:
        return {key for key in self.sent if key.seq <= self.durable.get((key.device, key.boot), 0)}


@dataclass(slots=True)
class Watch:
    """Follows the confirmations while they are written: what brokers keep and say once more is none.

    `heard_s` is of each device when it was last told something new.
    """

    file: Path
    heard_s: dict[str, float] = field(default_factory=dict)
    _durable: dict[tuple[str, int], int] = field(default_factory=dict)
    _read: int = 0

    def look(self) -> None:
        if not self.file.exists():
            return
        with self.file.open("rb") as file:
            file.seek(self._read)
            whole = file.read().rpartition(b"\n")
        self._read += len(whole[0]) + len(whole[1])
        for mark in read_marks(map(orjson.loads, whole[0].splitlines())):
            for boot, seq in mark.marks.items():
                if seq > self._durable.get((mark.device, boot), 0):
                    self._durable[mark.device, boot] = seq
                    self.heard_s[mark.device] = mark.at_s

    @property
    def newest_s(self) -> float:
        """When the newest one came; 0 before the first."""
        return max(self.heard_s.values(), default=0.0)

    def told_since(self, instant_s: float) -> int:
        """How many devices were told something new later than this."""
        return sum(at_s > instant_s for at_s in self.heard_s.values())


def read_marks(lines: Iterable[list[Any]]) -> Iterator[Mark]:
    return (Mark(at_s, device, dict(marks)) for at_s, device, marks in lines)


def _lines(file: Path) -> Iterator[list[Any]]:
    if file.exists():
        with file.open("rb") as lines:
            yield from map(orjson.loads, lines)
