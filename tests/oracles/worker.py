"""One ingest worker over a store made of lists: what services/ingest.py and services/recompute.py do, without IO.

What is in `Stored` is committed; everything else is lost in a crash.
"""

from dataclasses import dataclass, field

import numpy as np
import orjson

from snowtrack.model.columns import present
from snowtrack.model.fixes import FixBatch
from snowtrack.model.passes import PassBatch
from snowtrack.model.tracks import DirtyStretch
from snowtrack.network.arrays import Network
from snowtrack.pipeline.engine import Engine, EnginePolicy, Outputs
from snowtrack.pipeline.replay import recompute, widen_to_now
from snowtrack.tracks.clock import trusted
from snowtrack.tracks.identity import BootId, Committed, SequenceLedger
from tests.oracles.final import final_passes

Row = tuple[int, ...]


@dataclass
class Stored:
    """The tables."""

    fixes: list[Row] = field(default_factory=list)
    passes: list[Row] = field(default_factory=list)
    dirty: list[DirtyStretch] = field(default_factory=list)
    kept: dict[int, bytes] = field(default_factory=dict)
    committed: dict[BootId, Committed] = field(default_factory=dict)

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
        self.ledger.boots.update(self.stored.committed)
        for device, kept in self.stored.kept.items():
            self.engine.restore(device, orjson.loads(kept))

    def take(self, fixes: FixBatch) -> Outputs:
        """One micro-batch."""
        fresh = self.ledger.fresh(fixes, ())
        numbered = present(fixes.seq)
        known = {(row[0], row[5], row[3]) for row in self.stored.fixes}
        for at, (device, time_us, digest) in enumerate(zip(fixes.device, fixes.time_us, fixes.digest, strict=True)):
            key = (int(device), int(time_us), int(digest))
            fresh[at] &= bool(numbered[at]) or key not in known
            known.add(key)
        new = fixes.take(fresh)
        outputs = self.engine.on_batch(new)
        self.stored.fixes += new.take(trusted(new)).rows()
        self.stored.committed = dict(self.ledger.boots)
        self._save(outputs, set(new.device.tolist()))
        return outputs

    def tick(self, now_us: int) -> None:
        outputs = self.engine.on_time(now_us)
        self._save(outputs, set(outputs.ended))

    def recompute(self) -> None:
        """All dirty stretches of one device as one range, widened to whole tracks."""
        if not self.stored.dirty:
            return
        device = self.stored.dirty[0].device
        own = [one for one in self.stored.dirty if one.device == device]
        whole = DirtyStretch(device=device, from_us=min(s.from_us for s in own), to_us=max(s.to_us for s in own))
        stretch = widen_to_now(self.engine, self._widened(whole))
        stored = self.stored.fixes_of(device)
        inside = (stored.time_us >= stretch.from_us) & (stored.time_us <= stretch.to_us)
        again = recompute(self.engine, stretch, stored.take(inside))
        self.stored.passes = [
            row for row in self.stored.passes if row[0] != device or not stretch.from_us <= row[5] <= stretch.to_us
        ] + again.passes.rows()
        self.stored.dirty = [one for one in self.stored.dirty if one.device != device]
        if again.kept is not None:
            self.stored.kept[device] = orjson.dumps(again.kept)
            self.engine.restore(device, again.kept)

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

    def passes(self) -> list[Row]:
        return sorted(self.stored.passes)

    def final(self) -> list[Row]:
        """What the stored fixes come to when each device's are looked at once, in order."""
        devices = sorted({row[0] for row in self.stored.fixes})
        finals = [final_passes(self.network, self.policy, self.stored.fixes_of(device)) for device in devices]
        return sorted(PassBatch.concat(finals).rows())

    def _save(self, outputs: Outputs, devices: set[int]) -> None:
        self.stored.passes += outputs.passes.rows()
        self.stored.dirty += outputs.dirty
        for device in devices | set(outputs.passes.device.tolist()):
            self.stored.kept[device] = orjson.dumps(self.engine.snapshot(device))

    def _widened(self, stretch: DirtyStretch) -> DirtyStretch:
        fixes = self.stored.fixes_of(stretch.device)
        times = sorted(fixes.time_us[present(fixes.lat_e7)].tolist())
        tracks = np.split(times, np.flatnonzero(np.diff(times) > self.policy.cut_us) + 1)
        whole = [track for track in tracks if track[-1] >= stretch.from_us and track[0] <= stretch.to_us]
        from_us = min([stretch.from_us, *(int(track[0]) for track in whole)])
        to_us = max([stretch.to_us, *(int(track[-1]) for track in whole)])
        return DirtyStretch(device=stretch.device, from_us=from_us, to_us=to_us)
