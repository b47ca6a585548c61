"""What a matcher says over many calls, as plain rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from snowtrack.matching.matcher import Matcher
from snowtrack.model.matches import Matches
from snowtrack.model.tracks import DirtyStretch
from tests.oracles.halves import Pending, observed
from tests.oracles.settling import Answered, Stretch


class Told(NamedTuple):
    """An answer about one fix, and what was driven to it."""

    observed_us: int
    answer: Answered
    driven: tuple[Stretch, ...] = ()


@dataclass
class Run:
    """A matcher and what it has said so far, by device."""

    matcher: Matcher
    settled: dict[int, list[Told]] = field(default_factory=dict)
    heads: dict[int, list[Told]] = field(default_factory=dict)
    dirty: list[DirtyStretch] = field(default_factory=list)
    devices: set[int] = field(default_factory=set)

    def take(self, fixes: Iterable[Pending]) -> "Run":
        batch = observed(fixes)
        self.devices |= set(batch.device.tolist())
        return self.note(self.matcher.on_batch(batch))

    def take_in_parts(self, fixes: Sequence[Pending], size: int) -> "Run":
        for at in range(0, len(fixes), size):
            self.take(fixes[at : at + size])
        return self

    def flush(self) -> "Run":
        return self.note(self.matcher.flush(sorted(self.devices)))

    def note(self, said: Matches) -> "Run":
        self.dirty += said.dirty
        driven: dict[int, list[Stretch]] = {}
        for row in said.driven.rows():
            driven.setdefault(row[0], []).append(Stretch(*row))
        for batch, of_device, ways in ((said.head, self.heads, {}), (said.settled, self.settled, driven)):
            columns = [getattr(batch, name).tolist() for name in Answered._fields]
            for at, values in enumerate(zip(*columns, strict=True)):
                told = of_device.setdefault(int(batch.device[at]), [])
                stretches = tuple(stretch._replace(match=len(told)) for stretch in ways.get(at, ()))
                told.append(Told(int(batch.observed_us[at]), Answered(*values), stretches))
        return self

    @property
    def only(self) -> list[Told]:
        """What was settled of the only device."""
        (told,) = self.settled.values()
        return told


def driven(told: Iterable[Told]) -> list[Stretch]:
    return [stretch for one in told for stretch in one.driven]
