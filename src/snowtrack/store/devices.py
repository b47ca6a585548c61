"""Devices: their numbers, their committed sequence numbers, and what the stages keep of them."""

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from psycopg import AsyncConnection

from snowtrack.model.columns import ABSENT_64
from snowtrack.model.ids import DeviceId
from snowtrack.model.intervals import Intervals
from snowtrack.store.arrays import numbers, times
from snowtrack.store.clocks import boots_asked
from snowtrack.store.instants import to_instant
from snowtrack.store.queries import query
from snowtrack.tracks.identity import BootId, Committed


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device as the store knows it."""

    number: int
    id: DeviceId
    fixes: int
    latest_at: datetime | None
    heard_at: datetime | None
    saved_batch: int
    held_boot: int


class Note(NamedTuple):
    """What batches say of a device."""

    fixes: int
    latest_us: int | None
    heard_us: int


async def device_numbers(connection: AsyncConnection, devices: Set[DeviceId]) -> dict[DeviceId, int]:
    """The numbers of devices, given at first sight."""
    wanted = sorted(devices)
    asked = {"agencies": [one.agency for one in wanted], "names": [one.device for one in wanted]}
    rows = await (await connection.execute(query("device_numbers"), asked)).fetchall()
    numbers = {DeviceId(agency, name): number for agency, name, number in rows}
    if missing := devices - numbers.keys():  # another worker made them between the two halves of the statement
        numbers |= await device_numbers(connection, missing)
    return numbers


async def device_number(connection: AsyncConnection, device: DeviceId) -> int:
    """Of one."""
    return (await device_numbers(connection, {device}))[device]


async def read_devices(connection: AsyncConnection, partitions: Collection[int] | None = None) -> list[DeviceRow]:
    """Of some partitions, or all."""
    asked = {"partitions": None if partitions is None else list(partitions)}
    rows = await (await connection.execute(query("devices"), asked)).fetchall()
    return [DeviceRow(number, DeviceId(agency, name), *known) for number, agency, name, *known in rows]


async def find_device(connection: AsyncConnection, device: DeviceId) -> int | None:
    """The number of a device, if it was ever heard."""
    named = {"agency": device.agency, "name": device.device}
    row = await (await connection.execute(query("find_device"), named)).fetchone()
    return None if row is None else int(row[0])


async def devices_silent_since(connection: AsyncConnection, time_us: int) -> set[int]:
    """Devices that were not heard since then: what they last did is not known to be finished."""
    since = to_instant(time_us)
    return {row.number for row in await read_devices(connection) if row.heard_at and row.heard_at < since}


async def note_devices(connection: AsyncConnection, notes: Mapping[int, Note], batch: int) -> None:
    """Count devices' new fixes, and move their latest instants forward: all up to this batch."""
    if notes:
        asked = {
            "batch": batch,
            "devices": numbers(list(notes)),
            "fixes": numbers([note.fixes for note in notes.values()]),
            "latest": times([ABSENT_64 if note.latest_us is None else note.latest_us for note in notes.values()]),
            "heard": times([note.heard_us for note in notes.values()]),
        }
        await connection.execute(query("note_devices"), asked)


async def read_committed(connection: AsyncConnection, devices: Sequence[int]) -> dict[BootId, Committed]:
    """The committed sequence numbers of devices, by boot."""
    rows = await (await connection.execute(query("committed_of_devices"), {"devices": list(devices)})).fetchall()
    return {
        BootId(device, boot): Committed(ranges=from_multirange(ranges), floor=floor)
        for device, boot, ranges, floor in rows
    }


async def save_committed(connection: AsyncConnection, changed: Mapping[BootId, Committed]) -> None:
    if changed:
        asked = {
            **boots_asked(changed),
            "ranges": [_multirange(committed.ranges) for committed in changed.values()],
            "floors": numbers([committed.floor for committed in changed.values()]),
        }
        await connection.execute(query("save_committed"), asked)


async def free_boots(connection: AsyncConnection, held: Mapping[int, int]) -> None:
    """Forget the boots before these: their devices hold nothing of them."""
    if held:
        asked = {"devices": numbers(list(held)), "boots": numbers(list(held.values()))}
        await connection.execute(query("note_held"), asked)
        await connection.execute(query("free_boots"), asked)


async def read_kept(
    connection: AsyncConnection, devices: Sequence[int], network_id: str
) -> dict[int, Mapping[str, Any]]:
    """What the stages kept of devices on this network."""
    asked = {"devices": list(devices), "network_id": network_id}
    rows = await (await connection.execute(query("states_of_devices"), asked)).fetchall()
    return {device: orjson.loads(kept) for device, kept in rows}


async def save_kept(connection: AsyncConnection, network_id: str, kept: Mapping[int, Mapping[str, Any]]) -> None:
    """What the stages keep of devices on this network."""
    if kept:
        contents = [orjson.dumps(content) for content in kept.values()]
        asked = {"devices": numbers(list(kept)), "network_id": network_id, "kept": contents}
        await connection.execute(query("save_states"), asked)


def _multirange(ranges: Intervals) -> str:
    return "{" + ",".join(f"[{start},{to})" for start, to in ranges) + "}"


def from_multirange(ranges: Any) -> Intervals:  # noqa: ANN401 - the driver's multiranges have no common type
    """Multiranges come in canonical form: half-open, in order, disjoint."""
    return tuple((part.lower, part.upper) for part in ranges)
