"""What ingest holds in memory of the devices it owns; the store has all of it, so it can be dropped and read again."""

from dataclasses import dataclass, field
from itertools import islice

from psycopg import AsyncConnection

from snowtrack.model.columns import present
from snowtrack.model.fixes import FixBatch
from snowtrack.model.ids import DeviceId
from snowtrack.pipeline.engine import Engine
from snowtrack.store.clocks import read_clocks
from snowtrack.store.devices import device_number, read_committed, read_kept
from snowtrack.store.passes import mark_latest_dirty
from snowtrack.tracks.identity import BootId, SequenceLedger, boots_of

CLOCKS_MAX = 20_000


@dataclass(slots=True)
class KnownDevices:
    """Numbers and names, the ledger of sequence numbers, and the engine's state."""

    engine: Engine
    ledger: SequenceLedger = field(default_factory=SequenceLedger)
    numbers: dict[DeviceId, int] = field(default_factory=dict)
    names: dict[int, DeviceId] = field(default_factory=dict)

    async def learn(self, connection: AsyncConnection, device: DeviceId) -> int:
        """The device's number; at first sight, all that the store keeps of it."""
        if device in self.numbers:
            return self.numbers[device]
        number = await device_number(connection, device)
        self.ledger.boots.update(await read_committed(connection, number))
        kept = await read_kept(connection, number, self.engine.network.network_id)
        if kept is None or not self.engine.restore(number, kept):
            # Nothing of these stages and these roads to go on from: the last track is computed again.
            await mark_latest_dirty(connection, number)
        self.numbers[device], self.names[number] = number, device
        return number

    async def learn_clocks(self, connection: AsyncConnection, fixes: FixBatch) -> list[BootId]:
        """Have the clocks of the boots of these fixes at hand, and drop those of others when there are too many."""
        boots, _ = boots_of(fixes.take(present(fixes.seq)))
        clocks = self.engine.clocks
        unknown = [boot_id for boot_id in boots if boot_id not in clocks]
        if unknown:
            clocks.update(await read_clocks(connection, unknown))
        wanted = set(boots)
        for boot_id in list(islice(clocks, max(len(clocks) - CLOCKS_MAX, 0))):
            if boot_id not in wanted:
                del clocks[boot_id]
        return boots

    def forget_all(self) -> None:
        """A commit failed: what is in memory is ahead of the store."""
        for number in self.names:
            self.engine.forget(number)
            self.ledger.forget(number)
        self.numbers.clear()
        self.names.clear()
