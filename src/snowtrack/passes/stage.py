"""All machines: settled matches and what was driven in, passes and activities out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from snowtrack.model.columns import ABSENT_16, Int64s
from snowtrack.model.fleet import NO_FLEET, Fleet
from snowtrack.model.matches import NO_ROW, DrivenBatch, MatchBatch
from snowtrack.model.memory import Memory
from snowtrack.model.passes import PassBatch
from snowtrack.model.work import ActivityBatch
from snowtrack.network.arrays import Network
from snowtrack.passes.crediting import UNKNOWN, Drives, Waits, credit
from snowtrack.passes.hearing import Judged, Known, Limits, Said
from snowtrack.passes.judging import FULL, PIECE_US, end, judge
from snowtrack.passes.profiles import TABLE
from snowtrack.passes.records import PIECE, PIECES_MAX, VISITS_MAX, WAITING_MAX, WORKS, new_lives

# So many fixes are looked at in one go, which bounds the room that answers need.
AT_ONCE = 50_000
SPANS_PER_FIX = 8
HELD_MAX = WORKS * (WAITING_MAX + VISITS_MAX * PIECES_MAX)
# Into so many parts falls what is worked when some of it was told before.
PARTS_MAX = PIECES_MAX + 1
PASS_COLUMNS, SPAN_COLUMNS = len(PassBatch.dtypes()), len(ActivityBatch.dtypes())


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkPolicy:
    """When a machine is taken to work (`passes.judging`).

    bridge_us   what was driven between two fixes further apart was not seen
    seen_us     and between two further apart than this it is inferred that the machine worked
    zone_us     what is not certain for so long stays as it was
    down_us     an input says for so long that the machine works before it is believed
    lift_us     and for so long that it does not
    turn_us     who is slow meanwhile may be turning, and is at work again before this time is over
    guess_us    at the speed of work for so long, a machine without inputs is taken to work
    leave_us    and at another one for so long, no more
    idle_us     a machine that stands for longer does not work
    stand_us    a shorter halt is part of a journey
    parked_us   who stands by for longer is parked
    """

    bridge_us: int = 60_000_000
    seen_us: int = 15_000_000
    zone_us: int = 60_000_000
    down_us: int = 3_000_000
    lift_us: int = 12_000_000
    turn_us: int = 45_000_000
    guess_us: int = 20_000_000
    leave_us: int = 10_000_000
    idle_us: int = 180_000_000
    stand_us: int = 60_000_000
    parked_us: int = 1_800_000_000

    def limits(self) -> Limits:
        """As levels move, rounded up: after its time a level has gone the whole way."""
        every = self.down_us, self.lift_us, self.turn_us, self.guess_us, self.leave_us
        rates = (-(-FULL * 1_000_000 // every_us) for every_us in every)
        times = self.bridge_us, self.seen_us, self.zone_us, self.idle_us, self.stand_us, self.parked_us
        return Limits(*times, *rates)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """What came of a batch."""

    passes: PassBatch
    activities: ActivityBatch


class PassStage:
    """Stateful per device. `fleet` says what kind of machine each device is on."""

    def __init__(self, network: Network, policy: WorkPolicy, fleet: Fleet = NO_FLEET) -> None:
        self.network = network
        self.fleet = fleet
        self.limits = policy.limits()
        self.memory = Memory(new_lives)

    def on_batch(self, settled: MatchBatch, driven: DrivenBatch) -> Worked:
        """Matches of any devices, those of each in observed order."""
        begins = np.searchsorted(driven.match, np.arange(len(settled) + 1))
        slots = self.memory.slots(settled.device)
        parts = []
        for first in range(0, len(settled), AT_ONCE):
            rows = slice(first, first + AT_ONCE)
            own = begins[first : first + AT_ONCE + 1]
            parts.append(self._work(settled.take(rows), driven.take(slice(own[0], own[-1])), slots[rows], own - own[0]))
        return joined(parts)

    def flush(self, devices: Sequence[int]) -> Worked:
        """End what is open: the track is over, or the device is silent."""
        slots = self.memory.slots(np.array(devices, np.int32))
        judged = self._room(slots)
        spans = end(self._known(), slots, judged)
        none, nothing = np.empty(0, np.int64), np.zeros(len(slots), np.int64)
        begins = np.zeros(len(slots) + 1, np.int64)
        drives = Drives(begins, none, none, none, none, slots, nothing, nothing, nothing, nothing)
        return self._told(drives, judged, spans)

    def _work(self, settled: MatchBatch, driven: DrivenBatch, slots: Int64s, begins: Int64s) -> Worked:
        way_mm = np.cumsum(np.concatenate([[0], np.abs(driven.to_mm - driven.from_mm)]))[begins]
        said = Said(
            slot=slots,
            observed_us=settled.observed_us,
            track_us=settled.track_us,
            on_road=settled.row != NO_ROW,
            speed_mmps=settled.speed_mmps,
            stands=settled.stands,
            blade=settled.blade,
            pto=settled.pto,
            spreading=settled.spreading,
            kind=self.fleet.kinds(settled.device, settled.observed_us),
            way_mm=np.diff(way_mm),
        )
        judged = self._room(slots)
        spans = judge(said, self._known(), TABLE, self.limits, judged)
        drives = Drives(
            begins=begins,
            row=driven.row,
            direction=driven.direction,
            from_mm=driven.from_mm,
            to_mm=driven.to_mm,
            slot=slots,
            observed_us=settled.observed_us,
            before_us=judged.before_us,
            confidence=settled.confidence,
            spread_dgpm=np.where(settled.spread_dgpm == ABSENT_16, UNKNOWN, settled.spread_dgpm),
        )
        return self._told(drives, judged, spans)

    def _told(self, drives: Drives, judged: Judged, spans: int) -> Worked:
        """Verdicts to passes, and both in columns."""
        most = PARTS_MAX * (HELD_MAX * len(np.unique(drives.slot)) + WORKS * len(drives.row))
        rows = np.empty((most, PASS_COLUMNS), np.int64)
        known = self.memory.rows
        waits = Waits(known.lanes, known.waiting, known.visits, known.pieces, np.zeros(1, PIECE))
        made = rows[: credit(drives, judged.verdicts, judged.evidence, waits, rows)]
        device, row, *others = made.T
        own = (self.memory.devices[device], self.network.segment_id[row], *others)
        slot, *rest = judged.spans[:spans].T
        return Worked(
            passes=PassBatch.from_columns(own),
            activities=ActivityBatch.from_columns((self.memory.devices[slot], *rest)),
        )

    def _room(self, slots: Int64s) -> Judged:
        """For what can come of a fix of each: a few spans, and the pieces of those that are open."""
        fixes, machines = len(slots), self.memory.rows.machines[np.unique(slots)]
        open_us = int((machines["observed_us"] - machines["since_us"]).sum())
        spans = fixes * (SPANS_PER_FIX + self.limits.bridge_us // PIECE_US) + open_us // PIECE_US
        return Judged(
            verdicts=np.zeros((fixes, WORKS), np.int8),
            evidence=np.zeros((fixes, WORKS), np.int8),
            before_us=np.zeros(fixes, np.int64),
            spans=np.empty((spans, SPAN_COLUMNS), np.int64),
        )

    def _known(self) -> Known:
        rows = self.memory.rows
        return Known(rows.machines, rows.detectors, rows.sensors)


def joined(parts: Sequence[Worked]) -> Worked:
    """One after the other."""
    return Worked(
        passes=PassBatch.concat(part.passes for part in parts),
        activities=ActivityBatch.concat(part.activities for part in parts),
    )
