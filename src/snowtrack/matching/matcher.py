"""The map matcher: a hidden-Markov model per machine that answers at once, at its lag, and over whole tracks alike.

Every fix gets a head at lag 0 (the newest fix of each device, for the live map) and a settled answer once the lag has
passed, in observed order, of which segment state is made. A settled answer looks at the fixes up to its own time plus
the lag and at no others, so the answers over a whole sorted track are the same. A fix that comes when an answer is
settled that should have looked at it makes its stretch dirty; `late_us` is how long answers wait for such fixes.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from snowtrack.compiled import Record
from snowtrack.matching.answers import choose, matches, stretches
from snowtrack.matching.costs import DEFAULT_COSTS, Costs
from snowtrack.matching.lattice import Ground, Lattice, grow
from snowtrack.matching.memory import Memories, Remembered
from snowtrack.matching.records import FIX, Records, fix_records
from snowtrack.matching.window import NEVER_US, Rows, close, date_tracks, join_halves, leave, merge
from snowtrack.model.columns import ABSENT_64, Bools, Int64s, ranges
from snowtrack.model.fleet import NO_FLEET
from snowtrack.model.matches import Matches
from snowtrack.model.tracks import DirtyStretch, ObservedBatch
from snowtrack.network.arrays import Network
from snowtrack.network.reach import Reach

# What fixes of a device are ordered by, and the last one that is settled is known by.
ORDER, LEFT = ("observed_us", "boot", "seq", "digest"), ("us", "boot", "seq", "digest")


class Matcher:
    """Stateful per device. `fixes` come in any order; `flush` ends the tails of devices before their time. `fleet` says
    which machines keep to footways.

    lag_us      how far an answer looks ahead; to the end of its track for None, and then only `flush` settles
    late_us     how long answers wait for fixes that come out of order
    cut_us      a longer time without a fix ends the track
    silence_us  a device not heard for so long has its tail settled provisionally
    """

    def __init__(
        self,
        network: Network,
        *,
        lag_us: int | None,
        late_us: int = 0,
        cut_us: int,
        silence_us: int,
        costs: Costs = DEFAULT_COSTS,
    ) -> None:
        self.ground = Ground(network=network, reach=Reach(network), costs=costs, cut_us=cut_us)
        self.lag_us, self.late_us, self.silence_us = lag_us, late_us, silence_us
        self.fleet = NO_FLEET
        self.memories = Memories()

    def begin(self, device: int, at_us: int) -> None:
        """Start with the track that begins at an instant: what is older is settled elsewhere, and comes late."""
        self.forget(device)
        head = self.memories.head(device)
        head["left_us"], head["left"], head["track_us"] = at_us, True, at_us
        head["left_boot"] = head["left_seq"] = head["left_digest"] = ABSENT_64

    def on_batch(self, fixes: ObservedBatch, *, ended: bool = False) -> Matches:
        """New fixes; heads of the devices that have a newer one, and what can be settled: all when they have ended."""
        devices, number = np.unique(fixes.device, return_inverse=True)
        order = np.argsort(number, kind="stable")
        same, passed_us = np.diff(number[order]) == 0, np.diff(fixes.observed_us[order])
        if np.any(same & (passed_us <= 0)):
            order = np.lexsort((fixes.digest, fixes.seq, fixes.boot, fixes.observed_us, number))
        begins = np.searchsorted(number[order], np.arange(len(devices) + 1))
        return self._run(devices.tolist(), Rows(begins, fix_records(fixes)[order]), flushed=ended)

    def on_time(self, now_us: int) -> Matches:
        """Settle the tails of devices that fell silent."""
        heard_us = self.memories.heads["heard_us"]
        # Nobody was heard tomorrow: the clock was wrong then, and is right now.
        np.minimum(heard_us, now_us, out=heard_us)
        silent = now_us - heard_us > self.silence_us
        devices = self.memories.slots.items()
        return self.flush([device for device, slot in devices if silent[slot] and self._unsettled(device)])

    def flush(self, devices: Sequence[int]) -> Matches:
        """Settle all of these devices, whatever the lag."""
        nothing = Rows(np.zeros(len(devices) + 1, np.int64), np.empty(0, FIX))
        return self._run(list(devices), nothing, flushed=True)

    def newest_us(self, device: int) -> int:
        return int(self.memories.head(device)["newest_us"]) if device in self.memories.slots else 0

    def settled_us(self, device: int) -> int:
        """The instant of the newest settled fix; 0 before the first."""
        return int(self.memories.head(device)["left_us"]) if device in self.memories.slots else 0

    def unseen(self, fixes: ObservedBatch) -> Bools:
        """Of fixes of one device those that came after its memory was kept; what came late then is not among them."""
        head, known = self.memories.fixes_of(int(fixes.device[0])) if len(fixes) else (None, ())
        keys = list(zip(*(getattr(fixes, name).tolist() for name in ORDER), strict=True))
        left = tuple(int(head[f"left_{name}"]) for name in LEFT) if head is not None and head["left"] else ()
        seen = set(known)
        return np.array([key > left and key not in seen for key in keys], np.bool_)

    def snapshot(self, device: int) -> Mapping[str, Any]:
        return self.memories.snapshot(device)

    def restore(self, device: int, kept: Mapping[str, Any]) -> None:
        self.memories.restore(device, kept)

    def forget(self, device: int) -> None:
        self.memories.forget(device)

    def _unsettled(self, device: int) -> bool:
        """Whether a flush would change anything."""
        head = self.memories.head(device)
        return bool(not head["provisional"] or head["fixes"] > head["settled"])

    def _run(self, devices: list[int], came: Rows, *, flushed: bool) -> Matches:
        """Take in what came, settle what can be, and remember the rest."""
        known = self.memories.recall(devices)
        heads, before = known.heads, known.heads.copy()
        merged, whole = _room(known, came), _room(known, came)
        late, changed = np.zeros(len(came.fixes), np.bool_), np.zeros(len(devices), np.int64)
        merge(heads, Rows(known.fix_begins, known.fixes), came, merged, late, changed)
        join_halves(heads, merged, whole, changed)
        whole = Rows(whole.begins, whole.fixes[: whole.begins[-1]])
        make = np.where(changed >= 0, changed, whole.begins[1:])
        lattice = grow(self.ground, whole, make, self.fleet, known)
        until, first = np.zeros(len(devices), np.int64), whole.begins[:-1] + heads["settled"]
        lag_us = NEVER_US if self.lag_us is None else self.lag_us
        close(heads, whole, lag_us, self.late_us, flushed, until)
        newer = (changed >= 0) & (heads["newest_us"] > before["newest_us"])
        answers = self._answers(lattice, heads, newer, np.stack([first, until], axis=1))
        rest = _room(known, came)
        leave(heads, whole, merged, until, lag_us, rest)
        heads["provisional"] |= flushed
        self._remember(devices, heads, lattice, rest, until)
        resumed = np.flatnonzero(before["provisional"] & (until > first))
        gone_on = [at for at in first[resumed].tolist() if not lattice.columns["opens"][at]]
        return Matches(
            **answers,
            dirty=(*map(_stretch, came.fixes[late]), *map(_stretch, whole.fixes[gone_on])),
            ended=tuple(devices) if flushed else (),
        )

    def _answers(self, lattice: Lattice, heads: Records, newer: Bools, spans: Int64s) -> dict[str, Any]:
        """Heads and settled answers, and what was driven."""
        begins, fixes = lattice.whole.begins, len(lattice.whole.fixes)
        track_us = np.zeros(fixes, np.int64)
        date_tracks(heads, lattice.whole, np.ascontiguousarray(lattice.columns["opens"]), track_us)
        at_once = choose(lattice, begins[1:] - newer, begins[1:], 0)
        settled = choose(lattice, spans[:, 0], spans[:, 1], self.lag_us)
        counts = spans[:, 1] - spans[:, 0]
        rows = ranges(spans[:, 0], counts)
        heads["track_us"][counts > 0] = track_us[spans[counts > 0, 1] - 1]
        return {
            "head": matches(self.ground, lattice, at_once, begins[1:][newer] - 1, track_us),
            "settled": matches(self.ground, lattice, settled, rows, track_us),
            "driven": stretches(self.ground, lattice, settled, heads, spans),
        }

    def _remember(self, devices: list[int], heads: Records, lattice: Lattice, rest: Rows, until: Int64s) -> None:
        """The fixes of the last settled instant, and what is not settled."""
        first, ends = until - heads["settled"], lattice.whole.begins[1:]
        states = lattice.starts[first], lattice.starts[ends]
        spans = np.stack([rest.begins[:-1], rest.begins[1:], first, ends, *states], axis=1)
        self.memories.keep(devices, heads, (rest.fixes, lattice.columns, lattice.states), spans)


def _room(known: Remembered, came: Rows) -> Rows:
    return Rows(np.zeros(len(known.fix_begins), np.int64), np.empty(len(known.fixes) + len(came.fixes), FIX))


def _stretch(fix: Record) -> DirtyStretch:
    at_us = int(fix["observed_us"])
    return DirtyStretch(device=int(fix["device"]), from_us=at_us, to_us=at_us)
