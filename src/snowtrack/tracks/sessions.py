"""One clock per boot: what a tracker's counters say of its receiver's time.

A tracker that counts milliseconds since power-up has a clock that cannot be wrong, only unset, or stopped while it
sleeps. Each time that comes with a fix is a vote for the instant of power-up, and votes that agree are a piece of the
boot. A piece that others surround is an excursion: the receiver was wrong for a while. A piece of which some was
received before the time that it states runs ahead. What remains places everything else of the boot. Without uptime,
sequence numbers say between which dated fixes one without a date belongs. All that is kept is a summary that does not
depend on the order of arrival.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import pairwise
from typing import Any, NamedTuple, Self

import numpy as np

from snowtrack.model.calendar import DAY_US, HOUR_US, SECOND_US
from snowtrack.model.columns import Int64s

BIN_US = 60 * SECOND_US
BINS_MAX = 64
HOURS_MAX = 2_000
NEVER_US = 2**62

Span = tuple[int, int]
"""From and to, both included."""


class Verdict(IntEnum):
    """What the votes come to."""

    SILENT = 0
    """There is none that can be believed."""
    DISPUTED = 1
    AGREED = 2


class Votes(NamedTuple):
    """Votes that agree to the minute.

    Their lowest and highest number, the offset of the lowest, the times that they state, and whether one of these was
    later than its receipt.
    """

    first_seq: int
    last_seq: int
    offset_us: int
    from_us: int
    to_us: int
    ahead: bool

    def joined(self, other: "Votes") -> "Votes":
        first_seq, offset_us = min((self.first_seq, self.offset_us), (other.first_seq, other.offset_us))
        return Votes(
            first_seq,
            max(self.last_seq, other.last_seq),
            offset_us,
            min(self.from_us, other.from_us),
            max(self.to_us, other.to_us),
            self.ahead or other.ahead,
        )

    @property
    def essence(self) -> tuple[int, ...]:
        """What an opinion is made of where there are no other votes."""
        return self.first_seq, self.offset_us, self.from_us, self.ahead

    def surrounds(self, other: "Votes") -> bool:
        return self.first_seq < other.first_seq and other.last_seq < self.last_seq


class Piece(NamedTuple):
    """From a sequence number on, power-up was then, as seen from this time: what comes after changes nothing of it."""

    first_seq: int
    offset_us: int
    from_us: int


class Waiting(NamedTuple):
    """Fixes with a position and without uptime that lean on the dates of others: the highest number, and receipts."""

    last_seq: int
    from_us: int
    to_us: int


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a clock says. `pieces` are there where the verdict is `AGREED`."""

    verdict: Verdict = Verdict.SILENT
    pieces: tuple[Piece, ...] = ()


@dataclass(slots=True)
class BootClock:
    """The clock of one boot. After it was told something it has to `decide`.

    bins         votes by minute of the offset; more than `BINS_MAX` of them are no clock at all
    hours        hours of dated fixes without uptime, and the lowest number in each
    received_us  by when its fixes were received, power-up was not later than this
    leaning      uptimes of fixes with a position that have no vote and so lean on the others
    waiting      those that have no uptime either
    unset        times stated without a fix, by minute of the offset: they have no vote, and may be put right
    stirred      something was said that may change the opinion, and that cannot wait to be saved
    """

    bins: dict[int, Votes] = field(default_factory=dict)
    hours: dict[int, int] = field(default_factory=dict)
    received_us: int = NEVER_US
    leaning: Span | None = None
    waiting: Waiting | None = None
    unset: dict[int, Span] = field(default_factory=dict)
    opinion: Opinion = Opinion()
    outvoted: tuple[Votes, ...] = ()
    stirred: bool = field(default=False, compare=False)

    def vote(self, number: int, votes: Votes) -> None:
        known = self.bins.get(number)
        if known is None:
            self.stirred = True
            if len(self.bins) <= BINS_MAX:
                self.bins[number] = votes
            return
        joined = self.bins[number] = known.joined(votes)
        # Where all agree, later votes for the same say nothing new.
        if len(self.bins) > 1 or joined.essence != known.essence:
            self.stirred = True

    def receive(self, power_up_us: int) -> None:
        """A receipt says that power-up was not later than this."""
        if power_up_us < self.received_us:
            self.received_us = power_up_us
            self.stirred = self.stirred or not self.opinion.pieces

    def date(self, hour: int, first_seq: int) -> None:
        self.stirred = True
        self.hours[hour] = min(first_seq, self.hours.get(hour, NEVER_US))
        if len(self.hours) > HOURS_MAX:
            del self.hours[min(self.hours)]

    def lean(self, uptimes: Span) -> None:
        self.stirred = True
        known = self.leaning or uptimes
        self.leaning = min(known[0], uptimes[0]), max(known[1], uptimes[1])

    def wait(self, waiting: Waiting) -> None:
        self.stirred = True
        known = self.waiting or waiting
        self.waiting = Waiting(
            last_seq=max(known.last_seq, waiting.last_seq),
            from_us=min(known.from_us, waiting.from_us),
            to_us=max(known.to_us, waiting.to_us),
        )

    def state_unset(self, number: int, times: Span) -> None:
        self.stirred = True
        known = self.unset.get(number, times)
        if number in self.unset or len(self.unset) <= BINS_MAX:
            self.unset[number] = min(known[0], times[0]), max(known[1], times[1])

    def decide(self) -> Opinion:
        """Count the votes."""
        groups = _groups(self.bins)
        punctual = [group for group in groups if not group[0].ahead]
        trusted = [(votes, bins) for votes, bins in punctual if not any(o.surrounds(votes) for o, _ in punctual)]
        trusted.sort(key=lambda group: group[0].first_seq)
        overlap = any(later.first_seq <= earlier.last_seq for (earlier, _), (later, _) in pairwise(trusted))
        if overlap or len(self.bins) > BINS_MAX:
            self.opinion, self.outvoted = Opinion(Verdict.DISPUTED), ()
            return self.opinion
        pieces = sorted(Piece(b.first_seq, b.offset_us, b.from_us) for _, bins in trusted for b in bins)
        self.opinion = Opinion(Verdict.AGREED if pieces else Verdict.SILENT, tuple(pieces))
        self.outvoted = tuple(bin_ for group in groups if group not in trusted for bin_ in group[1])
        return self.opinion

    def basis(self, waiting: Waiting | None) -> tuple[Opinion, int, list[Span]]:
        """What fixes that lean on others are placed by: opinion or else receipts, and the hours that can date these."""
        received_us = NEVER_US if self.opinion.pieces else self.received_us
        return self.opinion, received_us, [] if waiting is None else self._hours_up_to(waiting.last_seq)

    @property
    def is_plain(self) -> bool:
        """Whether each fix with a position stands where it says, whatever others say."""
        return self.leaning is None and self.waiting is None and not self.outvoted

    def misplaced(self) -> Iterator[Span]:
        """Stated times where fixes of this boot are stored that were observed at another time."""
        yield from ((votes.from_us, votes.to_us) for votes in self.outvoted)
        believed = {piece.offset_us // BIN_US for piece in self.opinion.pieces}
        if believed or self.outvoted:
            yield from (times for number, times in self.unset.items() if number not in believed)

    def spans(self) -> set[Span]:
        """Where fixes that depend on others lie: as placed by the clock, and as they stated."""
        found = {(votes.from_us, votes.to_us) for votes in self.outvoted}
        offsets = [piece.offset_us for piece in self.opinion.pieces] or [self.received_us]
        low_us, high_us = min(offsets), max(offsets)
        for votes in self.outvoted:
            found.add(
                (votes.from_us - votes.offset_us + low_us - BIN_US, votes.to_us - votes.offset_us + high_us + BIN_US)
            )
        if self.leaning is not None and high_us != NEVER_US:
            before_us = 0 if self.opinion.pieces else DAY_US
            found.add((self.leaning[0] + low_us - before_us - BIN_US, self.leaning[1] + high_us + BIN_US))
        if self.waiting is not None:
            found.add((self.waiting.from_us - DAY_US, self.waiting.to_us + BIN_US))
            hours = [hour for _, hour in self._hours_up_to(self.waiting.last_seq)]
            found |= {(min(hours) * HOUR_US - DAY_US, max(hours) * HOUR_US + DAY_US)} if hours else set()
        return found

    def _hours_up_to(self, seq: int) -> list[Span]:
        """The lowest number of each hour that begins up to this one, and the hour; where none does, the first."""
        hours = sorted((first, hour) for hour, first in self.hours.items())
        return hours[: max(bisect_right(hours, (seq, NEVER_US)), 1)]

    def dates_near(self, seq: Int64s) -> Int64s:
        """For each number an instant within the hour of the last dated fix up to it, else of the first; one must be."""
        firsts, hours = np.array(sorted((first, hour) for hour, first in self.hours.items()), np.int64).T
        last = np.searchsorted(firsts, seq, side="right") - 1
        around_us: Int64s = hours[np.maximum(last, 0)] * HOUR_US + HOUR_US // 2
        return around_us

    def snapshot(self) -> dict[str, Any]:
        return {
            "bins": [[number, *votes] for number, votes in sorted(self.bins.items())],
            "hours": sorted(self.hours.items()),
            "received_us": self.received_us,
            "leaning": self.leaning,
            "waiting": self.waiting and list(self.waiting),
            "unset": sorted(self.unset.items()),
        }

    @classmethod
    def restored(cls, kept: Mapping[str, Any]) -> Self:
        clock = cls(
            bins={number: Votes(*votes) for number, *votes in kept["bins"]},
            hours=dict(kept["hours"]),
            received_us=kept["received_us"],
            leaning=kept["leaning"] and tuple(kept["leaning"]),
            waiting=kept["waiting"] and Waiting(*kept["waiting"]),
            unset={number: (from_us, to_us) for number, (from_us, to_us) in kept["unset"]},
        )
        clock.decide()
        return clock


def misplaced_spans(clocks: Iterable[BootClock]) -> list[Span]:
    """Half-open ranges of stated times where fixes of these boots are stored that were observed at another time."""
    return [(from_us, to_us + 1) for clock in clocks for from_us, to_us in clock.misplaced()]


def _groups(bins: Mapping[int, Votes]) -> list[tuple[Votes, list[Votes]]]:
    """Neighbouring minutes together, since an edge may lie among those who agree, and crystals drift."""
    groups: list[tuple[Votes, list[Votes]]] = []
    last = None
    for number, votes in sorted(bins.items()):
        if last == number - 1:
            together, members = groups[-1]
            groups[-1] = together.joined(votes), [*members, votes]
        else:
            groups.append((votes, [votes]))
        last = number
    return groups
