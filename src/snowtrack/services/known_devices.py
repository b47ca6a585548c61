"""What ingest holds in memory of the devices it owns; the store has all of it, so it can be dropped and read again."""

from dataclasses import dataclass, field

from psycopg import AsyncConnection

from snowtrack.model.ids import DeviceId
from snowtrack.pipeline.engine import Engine
from snowtrack.store.devices import device_number, read_committed, read_kept
from snowtrack.store.passes import mark_latest_dirty
from snowtrack.tracks.identity import SequenceLedger


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

    def forget_all(self) -> None:
        """A commit failed: what is in memory is ahead of the store."""
        for number in self.names:
            self.engine.forget(number)
            self.ledger.forget(number)
        self.numbers.clear()
        self.names.clear()
