"""The sentences of one instant to one fix.

`$PSNOW` opens an epoch. Where a receiver sends none, a new time of day or a sentence kind that the epoch already has
opens the next one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b

from snowtrack.nmea.numbers import DAY_US
from snowtrack.nmea.sentences import Sentence


@dataclass(slots=True)
class Epoch:
    """An epoch being put together: first statement of a value counts."""

    kinds: set[str] = field(default_factory=set)
    values: dict[str, int] = field(default_factory=dict)
    raw: list[bytes] = field(default_factory=list)

    def takes(self, sentence: Sentence) -> bool:
        if sentence.kind in self.kinds or sentence.kind == "PSNOW":
            return not self.kinds
        times = {values["day_us"] for values in (self.values, sentence.values) if "day_us" in values}
        return len(times) <= 1

    def add(self, sentence: Sentence, raw: bytes) -> None:
        self.kinds.add(sentence.kind)
        self.values = {**sentence.values, **self.values}
        self.raw.append(raw)

    @property
    def digest(self) -> int:
        """Identity of the bytes, as a signed 64-bit number."""
        return int.from_bytes(blake2b(b"\n".join(self.raw), digest_size=8).digest(), "big", signed=True)

    @property
    def time_us(self) -> int | None:
        date_us, day_us = self.values.get("date_us"), self.values.get("day_us")
        return None if date_us is None or day_us is None else date_us + day_us

    @property
    def day_us(self) -> int | None:
        day_us = self.values.get("day_us")
        return None if day_us is None else day_us % DAY_US


def group_epochs(sentences: Iterable[tuple[Sentence, bytes]]) -> Iterator[Epoch]:
    """Cut a payload's sentences into epochs."""
    epoch = Epoch()
    for sentence, raw in sentences:
        if not epoch.takes(sentence):
            yield epoch
            epoch = Epoch()
        epoch.add(sentence, raw)
    if epoch.kinds:
        yield epoch
