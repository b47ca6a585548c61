"""What ingest holds in memory of the devices it owns; the store has all of it, so it can be dropped and read again."""

from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

import numpy as np
from psycopg import AsyncConnection

from snowtrack.model.columns import present
from snowtrack.model.fixes import FixBatch
from snowtrack.model.ids import DeviceId
from snowtrack.model.journal import JournalBatch
from snowtrack.pipeline.engine import Engine
from snowtrack.store.clocks import read_clocks
from snowtrack.store.devices import device_numbers, read_committed, read_devices, read_kept
from snowtrack.store.journal import read_journal
from snowtrack.store.passes import mark_latest_dirty
from snowtrack.tracks.identity import BootId, SequenceLedger, boots_of

# Of boots that are over; each device has one beside that is not.
OVER_MAX = 20_000


class Behind(NamedTuple):
    """The newest batch, what batches brought, and the devices of them whose stages can go on over it."""

    batch: int
    journal: JournalBatch
    devices: list[int]


@dataclass(slots=True)
class KnownDevices:
    """Numbers and names, the ledger of sequence numbers, and the engine's state."""

    engine: Engine
    ledger: SequenceLedger = field(default_factory=SequenceLedger)
    numbers: dict[DeviceId, int] = field(default_factory=dict)
    names: dict[int, DeviceId] = field(default_factory=dict)

    async def learn(self, connection: AsyncConnection, devices: Set[DeviceId]) -> None:
        """Have the numbers of devices; one that is new has nothing in the store."""
        if strange := devices - self.numbers.keys():
            for device, number in (await device_numbers(connection, strange)).items():
                self._name(number, device)

    async def take_up(self, connection: AsyncConnection, partitions: Collection[int]) -> Behind:
        """All that the store keeps of the devices of partitions; and what batches brought beyond results and state."""
        rows = await read_devices(connection, partitions)
        for row in rows:
            self._name(row.number, row.id)
            self.ledger.held[row.number] = row.held_boot
        self.ledger.put(await read_committed(connection, list(self.names)))
        kept = await read_kept(connection, list(self.names), self.engine.network.network_id)
        anew = set()
        for row in rows:
            restored = row.number in kept and self.engine.restore(row.number, kept[row.number])
            if not restored and row.latest_at is not None:
                # Nothing of these stages and these roads to go on from: the last track is computed again.
                anew.add(row.number)
                await mark_latest_dirty(connection, row.number)
        journal = await read_journal(connection)
        journal = journal.take(np.isin(journal.device, list(self.names)))
        saved = {row.number: row.saved_batch for row in rows}
        beyond = journal.batch > np.array([saved[device] for device in journal.device.tolist()], np.int64)
        self.ledger.take_up(journal.take(beyond))
        newest = max([*saved.values(), *journal.batch.tolist()], default=0)
        return Behind(newest, journal.take(beyond), sorted(set(journal.device[beyond].tolist()) - anew))

    def _name(self, number: int, device: DeviceId) -> None:
        self.numbers[device], self.names[number] = number, device

    async def learn_clocks(self, connection: AsyncConnection, fixes: FixBatch) -> list[BootId]:
        """Have the clocks of the boots of these fixes at hand."""
        numbered = present(fixes.seq)
        boots, _ = boots_of(fixes.device[numbered], fixes.boot[numbered])
        clocks = self.engine.clocks
        unknown = [boot_id for boot_id in boots if boot_id not in clocks]
        if unknown:
            clocks.update(await read_clocks(connection, unknown))
        return boots

    def forget_clocks(self, unsaved: Mapping[int, Collection[BootId]]) -> None:
        """Of too many the oldest, but those that are not saved. What was saved is to be committed."""
        clocks = self.engine.clocks
        for boot_id in list(islice(clocks, max(len(clocks) - len(self.names) - OVER_MAX, 0))):
            if boot_id not in unsaved.get(boot_id.device, ()):
                del clocks[boot_id]
