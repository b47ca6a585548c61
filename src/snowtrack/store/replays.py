"""What a replay reads, holds and replaces of a device, and the schemas of their own that results can be written to.

A scratch schema has tables like the real ones. In a transaction that `open_scratch` turned to it, the statements that
write results and facts write there; what it has no table for is read from the real one.
"""

import re
from base64 import b64decode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import orjson
from psycopg import AsyncConnection, sql

from snowtrack.matching.records import FIX, HEAD
from snowtrack.model.calendar import DAY_US
from snowtrack.model.columns import ABSENT_64
from snowtrack.model.errors import ConfigError, StoreError
from snowtrack.model.ids import DeviceId
from snowtrack.model.intervals import Interval
from snowtrack.model.tracks import DirtyStretch
from snowtrack.pipeline.comparison import Results
from snowtrack.pipeline.engine import SNAPSHOT_VERSION, Engine
from snowtrack.store.activities import add_activities, read_activities, replace_activities
from snowtrack.store.basis import note_basis
from snowtrack.store.instants import stretch_asked, to_instant, to_us
from snowtrack.store.passes import add_passes, read_device_passes, replace_passes
from snowtrack.store.queries import query
from snowtrack.store.tracks import read_tracks, replace_tracks, save_tracks

# The results of one track do not go on for longer.
REACH_US_MAX = 7 * DAY_US
MADE_BY_REPLAY = "made by snowtrack replay"
_NAME = re.compile(r"(?!pg_)[a-z_][a-z0-9_]{0,62}")
_TABLES = ("device", "basis", "pass", "activity", "track", "touched", "segment_state")


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """A device that there is something of to replay."""

    number: int
    id: DeviceId
    latest_us: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What ingest holds open of a device. `last` is the last fix that is settled, as time, boot, sequence and digest,
    or about where that will be; `provisional` says that it was settled before its time, and nothing since. Fixes newer
    than `newest_us` are stored, and their results not yet."""

    last: tuple[int, ...]
    newest_us: int
    provisional: bool = False
    readable: bool = True

    @property
    def settled_us(self) -> int:
        return self.last[0]


async def read_devices_at(connection: AsyncConnection, from_us: int, to_us_: int) -> list[Replayed]:
    """The devices with fixes or results in a time range, by their ids."""
    asked = {
        "from_time": to_instant(from_us),
        "to_time": to_instant(to_us_),
        "since": to_instant(from_us - REACH_US_MAX),
    }
    rows = await (await connection.execute(query("devices_at"), asked)).fetchall()
    return [
        Replayed(number=number, id=DeviceId(agency, name), latest_us=0 if latest is None else to_us(latest))
        for number, agency, name, latest in rows
    ]


async def read_archived_devices(connection: AsyncConnection, from_us: int, to_us_: int) -> list[Replayed]:
    """The devices with fixes that belong in an archive of this time, without its end."""
    asked = {"from_time": to_instant(from_us), "to_time": to_instant(to_us_)}
    rows = await (await connection.execute(query("archived_devices"), asked)).fetchall()
    return [Replayed(number=number, id=DeviceId(agency, name)) for number, agency, name in rows]


async def hold_device(connection: AsyncConnection, device: int) -> None:
    """Whoever replaces results of a device holds it first, so that two cannot put theirs beside each other."""
    await connection.execute(query("hold_device"), {"device": device})


async def read_held(connection: AsyncConnection, device: Replayed) -> Held | None:
    """What ingest holds open of a device, if anything."""
    row = await (await connection.execute(query("kept_of_device"), {"device": device.number})).fetchone()
    return None if row is None else _held(row[0], behind=row[1], latest_us=device.latest_us)


async def read_open(connection: AsyncConnection) -> list[int]:
    """The devices of which ingest holds something open."""
    rows = await (await connection.execute(query("kept_states"))).fetchall()
    return [device for device, kept, behind in rows if _held(kept, behind=behind, latest_us=0) is not None]


async def read_reach(connection: AsyncConnection, stretch: DirtyStretch) -> Interval | None:
    """From when to when the results go on of which some lie in a stretch."""
    asked = stretch_asked(stretch) | {"since": to_instant(stretch.from_us - REACH_US_MAX)}
    row = await (await connection.execute(query("stored_reach"), asked)).fetchone()
    return None if row is None or row[0] is None else (to_us(row[0]), to_us(row[1]))


async def oldest_result(connection: AsyncConnection, device: int) -> int | None:
    """No result of a device is from before this, and nothing is to be computed of an earlier time."""
    row = await (await connection.execute(query("oldest_results"), {"device": device})).fetchone()
    return None if row is None or row[0] is None else to_us(row[0])


async def read_results(connection: AsyncConnection, stretch: DirtyStretch) -> Results:
    """What a device has that began in a stretch."""
    around = stretch.widened(1)
    asked = (connection, stretch.device, around.from_us, around.to_us)
    found = Results(
        passes=await read_device_passes(*asked),
        activities=await read_activities(*asked),
        tracks=await read_tracks(*asked),
    )
    return found.begun_in(stretch.from_us, stretch.to_us)


async def replace_results(connection: AsyncConnection, engine: Engine, stretch: DirtyStretch, results: Results) -> None:
    """Put these in place of all that the device has in the time range, and note what they were computed with."""
    await replace_passes(connection, stretch, results.passes)
    await replace_activities(connection, stretch, results.activities)
    await replace_tracks(connection, stretch, results.tracks)
    await note_basis(connection, engine, results.tracks)


async def add_results(connection: AsyncConnection, results: Results) -> None:
    """Where the device has nothing yet."""
    await add_passes(connection, results.passes)
    await add_activities(connection, results.activities)
    await save_tracks(connection, results.tracks)


async def read_dirty(connection: AsyncConnection, stretch: DirtyStretch) -> list[Interval]:
    """What waits to be computed again, of a device in a stretch; half-open."""
    rows = await (await connection.execute(query("dirty_of_device"), stretch_asked(stretch))).fetchall()
    return [(to_us(from_time), to_us(to_time) + 1) for from_time, to_time in rows]


async def check_scratch(connection: AsyncConnection, schema: str, *, replace: bool) -> None:
    """Whether a scratch schema of this name can be made; refuses all that no replay made."""
    if not _NAME.fullmatch(schema):
        raise ConfigError(f"--schema {schema!r}: expected a name of a-z 0-9 _, at most 63 of them")
    row = await (await connection.execute(query("schema_comment"), {"schema": schema})).fetchone()
    if row is not None and row[0] != MADE_BY_REPLAY:
        raise StoreError(f"--schema {schema}: there is such a schema that no replay made; choose another name")
    if row is not None and not replace:
        raise StoreError(f"--schema {schema}: exists already; give --replace to make it anew, or another name")


async def open_scratch(connection: AsyncConnection, schema: str, *, replace: bool) -> None:
    """Make a scratch schema, in place of one that another replay made; the rest of the transaction writes to it."""
    await check_scratch(connection, schema, replace=replace)
    name = sql.Identifier(schema)
    await connection.execute(sql.SQL("drop schema if exists {} cascade").format(name))
    await connection.execute(sql.SQL("create schema {}").format(name))
    await connection.execute(sql.SQL("comment on schema {} is {}").format(name, sql.Literal(MADE_BY_REPLAY)))
    for table in _TABLES:
        like = sql.SQL("create table {}.{} (like {} including all)")
        await connection.execute(like.format(name, sql.Identifier(table), sql.Identifier(table)))
    await connection.execute(
        sql.SQL("select set_config('search_path', {} || ', ' || current_schema(), true)").format(sql.Literal(schema))
    )


async def put_devices(connection: AsyncConnection, devices: Iterable[Replayed]) -> None:
    """Name devices in a scratch schema."""
    rows = [{"device": one.number, "agency": one.id.agency, "name": one.id.device} for one in devices]
    async with connection.cursor() as cursor:
        await cursor.executemany(query("put_device"), rows)


async def touched_segments(connection: AsyncConnection) -> Sequence[int]:
    """The segments that the results of a scratch schema are on."""
    rows = await (await connection.execute(query("touched_segments"))).fetchall()
    return [segment for (segment,) in rows]


async def close_scratch(connection: AsyncConnection, schema: str) -> None:
    """Take away what it was made with."""
    await connection.execute(sql.SQL("drop table {}.touched").format(sql.Identifier(schema)))


def _held(content: bytes | None, *, behind: bool, latest_us: int) -> Held | None:
    """What the stages kept; nothing is open once a tail was settled before its time, unless fixes came since then."""
    if content is None:
        return Held(last=(0, ABSENT_64, ABSENT_64, ABSENT_64), newest_us=0, provisional=True) if behind else None
    kept = orjson.loads(content)
    if kept.get("version") != SNAPSHOT_VERSION:
        return Held(last=(latest_us, ABSENT_64, ABSENT_64, ABSENT_64), newest_us=0, readable=False)
    head = np.frombuffer(b64decode(kept["matcher"]["head"]), HEAD)[0]
    if head["provisional"] and head["fixes"] == head["settled"] and not behind:
        return None
    last = tuple(int(head[f"left_{name}"]) for name in ("us", "boot", "seq", "digest"))
    if not last[0]:
        # Nothing is settled yet: what it holds begins with the first fix that waits.
        if not head["fixes"]:
            return None
        last = (int(np.frombuffer(b64decode(kept["matcher"]["content"]), FIX, 1)[0]["observed_us"]), *last[1:])
    return Held(last=last, newest_us=int(head["newest_us"]), provisional=bool(head["provisional"]))
