"""The clocks of boots: what was learned of each."""

from collections.abc import Collection
from typing import Any

import orjson
from psycopg import AsyncConnection

from snowtrack.store.queries import query
from snowtrack.tracks.identity import BootId
from snowtrack.tracks.sessions import BootClock


async def read_clocks(connection: AsyncConnection, boots: Collection[BootId]) -> dict[BootId, BootClock]:
    """The clocks of these boots, as far as anything is known of them."""
    asked = {"devices": [boot_id.device for boot_id in boots], "boots": [boot_id.boot for boot_id in boots]}
    return _clocks(await (await connection.execute(query("clocks_of_boots"), asked)).fetchall())


async def read_device_clocks(connection: AsyncConnection, device: int) -> dict[BootId, BootClock]:
    return _clocks(await (await connection.execute(query("clocks_of_device"), {"device": device})).fetchall())


async def save_clock(connection: AsyncConnection, boot_id: BootId, clock: BootClock) -> None:
    kept = {"device": boot_id.device, "boot": boot_id.boot, "kept": orjson.dumps(clock.snapshot())}
    await connection.execute(query("save_clock"), kept)


def _clocks(rows: list[tuple[Any, ...]]) -> dict[BootId, BootClock]:
    return {BootId(device, boot): BootClock.restored(orjson.loads(kept)) for device, boot, kept in rows}
