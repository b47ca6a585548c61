"""One ingest worker over a store made of lists: what services/ingest.py and services/recompute.py do, without IO.

What is in `Stored` is committed; everything else is lost in a crash.
"""

from dataclasses import dataclass, field

import orjson

from snowtrack.model.columns import ABSENT_64, present
from snowtrack.model.fixes import FixBatch
from snowtrack.model.passes import PassBatch
from snowtrack.model.tracks import DirtyStretch, ObservedBatch
from snowtrack.model.work import ActivityBatch
from snowtrack.network.arrays import Network
from snowtrack.pipeline.engine import Engine, EnginePolicy, Outputs
from snowtrack.pipeline.replay import Again, moment_of, whole_tracks, widen_to_now
from snowtrack.tracks.clock import observe
from snowtrack.tracks.identity import BootId, Committed, SequenceLedger
from snowtrack.tracks.sessions import BootClock
from tests.oracles.final import final_results

Row = tuple[int, ...]
Results = tuple[list[Row], list[Row]]


@dataclass
class Stored:
    """The tables."""

    fixes: list[Row] = field(default_factory=list)
    passes: list[Row] = field(default_factory=list)
    activities: list[Row] = field(default_factory=list)
    dirty: list[DirtyStretch] = field(default_factory=list)
    kept: dict[int, bytes] = field(default_factory=dict)
    committed: dict[BootId, Committed] = field(default_factory=dict)
    clocks: dict[BootId, bytes] = field(default_factory=dict)

    def fixes_of(self, device: int) -> FixBatch:
        fixes = FixBatch.from_rows(self.fixes)
        return fixes.take(fixes.device == device)


class Worker:
    """Takes batches, settles silent devices, computes dirty stretches again, and may crash between any two of these."""

    def __init__(self, network: Network, policy: EnginePolicy) -> None:
        self.network, self.policy = network, policy
        self.stored = Stored()
        self.crash()

    def crash(self) -> None:
        """Memory is gone; the store's state is read again."""
        self.engine, self.ledger = Engine(self.network, self.policy), SequenceLedger()
        self.again: Again | None = None
        self.marks: list[DirtyStretch] = []
        self.ledger.put(self.stored.committed)
        for device, kept in self.stored.kept.items():
            self.engine.restore(device, orjson.loads(kept))
        self.engine.clocks.update(self._clocks())

    def take(self, fixes: FixBatch) -> Outputs:
        """One micro-batch."""
        fresh = self.ledger.fresh(fixes, ())
        numbered = present(fixes.seq)
        known = {_key(row) for row in self.stored.fixes}
        for at, row in enumerate(fixes.rows()):
            fresh[at] &= bool(numbered[at]) or _key(row) not in known
            known.add(_key(row))
        new = fixes.take(fresh)
        outputs = self.engine.on_batch(new)
        self.stored.fixes += new.rows()
        boots = (BootId(device, boot) for device, own in self.ledger.boots.items() for boot in own)
        self.stored.committed = self.ledger.known(boots)
        self.stored.clocks = {boot: orjson.dumps(clock.snapshot()) for boot, clock in self.engine.clocks.items()}
        self._save(outputs, set(new.device.tolist()))
        return outputs

    def tick(self, now_us: int) -> None:
        outputs = self.engine.on_time(now_us)
        self._save(outputs, set(outputs.ended))

    def compute(self) -> None:
        """All dirty stretches of one device as one range, widened to whole tracks; what comes of it waits."""
        if self.again or not self.stored.dirty:
            return
        device = self.stored.dirty[0].device
        own = [one for one in self.stored.dirty if one.device == device]
        whole = DirtyStretch(device=device, from_us=min(s.from_us for s in own), to_us=max(s.to_us for s in own))
        observed = observe(self.stored.fixes_of(device), self._clocks())
        moment = moment_of(self.engine, device)
        stretch = widen_to_now(moment, whole_tracks(whole, observed.observed_us, self.policy.cut_us))
        self.again, self.marks = Again(self.engine, stretch, goes_on=moment.newest_us <= stretch.to_us), own
        self.again.take(_within(observed, stretch.from_us, stretch.to_us))

    def recompute(self) -> None:
        """What was computed takes its place, with what was stored since; computed now if nothing was."""
        self.compute()
        again, self.again = self.again, None
        if again is None or not again.holds(self.engine):
            return
        device = again.stretch.device
        if again.goes_on:
            newest_us = max(again.stretch.to_us, self.engine.newest_us(device))
            observed = observe(self.stored.fixes_of(device), self._clocks())
            again.go_on(newest_us, _within(observed, again.since_us(), newest_us))
        found, stretch = again.over(), again.stretch
        self.stored.passes = [
            row for row in self.stored.passes if row[0] != device or not stretch.from_us <= row[5] <= stretch.to_us
        ] + found.passes.rows()
        self.stored.activities = [
            row for row in self.stored.activities if row[0] != device or not stretch.from_us <= row[1] <= stretch.to_us
        ] + found.activities.rows()
        for mark in self.marks:
            self.stored.dirty.remove(mark)
        if found.kept is not None:
            self.stored.kept[device] = orjson.dumps(found.kept)
            self.engine.restore(device, found.kept)

    def finish(self) -> None:
        """Nothing more will come: compute again what is dirty, and settle every tail."""
        for _ in range(10):
            while self.stored.dirty:
                self.recompute()
            devices = sorted({row[0] for row in self.stored.fixes})
            self._save(self.engine.flush(devices), set(devices))
            if not self.stored.dirty:
                return
        raise AssertionError("the same stretch becomes dirty again and again")

    def results(self) -> Results:
        """Passes and activities."""
        return sorted(self.stored.passes), sorted(self.stored.activities)

    def final(self) -> Results:
        """What the stored fixes come to when each device's are looked at once, in order."""
        devices = sorted({row[0] for row in self.stored.fixes})
        finals = [final_results(self.network, self.policy, self.stored.fixes_of(device)) for device in devices]
        passes = PassBatch.concat(one.passes for one in finals)
        activities = ActivityBatch.concat(one.activities for one in finals)
        return sorted(passes.rows()), sorted(activities.rows())

    def _save(self, outputs: Outputs, devices: set[int]) -> None:
        self.stored.passes += outputs.passes.rows()
        self.stored.activities += outputs.activities.rows()
        self.stored.dirty += outputs.dirty
        for device in devices | set(outputs.passes.device.tolist()):
            self.stored.kept[device] = orjson.dumps(self.engine.snapshot(device))

    def _clocks(self) -> dict[BootId, BootClock]:
        return {boot: BootClock.restored(orjson.loads(kept)) for boot, kept in self.stored.clocks.items()}


def _within(observed: ObservedBatch, from_us: int, to_us: int) -> ObservedBatch:
    return observed.take((observed.observed_us >= from_us) & (observed.observed_us <= to_us))


def _key(row: Row) -> Row:
    """What tells two fixes without a number apart; one without a date is another in each minute."""
    device, _, _, digest, _, time_us, _, received_us, *_ = row
    return (device, time_us, digest, received_us // 60_000_000 if time_us == ABSENT_64 else 0)
