"""What the registry says of a tracker's day: the machines that carried it, their orders and districts, and the snow."""

import asyncio
from collections import defaultdict
from datetime import date

import numpy as np
from psycopg import AsyncConnection

from snowtrack.model.calendar import DAY_US, day_range_us
from snowtrack.model.columns import present
from snowtrack.model.ids import DeviceId
from snowtrack.model.machines import MachineKind
from snowtrack.reports.head import Carrier, Order, Registered
from snowtrack.snow.hours import AFTER_US, BEFORE_US
from snowtrack.snow.series import STEP_US, Grid
from snowtrack.snow.watching import Watched
from snowtrack.store.instants import to_instant, to_us
from snowtrack.store.queries import query
from snowtrack.store.snow import read_sensors, read_series

# Whether a reading is a spike is judged by those beside it.
EDGE_US = DAY_US


async def read_registered(connection: AsyncConnection, device: DeviceId, day: date) -> Registered | None:
    """Nothing for a tracker that was on no machine that day."""
    start_us, end_us = day_range_us(day)
    asked: dict[str, object] = {"agency": device.agency, "device": device.device}
    asked |= {"from_time": to_instant(start_us), "to_time": to_instant(end_us)}
    rows = await (await connection.execute(query("carriers"), asked)).fetchall()
    if not rows:
        return None
    asked["machines"] = sorted({row[2] for row in rows})
    orders = await _orders(connection, asked)
    districts = await _districts(connection, asked)
    carriers = []
    for begun, ended, machine, kind, size, plate, owner, contractor, _, of_agency in rows:
        to_us_ = None if ended is None or to_us(ended) >= end_us else to_us(ended)
        of_routes = districts[machine]
        carriers.append(
            Carrier(
                from_us=None if to_us(begun) <= start_us else to_us(begun),
                to_us=to_us_,
                machine=machine,
                kind=MachineKind[kind.upper()],
                size=size,
                plate=plate,
                owner=owner,
                contractor=contractor,
                districts=tuple(of_routes if len(of_routes) == 1 else of_agency),
                # What a machine was sent to without the tracker is not in the tracker's report.
                orders=tuple(one for one in orders[machine] if to_us_ is None or one.issued_us < to_us_),
            )
        )
    return Registered(
        agency=rows[0][8],
        carriers=tuple(carriers),
        new_snow_mm=await _new_snow(connection, device.agency, start_us, end_us),
    )


async def _orders(connection: AsyncConnection, asked: dict[str, object]) -> dict[str, list[Order]]:
    found: dict[str, list[Order]] = defaultdict(list)
    for machine, number, issued_at in await (await connection.execute(query("orders_of_machines"), asked)).fetchall():
        found[machine].append(Order(number=number, issued_us=to_us(issued_at)))
    return found


async def _districts(connection: AsyncConnection, asked: dict[str, object]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for machine, district in await (await connection.execute(query("districts_of_machines"), asked)).fetchall():
        found[machine].append(district)
    return found


async def _new_snow(connection: AsyncConnection, agency: str, start_us: int, end_us: int) -> tuple[int, ...]:
    """What fell from one time to another at each of an agency's sensors that can tell of all of it.

    All sensors are read: whether one is stuck is seen by those beside it, whosever they are.
    """
    sensors = await read_sensors(connection)
    own = np.array([row for row, sensor in enumerate(sensors) if sensor.id.agency == agency], np.int64)
    if not len(own):
        return ()
    from_us, to_us_ = start_us - BEFORE_US - EDGE_US, end_us + AFTER_US + EDGE_US
    watched = Watched.on(Grid(start_us=from_us, steps=(to_us_ - from_us) // STEP_US + 1), sensors)
    for sensor, series in (await read_series(connection, [one.id for one in sensors], from_us, to_us_)).items():
        watched.take(sensor, *series)
    told = await asyncio.to_thread(watched.between, start_us - BEFORE_US, end_us + AFTER_US)
    begin, end = (np.full(len(own), at_us, np.int64) for at_us in (start_us, end_us))
    new_mm = told.curves.new_mm(own, begin, end)
    return tuple(new_mm[present(new_mm)].tolist())
