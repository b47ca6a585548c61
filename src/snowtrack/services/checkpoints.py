"""What ingest knows of its devices and has not saved yet: results, state, numbers. Saved some seconds later.

Fixes are committed at once, with a line in the journal. All else follows from them, so that it can be saved seldom:
what is stored of a device is a cut through its life, and after a crash the stages go on from there over the stored
fixes.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import islice, takewhile

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
from snowtrack.store.devices import Note, note_devices, save_committed, save_kept
from snowtrack.store.replays import add_results
from snowtrack.tracks.identity import BootId, SequenceLedger

AT_ONCE_MAX = 500
NOTHING = Note(0, None, 0)
Batch = PassBatch | ActivityBatch | TrackBatch


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
        return [device for device, _ in islice(waiting, AT_ONCE_MAX)]

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

    def forget(self) -> None:
        """A commit failed: what is here is ahead of the store, and comes again from there."""
        self.results = Results()
        for waiting in (self.notes, self.boots, self.since):
            waiting.clear()

    async def save(self, connection: AsyncConnection, devices: list[int]) -> None:
        """Everything of these devices, in a transaction in which nothing of them is missing."""
        if not devices:
            return
        results = self._take(devices)
        await add_results(connection, results)
        await note_basis(connection, self.engine, results.tracks)
        kept = {device: self.engine.snapshot(device) for device in devices}
        await save_kept(connection, self.engine.network.network_id, kept)
        boots = [boot_id for device in devices for boot_id in sorted(self.boots.pop(device, ()))]
        numbers = {boot_id: self.ledger.boots[boot_id] for boot_id in boots if boot_id in self.ledger.boots}
        await save_committed(connection, numbers)
        notes = {device: self.notes.pop(device) for device in devices if device in self.notes}
        await note_devices(connection, notes, self.batch)

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
