"""The facts of segments, the fold's lease and progress, and the public's cut."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from psycopg import AsyncConnection
from psycopg.types.multirange import Int4Multirange
from psycopg.types.range import Int4Range

from snowtrack.clearance.public_cut import PublicCut
from snowtrack.clearance.view import Views
from snowtrack.model.states import StateBatch, States, Stretches
from snowtrack.store.columns import read_columns
from snowtrack.store.devices import from_multirange
from snowtrack.store.instants import to_instant, to_us
from snowtrack.store.queries import query

_COPY = (
    "copy segment_state (segment_id, direction, length_mm, covered_mm, passes, first_at, last_at, done_at, fresh_at,"
    " evidence, confidence, last_device, spread_at, spreads, covered) from stdin (format binary)"
)
_NAMES = tuple(StateBatch.dtypes())
_ABSENT = {name: int(np.iinfo(dtype).min) for name, dtype in StateBatch.dtypes().items()}
_SQL_TYPES = {1: "int2", 2: "int2", 4: "int4", 8: "int8"}
_TYPES = [
    *(
        "timestamptz" if name.endswith("_us") else _SQL_TYPES[dtype.itemsize]
        for name, dtype in StateBatch.dtypes().items()
    ),
    "int4multirange",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldProgress:
    """The number of the last delta, and when the event began that the facts belong to."""

    number: int
    event_us: int


async def take_lease(connection: AsyncConnection, name: str, *, holder: str, lasts_s: float) -> int | None:
    """Become the holder; the epoch to show from now on, or nothing while another holds it."""
    asked = {"name": name, "holder": holder, "lasts": timedelta(seconds=lasts_s)}
    row = await (await connection.execute(query("take_lease"), asked)).fetchone()
    return None if row is None else int(row[0])


async def hold_lease(connection: AsyncConnection, name: str, *, epoch: int, lasts_s: float) -> bool:
    """Still the holder? Asked inside a transaction, this keeps everyone else out until its end."""
    asked = {"name": name, "epoch": epoch, "lasts": timedelta(seconds=lasts_s)}
    return await (await connection.execute(query("hold_lease"), asked)).fetchone() is not None


async def leave_lease(connection: AsyncConnection, name: str, *, epoch: int) -> None:
    await connection.execute(query("leave_lease"), {"name": name, "epoch": epoch})


async def read_progress(connection: AsyncConnection, network_id: str) -> FoldProgress | None:
    row = await (await connection.execute(query("fold_progress"), {"network_id": network_id})).fetchone()
    return None if row is None else FoldProgress(number=row[0], event_us=to_us(row[1]))


async def save_progress(connection: AsyncConnection, network_id: str, progress: FoldProgress) -> None:
    saved = {"network_id": network_id, "number": progress.number, "event_start": to_instant(progress.event_us)}
    await connection.execute(query("save_fold_progress"), saved)


async def take_touched(connection: AsyncConnection, limit: int) -> list[int]:
    """Segments to fold again, each once."""
    rows = await (await connection.execute(query("take_touched"), {"limit": limit})).fetchall()
    return sorted({segment for (segment,) in rows})


async def begin_anew(connection: AsyncConnection, since_us: int) -> list[int]:
    """A new event begins: no facts, and nothing touched but by what comes now; the segments worked since then."""
    await connection.execute(query("remove_all_states"))
    # Before they are looked up: what is committed between the two is found and folded once more, and not lost.
    await connection.execute(query("remove_all_touched"))
    rows = await (await connection.execute(query("segments_worked_since"), {"since": to_instant(since_us)})).fetchall()
    return [segment for (segment,) in rows]


async def replace_states(connection: AsyncConnection, segments: list[int], states: States) -> None:
    """Put these facts in place of all that stand for the segments."""
    await connection.execute(query("remove_states"), {"segments": segments})
    async with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.set_types(_TYPES)
        for row, facts in enumerate(states.facts.rows()):
            covered = Int4Multirange(Int4Range(start, to) for start, to in states.covered.of(row))
            await copy.write_row((*map(_stored, _NAMES, facts), covered))


async def read_states(connection: AsyncConnection) -> StateBatch:
    """All facts, ordered by segment and direction."""
    return await read_columns(connection, query("states"), {}, StateBatch)


async def read_states_of(connection: AsyncConnection, segment_id: int) -> States:
    """The facts of one segment, and what is covered."""
    rows = await (await connection.execute(query("states_of_segment"), {"segment": segment_id})).fetchall()
    covered = [from_multirange(row[-1]) for row in rows]
    return States(
        facts=StateBatch.from_rows([tuple(map(_read, _NAMES, row[:-1])) for row in rows]),
        covered=Stretches.of_all(covered),
    )


async def save_public_cut(connection: AsyncConnection, network_id: str, cut: PublicCut) -> None:
    saved = {"network_id": network_id, "cut_at": to_instant(cut.cut_us), "views": cut.views.packed()}
    await connection.execute(query("save_public_cut"), saved)


async def read_public_cut(
    connection: AsyncConnection, network_id: str, *, known_us: int | None = None
) -> PublicCut | None:
    """What the public sees; nothing when it is the one that is known."""
    asked = {"network_id": network_id, "known_at": None if known_us is None else to_instant(known_us)}
    row = await (await connection.execute(query("public_cut"), asked)).fetchone()
    return None if row is None else PublicCut(cut_us=to_us(row[0]), views=Views.unpacked(row[1]))


def _stored(name: str, value: int) -> int | datetime | None:
    if value == _ABSENT[name]:
        return None
    return to_instant(value) if name.endswith("_us") else value


def _read(name: str, value: Any) -> int:  # noqa: ANN401 - a number or a time
    if value is None:
        return _ABSENT[name]
    return to_us(value) if name.endswith("_us") else int(value)
