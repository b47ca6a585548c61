"""What ingest knows of its devices and has not saved yet: results, state, numbers. Saved some seconds later.

Fixes are committed at once, with a line in the journal. All else follows from them, so that it can be saved seldom:
what is stored of a device is a cut through its life, and after a crash the stages go on from there over the stored
fixes.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice, takewhile
from typing import Any

import numpy as np
from psycopg import AsyncConnection

from snowtrack.model.columns import ABSENT_64, Bools
from snowtrack.model.journal import JournalBatch
from snowtrack.model.passes import PassBatch
from snowtrack.model.tracks import DirtyStretch, TrackBatch
from snowtrack.model.work import ActivityBatch
from snowtrack.pipeline.comparison import Results
from snowtrack.pipeline.engine import Engine, Outputs
from snowtrack.store.basis import note_basis
from snowtrack.store.clocks import KeptClock, save_clocks
from snowtrack.store.devices import Note, note_devices, save_committed, save_kept
from snowtrack.store.replays import add_results
from snowtrack.tracks.identity import BootId, Committed, SequenceLedger

# Of all that wait, so many are saved with a batch: in equal parts, since whoever watches waits for each.
AT_ONCE, AT_ONCE_SHARE = 50, 1 / 20
NOTHING = Note(0, None, 0)
Batch = PassBatch | ActivityBatch | TrackBatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """Of some devices everything up to a batch: what is stored of them is a whole then."""

    batch: int
    results: Results
    kept: Mapping[int, Mapping[str, Any]]
    numbers: Mapping[BootId, Committed]
    clocks: Mapping[BootId, KeptClock]
    notes: Mapping[int, Note]


@dataclass(slots=True)
class Unsaved:
    """Of the devices of an engine and a ledger; `since` when, in seconds, and which batch, the longest first."""

    engine: Engine
    ledger: SequenceLedger
    batch: int = 0
    results: Results = field(default_factory=Results)
    notes: dict[int, Note] = field(default_factory=dict)
    boots: dict[int, set[BootId]] = field(default_factory=dict)
    since: dict[int, tuple[float, int]] = field(default_factory=dict)

    def add(self, outputs: Outputs) -> None:
        """Results of a batch, or of time alone."""
        self.results = Results(
            passes=PassBatch.concat([self.results.passes, outputs.passes]),
            activities=ActivityBatch.concat([self.results.activities, outputs.activities]),
            tracks=TrackBatch.concat([self.results.tracks, outputs.tracks]),
        )
        for device in outputs.ended:
            self._mark(device, self.batch)

    def _mark(self, device: int, batch: int) -> None:
        self.since.setdefault(device, (time.monotonic(), batch))

    def note(self, journal: JournalBatch, latest_us: Mapping[int, int]) -> None:
        """What batches brought, in order; the last one counts as the newest that there is."""
        columns = (getattr(journal, name).tolist() for name in ("batch", "device", "boot", "fixes", "heard_us"))
        for batch, device, boot, fixes, heard_us in zip(*columns, strict=True):
            known = self.notes.get(device, NOTHING)
            latest = max(known.latest_us or 0, latest_us.get(device, 0)) or None
            self.notes[device] = Note(known.fixes + fixes, latest, max(known.heard_us, heard_us))
            if boot != ABSENT_64:
                self.boots.setdefault(device, set()).add(BootId(device, boot))
            self._mark(device, batch)
            self.batch = batch

    def due(self, after_s: float) -> list[int]:
        """Some devices that have waited so long."""
        until = time.monotonic() - after_s
        waiting = takewhile(lambda item: item[1][0] <= until, self.since.items())
        return [device for device, _ in islice(waiting, max(AT_ONCE, round(AT_ONCE_SHARE * len(self.since))))]

    def oldest_batch(self) -> int:
        """The first batch that something unsaved is of, or else the next one; the journal is kept from there on."""
        return min((batch for _, batch in self.since.values()), default=self.batch + 1)

    def drop(self, stretch: DirtyStretch) -> None:
        """Results that begin in a stretch, which others take the place of."""
        _, self.results = self._parted(
            lambda batch: (
                (batch.device == stretch.device)
                & (batch.started_us >= stretch.from_us)
                & (batch.started_us <= stretch.to_us)
            )
        )

    def collect(self, devices: list[int]) -> Saving:
        """Everything of these devices as it is now; it counts as saved."""
        boots = [boot_id for device in devices for boot_id in sorted(self.boots.pop(device, ()))]
        return Saving(
            batch=self.batch,
            results=self._take(devices),
            kept={device: self.engine.snapshot(device) for device in devices},
            numbers=self.ledger.known(boots),
            clocks=kept_clocks(self.engine, boots),
            notes={device: self.notes.pop(device) for device in devices if device in self.notes},
        )

    def _take(self, devices: list[int]) -> Results:
        """The results of these; they are up to date then."""
        for device in devices:
            self.since.pop(device, None)
        own, self.results = self._parted(lambda batch: np.isin(batch.device, devices))
        return own

    def _parted(self, chosen: Callable[[Batch], Bools]) -> tuple[Results, Results]:
        """Those chosen, and the others."""
        batches = {name: getattr(self.results, name) for name in ("passes", "activities", "tracks")}
        masks = {name: chosen(batch) for name, batch in batches.items()}
        return (
            Results(**{name: batch.take(masks[name]) for name, batch in batches.items()}),
            Results(**{name: batch.take(~masks[name]) for name, batch in batches.items()}),
        )


def kept_clocks(engine: Engine, boots: Iterable[BootId]) -> dict[BootId, KeptClock]:
    """What is to be saved of clocks; what stirred them is in it."""
    found: dict[BootId, KeptClock] = {}
    for boot_id in boots:
        clock = engine.clocks.get(boot_id)
        if clock is not None:
            clock.stirred = False
            found[boot_id] = clock.snapshot()
    return found


async def save(connection: AsyncConnection, engine: Engine, saving: Saving) -> None:
    """In a transaction in which the fixes are that it follows from, or in a later one."""
    await add_results(connection, saving.results)
    await note_basis(connection, engine, saving.results.tracks)
    await save_kept(connection, engine.network.network_id, saving.kept)
    await save_committed(connection, saving.numbers)
    await save_clocks(connection, saving.clocks)
    await note_devices(connection, saving.notes, saving.batch)
