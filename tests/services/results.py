"""What the night comes to, as bytes: to be compared between runs that were fed in different ways."""

import asyncio
from base64 import b64decode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import orjson
import psycopg

from snowtrack.matching.records import HEAD
from snowtrack.model.ids import DeviceId
from snowtrack.network.arrays import Network
from snowtrack.reports.workbook import write_workbook
from snowtrack.store.daily import read_daily_report
from snowtrack.store.database import connect
from tests.services.line import Line
from tests.services.waiting import await_true
from tests.store.databases import count, rows

PASSES = """
select name, segment_id, direction, from_mm, to_mm, started_at, ended_at, work, evidence, confidence, material_g
from pass join device using (device) order by 1, 6, 7, 2, 3, 4, 5
"""
ACTIVITIES = """
select name, started_at, ended_at, activity, evidence, doubted, ploughed, driven_mm
from activity join device using (device) order by 1, 2
"""
STATES = """
select segment_id, direction, covered::text, length_mm, passes, first_at, last_at, done_at, fresh_at, evidence,
       confidence, name
from segment_state join device on device = last_device order by 1, 2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Passes, activities, facts, and the day's report of one device."""

    passes: list[tuple[Any, ...]]
    activities: list[tuple[Any, ...]]
    states: list[tuple[Any, ...]]
    report: bytes
    workbook: bytes


@contextmanager
def services(line: Line, *names: str) -> Iterator[None]:
    with ExitStack() as stack:
        for name in names:
            stack.enter_context(line.service(name))
        yield


def await_settled(line: Line, within_s: float = 40) -> None:
    """Nothing is dirty, no tail is open, and the fold has seen all."""
    with psycopg.connect(line.url, autocommit=True) as connection:

        def settled() -> bool:
            kept = [orjson.loads(row[0]) for row in connection.execute("select kept from device_state")]
            open_tails = [one for one in kept if _is_open(one["matcher"])]
            return not open_tails and not count(line.url, "dirty") and not count(line.url, "touched")

        await_true(settled, "everything is settled", within_s)


def read_results(line: Line, network: Network, device: DeviceId, day: date) -> Results:
    async def report() -> tuple[bytes, bytes]:
        async with connect(line.url, name="test") as connection:
            made = await read_daily_report(connection, network, device, day)
            assert made is not None
            return orjson.dumps(made.as_json()), write_workbook(made)

    as_json, workbook = asyncio.run(report())
    return Results(
        passes=rows(line.url, PASSES),
        activities=rows(line.url, ACTIVITIES),
        states=rows(line.url, STATES),
        report=as_json,
        workbook=workbook,
    )


def _is_open(kept: dict[str, str]) -> bool:
    """Whether a matcher remembers fixes that are not settled, or may settle what it has otherwise."""
    head = np.frombuffer(b64decode(kept["head"]), HEAD)[0]
    return bool(head["fixes"] > head["settled"] or not head["provisional"])
