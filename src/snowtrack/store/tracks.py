"""Tracks, and what is odd about them."""

from psycopg import AsyncConnection

from snowtrack.model.tracks import DirtyStretch, TrackBatch
from snowtrack.store.instants import stretch_asked, to_instant, to_us
from snowtrack.store.queries import query


async def save_tracks(connection: AsyncConnection, tracks: TrackBatch) -> None:
    """What there is to tell of tracks that ended or go on."""
    if not len(tracks):
        return
    # Of what was told of one track several times, the last.
    latest = {(device, started_us): row for device, started_us, *row in tracks.rows()}
    devices, starts = zip(*latest, strict=True)
    ends, *counts = zip(*latest.values(), strict=True)
    asked = {
        "device": list(devices),
        "started_at": [to_instant(start_us) for start_us in starts],
        "ended_at": [to_instant(end_us) for end_us in ends],
        **{name: list(values) for name, values in zip(list(TrackBatch.dtypes())[3:], counts, strict=True)},
    }
    await connection.execute(query("save_tracks"), asked)


async def replace_tracks(connection: AsyncConnection, stretch: DirtyStretch, tracks: TrackBatch) -> None:
    """Put these in place of all that the device has in the time range."""
    await connection.execute(query("remove_tracks"), stretch_asked(stretch))
    await save_tracks(connection, tracks)


async def read_tracks(connection: AsyncConnection, device: int, from_us: int, to_us_: int) -> TrackBatch:
    """A device's tracks that overlap a time range."""
    asked = stretch_asked(DirtyStretch(device=device, from_us=from_us, to_us=to_us_))
    rows = await (await connection.execute(query("tracks_of_device"), asked)).fetchall()
    return TrackBatch.from_rows(
        [(number, to_us(started), to_us(ended), *counts) for number, started, ended, *counts in rows]
    )
