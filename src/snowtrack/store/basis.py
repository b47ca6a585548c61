"""What results were computed with, noted of each track; and what ingest computes with."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from snowtrack.model.fleet import Fleet
from snowtrack.model.tracks import DirtyStretch, TrackBatch
from snowtrack.pipeline.basis import Basis, known_as
from snowtrack.pipeline.engine import Engine
from snowtrack.store.arrays import numbers, times
from snowtrack.store.instants import stretch_asked, to_us
from snowtrack.store.queries import query


class TrackBasis(NamedTuple):
    """What is noted of a track; nothing of one that was computed before that was done."""

    started_us: int
    basis: Basis | None
    known_as: str | None


async def note_basis(connection: AsyncConnection, engine: Engine, tracks: TrackBatch) -> None:
    """Tracks that were saved just now come from this engine."""
    if not len(tracks):
        return
    noted = {
        "basis": await _basis_number(connection, Basis.of(engine)),
        "devices": numbers(tracks.device),
        "starts": times(tracks.started_us),
        "known_as": known_tracks(engine.fleet, tracks),
    }
    await connection.execute(query("note_basis"), noted)


def known_tracks(fleet: Fleet, tracks: TrackBatch) -> list[str]:
    """What the registry says of the device of each track."""
    spans = zip(tracks.device.tolist(), tracks.started_us.tolist(), tracks.ended_us.tolist(), strict=True)
    return [known_as(fleet, *span) for span in spans]


async def use_basis(connection: AsyncConnection, basis: Basis) -> None:
    """Ingest begins to compute with this. In a transaction that holds nothing else: others note the same while they
    hold a device, and each would wait for the other."""
    await connection.execute(query("use_basis"), {"basis": await _basis_number(connection, basis)})


async def basis_in_use(connection: AsyncConnection) -> Basis | None:
    """What ingest began to compute with last."""
    row = await (await connection.execute(query("basis_in_use"))).fetchone()
    return None if row is None else _basis(row)


async def read_track_bases(connection: AsyncConnection, stretch: DirtyStretch) -> list[TrackBasis]:
    """Of the tracks that a device began in a stretch, in order."""
    rows = await (await connection.execute(query("bases_of_tracks"), stretch_asked(stretch))).fetchall()
    return [TrackBasis(to_us(started_at), _basis(noted), known) for started_at, known, *noted in rows]


def _basis(row: Sequence[Any]) -> Basis | None:
    results, network_id, settings, fleet_version = row
    if results is None:
        return None
    return Basis(results=results, network_id=network_id, settings=settings, fleet_version=fleet_version)


async def _basis_number(connection: AsyncConnection, basis: Basis) -> int:
    asked = {
        "results": basis.results,
        "network_id": basis.network_id,
        "settings": Jsonb(dict(basis.settings)),
        "fleet_version": basis.fleet_version,
    }
    row = await (await connection.execute(query("basis_number"), asked)).fetchone()
    if row is None:  # another one made it between the two halves of the statement
        return await _basis_number(connection, basis)
    return int(row[0])
