"""The facts of segments, the fold's lease and progress, and the public's cut."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import AsyncConnection
from psycopg.types.multirange import Int4Multirange
from psycopg.types.range import Int4Range

from snowtrack.model.passes import Evidence
from snowtrack.model.states import DirectionFacts
from snowtrack.store.devices import from_multirange
from snowtrack.store.instants import to_instant, to_instant_or_none, to_us, to_us_or_none
from snowtrack.store.queries import query


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


async def remove_all_states(connection: AsyncConnection) -> list[int]:
    rows = await (await connection.execute(query("remove_all_states"))).fetchall()
    return sorted({segment for (segment,) in rows})


async def segments_with_passes(connection: AsyncConnection, since_us: int) -> list[int]:
    asked = {"since": to_instant(since_us)}
    rows = await (await connection.execute(query("segments_with_passes"), asked)).fetchall()
    return sorted(segment for (segment,) in rows)


async def replace_states(connection: AsyncConnection, segments: list[int], facts: list[DirectionFacts]) -> None:
    """Put these facts in place of all that stand for the segments."""
    await connection.execute(query("remove_states"), {"segments": segments})
    async with connection.cursor() as cursor:
        await cursor.executemany(query("save_segment_state"), [_parameters(one) for one in facts])


async def read_states(connection: AsyncConnection) -> list[DirectionFacts]:
    """All facts, ordered by segment."""
    return [_facts(row) for row in await (await connection.execute(query("states"))).fetchall()]


async def read_states_of(connection: AsyncConnection, segment_id: int) -> list[DirectionFacts]:
    """The facts of one segment."""
    rows = await (await connection.execute(query("states_of_segment"), {"segment": segment_id})).fetchall()
    return [_facts(row) for row in rows]


async def save_public_cut(connection: AsyncConnection, network_id: str, *, cut_us: int, segments: bytes) -> None:
    saved = {"network_id": network_id, "cut_at": to_instant(cut_us), "segments": segments}
    await connection.execute(query("save_public_cut"), saved)


async def read_public_cut(connection: AsyncConnection, network_id: str) -> tuple[datetime, bytes] | None:
    """When the public's view was cut, and what it is."""
    row = await (await connection.execute(query("public_cut"), {"network_id": network_id})).fetchone()
    return None if row is None else (row[0], bytes(row[1]))


def _facts(row: tuple[Any, ...]) -> DirectionFacts:
    segment_id, direction, covered, length_mm, passes, first_at, last_at, done_at, evidence, last_device = row
    return DirectionFacts(
        segment_id=segment_id,
        direction=direction,
        covered_mm=from_multirange(covered),
        length_mm=length_mm,
        passes=passes,
        first_us=to_us(first_at),
        last_us=to_us(last_at),
        done_us=to_us_or_none(done_at),
        evidence=Evidence(evidence),
        last_device=last_device,
    )


def _parameters(facts: DirectionFacts) -> dict[str, object]:
    return {
        "segment_id": facts.segment_id,
        "direction": facts.direction,
        "covered": Int4Multirange(Int4Range(start, to) for start, to in facts.covered_mm),
        "length_mm": facts.length_mm,
        "passes": facts.passes,
        "first_at": to_instant(facts.first_us),
        "last_at": to_instant(facts.last_us),
        "done_at": to_instant_or_none(facts.done_us),
        "evidence": int(facts.evidence),
        "last_device": facts.last_device,
    }
