"""The clocks of boots: what was learned of each."""

from collections.abc import Collection, Mapping
from typing import Any

import orjson
from psycopg import AsyncConnection

from snowtrack.store.arrays import Numbers, numbers
from snowtrack.store.queries import query
from snowtrack.tracks.identity import BootId
from snowtrack.tracks.sessions import BootClock

KeptClock = Mapping[str, Any]
"""What a clock says of itself to be made again."""


async def read_clocks(connection: AsyncConnection, boots: Collection[BootId]) -> dict[BootId, BootClock]:
    """The clocks of these boots, as far as anything is known of them."""
    asked = boots_asked(boots)
    return _clocks(await (await connection.execute(query("clocks_of_boots"), asked)).fetchall())


async def read_device_clocks(connection: AsyncConnection, device: int) -> dict[BootId, BootClock]:
    return _clocks(await (await connection.execute(query("clocks_of_device"), {"device": device})).fetchall())


async def save_clocks(connection: AsyncConnection, clocks: Mapping[BootId, KeptClock]) -> None:
    if clocks:
        asked = {**boots_asked(clocks), "kept": [orjson.dumps(kept) for kept in clocks.values()]}
        await connection.execute(query("save_clocks"), asked)


def boots_asked(boots: Collection[BootId]) -> dict[str, Numbers]:
    return {
        "devices": numbers([boot_id.device for boot_id in boots]),
        "boots": numbers([boot_id.boot for boot_id in boots]),
    }


def _clocks(rows: list[tuple[Any, ...]]) -> dict[BootId, BootClock]:
    return {BootId(device, boot): BootClock.restored(orjson.loads(kept)) for device, boot, kept in rows}
