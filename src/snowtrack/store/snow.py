"""What depth sensors read, how they stand, and when they said that it is time to go out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from psycopg import AsyncConnection

from snowtrack.model.access import ALL, Scope
from snowtrack.model.calendar import utc_text
from snowtrack.model.columns import ABSENT_16, ABSENT_32, Int32s, Int64s
from snowtrack.model.snow import DepthBatch, DepthFault, Figure, Sensor, SensorId, SensorState
from snowtrack.snow.dispatch import Answered, Proposal
from snowtrack.store.instants import to_instant, to_us
from snowtrack.store.queries import query

MISDATED_KEPT = 10_000
_SERIES = np.dtype([("time_us", ">i8"), ("depth_mm", ">i4")])
# Readings in one statement.
_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Of some readings: how many are new, and how many say otherwise than the one that is kept of their instant."""

    new: int = 0
    conflicts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What was heard of a sensor, registered or not."""

    sensor: SensorId
    readings: int
    conflicts: int
    misdated: int
    rejected: int
    last_fault: DepthFault | None
    heard_us: int

    def as_json(self) -> dict[str, str | int | None]:
        return {
            "readings": self.readings,
            "conflicts": self.conflicts,
            "misdated": self.misdated,
            "rejected": self.rejected,
            "last_fault": None if self.last_fault is None else self.last_fault.name.lower(),
            "heard_at": utc_text(self.heard_us),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """What a message held beside readings: such whose time cannot be, and what is none."""

    misdated: DepthBatch
    rejected: int = 0
    last_fault: DepthFault | None = None


NOTHING_REFUSED = Refused(misdated=DepthBatch.empty())


async def keep_depths(
    connection: AsyncConnection,
    sensor: SensorId,
    readings: DepthBatch,
    received_us: int,
    refused: Refused = NOTHING_REFUSED,
) -> Kept:
    """Keep what a sensor read. Inside a transaction it holds the sensor: take several in the order of their ids."""
    named = {"agency": sensor.agency, "sensor": sensor.device}
    received = {**named, "received_at": to_instant(received_us)}
    await connection.execute(query("hear_sensors"), {**named, "heard_at": to_instant(received_us)})
    new = conflicts = 0
    in_time = np.argsort(readings.time_us, kind="stable")
    for begin in range(0, len(readings), _AT_ONCE):
        part = readings.take(in_time[begin : begin + _AT_ONCE])
        added, otherwise = await _add(connection, part, received)
        new, conflicts = new + added, conflicts + otherwise
    await _keep_aside(connection, refused.misdated, received)
    counted = {
        "readings": new,
        "conflicts": conflicts,
        "misdated": len(refused.misdated),
        "rejected": refused.rejected,
        "last_fault": refused.last_fault,
    }
    await connection.execute(query("count_depths"), {**named, **counted})
    return Kept(new=new, conflicts=conflicts)


async def keep_all(connection: AsyncConnection, readings: Mapping[SensorId, DepthBatch], received_us: int) -> Kept:
    """In one transaction, in the order of the ids."""
    new = conflicts = 0
    async with connection.transaction():
        for sensor in sorted(readings):
            kept = await keep_depths(connection, sensor, readings[sensor], received_us)
            new, conflicts = new + kept.new, conflicts + kept.conflicts
    return Kept(new=new, conflicts=conflicts)


async def _add(connection: AsyncConnection, readings: DepthBatch, received: Mapping[str, object]) -> tuple[int, int]:
    """How many are new, and how many say otherwise than what is kept.

    They are compared here: a join of the database has been nested loops over both, where it knew too little of them.
    """
    times, first, place = np.unique(readings.time_us, return_index=True, return_inverse=True)
    columns = _columns(readings.take(first))
    new = (await connection.execute(query("add_depths"), {**received, **columns})).rowcount
    if new:
        await connection.execute(query("list_depth_days"), {**received, "time": columns["time"]})
    depths = readings.depth_mm[first]
    if new < len(times):
        row = await (await connection.execute(query("kept_depths"), {**received, "time": columns["time"]})).fetchone()
        depths = np.frombuffer(row[0] if row else b"", ">i4")
    return new, int(np.count_nonzero(depths[place] != readings.depth_mm))


def _columns(readings: DepthBatch) -> dict[str, list[Any]]:
    return {
        "time": [to_instant(time_us) for time_us in readings.time_us.tolist()],
        "depth_mm": readings.depth_mm.tolist(),
        "temperature_ddeg": [None if one == ABSENT_16 else one for one in readings.temperature_ddeg.tolist()],
        "battery_mv": [None if one == ABSENT_32 else one for one in readings.battery_mv.tolist()],
    }


async def _keep_aside(connection: AsyncConnection, misdated: DepthBatch, received: Mapping[str, object]) -> None:
    if not len(misdated):
        return
    rows = zip(misdated.time_us.tolist(), misdated.depth_mm.tolist(), strict=True)
    async with connection.cursor() as cursor:
        asked = [{**received, "time": to_instant(time_us), "depth_mm": depth_mm} for time_us, depth_mm in rows]
        await cursor.executemany(query("add_misdated"), asked)
    await connection.execute(query("trim_misdated"), {"kept": MISDATED_KEPT})


async def read_heard(connection: AsyncConnection) -> list[Heard]:
    """All sensors that were ever heard."""
    rows = await (await connection.execute(query("heard_sensors"))).fetchall()
    return [
        Heard(
            sensor=SensorId(agency, sensor),
            readings=readings,
            conflicts=conflicts,
            misdated=misdated,
            rejected=rejected,
            last_fault=None if fault is None else DepthFault(fault),
            heard_us=to_us(heard_at),
        )
        for agency, sensor, readings, conflicts, misdated, rejected, fault, heard_at in rows
    ]


async def read_sensors(connection: AsyncConnection) -> list[Sensor]:
    """All registered sensors, by id."""
    rows = await (await connection.execute(query("sensors"))).fetchall()
    sensors = [
        Sensor(id=SensorId(agency, sensor), name=name, lat_e7=lat_e7, lon_e7=lon_e7, elevation_m=elevation_m)
        for agency, sensor, name, lat_e7, lon_e7, elevation_m in rows
    ]
    return sorted(sensors, key=lambda sensor: sensor.id)


async def read_series(
    connection: AsyncConnection, sensors: Sequence[SensorId], from_us: int, to_us_: int
) -> dict[SensorId, tuple[Int64s, Int32s]]:
    """Times and depths of sensors in a time range, in order."""
    asked = {
        "agencies": [sensor.agency for sensor in sensors],
        "sensors": [sensor.device for sensor in sensors],
        "from_time": to_instant(from_us),
        "to_time": to_instant(to_us_),
    }
    found: dict[SensorId, tuple[Int64s, Int32s]] = {}
    for agency, sensor, packed in await (await connection.execute(query("depth_series"), asked)).fetchall():
        series = np.frombuffer(packed, _SERIES)
        found[SensorId(agency, sensor)] = series["time_us"].astype(np.int64), series["depth_mm"].astype(np.int32)
    return found


async def read_depths(
    connection: AsyncConnection, sensor: SensorId, from_us: int, to_us_: int, limit: int
) -> DepthBatch:
    """The first readings of a sensor in a time range, in order."""
    asked = {
        "agency": sensor.agency,
        "sensor": sensor.device,
        "from_time": to_instant(from_us),
        "to_time": to_instant(to_us_),
        "limit": limit,
    }
    rows = await (await connection.execute(query("depths"), asked)).fetchall()
    return DepthBatch.from_rows(
        [
            (to_us(at), depth, ABSENT_16 if celsius is None else celsius, ABSENT_32 if battery is None else battery)
            for at, depth, celsius, battery in rows
        ]
    )


async def save_figures(connection: AsyncConnection, figures: Iterable[Figure]) -> None:
    rows = [
        {
            "agency": figure.sensor.agency,
            "sensor": figure.sensor.device,
            "at": to_instant(figure.at_us),
            "state": str(figure.state),
            "depth_mm": _or_none(figure.depth_mm),
            "new_1h_mm": _or_none(figure.new_1h_mm),
            "new_24h_mm": _or_none(figure.new_24h_mm),
        }
        for figure in figures
    ]
    async with connection.cursor() as cursor:
        await cursor.executemany(query("save_figure"), rows)


async def read_figures(connection: AsyncConnection) -> dict[SensorId, Figure]:
    """How the sensors stood when they were last looked at."""
    rows = await (await connection.execute(query("figures"))).fetchall()
    return {
        SensorId(agency, sensor): Figure(
            sensor=SensorId(agency, sensor),
            at_us=to_us(at),
            state=SensorState(state),
            depth_mm=_or_absent(depth),
            new_1h_mm=_or_absent(new_1h),
            new_24h_mm=_or_absent(new_24h),
        )
        for agency, sensor, at, state, depth, new_1h, new_24h in rows
    }


async def sensor_rows(connection: AsyncConnection, now_us: int) -> list[dict[str, Any]]:
    """All sensors, registered or only heard, with how they stand: a key is not there where nothing is known."""
    sensors = {sensor.id: sensor for sensor in await read_sensors(connection)}
    figures = await read_figures(connection)
    heard = {one.sensor: one for one in await read_heard(connection)}
    rows: list[dict[str, Any]] = []
    for id_ in sorted(sensors.keys() | heard.keys()):
        row: dict[str, Any] = {"agency": id_.agency, "sensor": id_.device, "registered": id_ in sensors}
        if id_ in sensors:
            place = {"lat": sensors[id_].lat_e7 / 1e7, "lon": sensors[id_].lon_e7 / 1e7}
            row |= {"name": sensors[id_].name, **place, "elevation_m": sensors[id_].elevation_m}
            row |= figures[id_].as_json(now_us) if id_ in figures else {}
        rows.append(row | (heard[id_].as_json() if id_ in heard else {}))
    return rows


async def read_answered(connection: AsyncConnection, since_us: int, now_us: int) -> Answered:
    """When agencies last went out by order, and what was proposed since an instant."""
    orders = await (await connection.execute(query("latest_orders"), {"now": to_instant(now_us)})).fetchall()
    proposed = await (await connection.execute(query("latest_proposals"), {"since": to_instant(since_us)})).fetchall()
    return Answered(
        dispatched_us={agency: to_us(at) for agency, at in orders},
        proposed_us={(SensorId(agency, sensor), road_class): to_us(at) for agency, sensor, road_class, at in proposed},
    )


async def add_proposals(connection: AsyncConnection, proposals: Iterable[Proposal]) -> None:
    async with connection.cursor() as cursor:
        await cursor.executemany(query("add_proposal"), [_proposal_row(proposal) for proposal in proposals])


async def read_proposals(
    connection: AsyncConnection, from_us: int, to_us_: int, limit: int, scope: Scope = ALL
) -> list[Proposal]:
    """What was proposed in a time range, newest first."""
    asked = {
        "from_time": to_instant(from_us),
        "to_time": to_instant(to_us_),
        "agencies": scope.listed,
        "limit": limit,
    }
    rows = await (await connection.execute(query("proposals"), asked)).fetchall()
    return [
        Proposal(
            sensor=SensorId(agency, sensor),
            road_classes=tuple(classes),
            criterion_mm=criterion_mm,
            new_mm=new_mm,
            since_us=to_us(since),
            at_us=to_us(at),
        )
        for agency, sensor, classes, criterion_mm, new_mm, since, at in rows
    ]


async def count_proposals(connection: AsyncConnection, from_us: int, to_us_: int, scope: Scope = ALL) -> dict[str, int]:
    """The indicator: how often the sensors proposed to go out, by agency."""
    asked = {"from_time": to_instant(from_us), "to_time": to_instant(to_us_), "agencies": scope.listed}
    return dict(await (await connection.execute(query("proposal_counts"), asked)).fetchall())


def _proposal_row(proposal: Proposal) -> dict[str, object]:
    named = asdict(proposal)
    sensor, since_us, at_us = proposal.sensor, named.pop("since_us"), named.pop("at_us")
    named |= {"agency": sensor.agency, "sensor": sensor.device, "road_classes": list(proposal.road_classes)}
    return {**named, "since": to_instant(since_us), "at": to_instant(at_us)}


def _or_none(value: int) -> int | None:
    return None if value == ABSENT_32 else value


def _or_absent(value: int | None) -> int:
    return ABSENT_32 if value is None else value


async def take_depth_days(
    connection: AsyncConnection, sensors: Sequence[SensorId], *, before_us: int, length_us: int
) -> list[int]:
    """Days of which sensors read something since these were last taken, in order: the newest before an instant, and
    those less than a length before that one. They are off the list when the transaction is committed."""
    asked = {
        "agencies": [sensor.agency for sensor in sensors],
        "sensors": [sensor.device for sensor in sensors],
        "before": to_instant(before_us),
        "length": timedelta(microseconds=length_us),
    }
    rows = await (await connection.execute(query("take_depth_days"), asked)).fetchall()
    return sorted({to_us(day) for (day,) in rows})


async def replace_snow_hours(connection: AsyncConnection, from_us: int, to_us_: int, hours_us: Sequence[int]) -> None:
    """Put these hours in place of all from one time to before another."""
    asked = {
        "from_time": to_instant(from_us),
        "to_time": to_instant(to_us_),
        "hours": [to_instant(hour_us) for hour_us in hours_us],
    }
    await connection.execute(query("remove_snow_hours"), asked)
    await connection.execute(query("add_snow_hours"), asked)


async def read_snow_hours(connection: AsyncConnection, since_us: int) -> list[int]:
    """The beginnings of hours in which snow fell."""
    rows = await (await connection.execute(query("snow_hours"), {"since": to_instant(since_us)})).fetchall()
    return [to_us(hour) for (hour,) in rows]
