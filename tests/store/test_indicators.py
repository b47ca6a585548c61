"""What indicators are made of, as the database has it."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import AsyncConnection, IsolationLevel

from snowtrack.indicators.figures import Figure
from snowtrack.indicators.period import Period
from snowtrack.model.calendar import DAY_US, SECOND_US, day_range_us
from snowtrack.model.columns import ABSENT_32
from snowtrack.model.passes import PassBatch
from snowtrack.model.tracks import TrackBatch
from snowtrack.model.work import Activity, ActivityBatch, Evidence, Work
from snowtrack.network.arrays import Network
from snowtrack.store import indicators
from snowtrack.store.activities import add_activities
from snowtrack.store.indicators import portions, read_indicators
from snowtrack.store.passes import add_passes
from snowtrack.store.tracks import save_tracks
from tests.oracles.batches import batch_of
from tests.services.town import EVENING_US, HOUR_US, Town, opened, streets
from tests.store.test_routes import add_route, book_of, order

pytestmark = pytest.mark.anyio
MINUTE_US = 60 * SECOND_US
# The evening begins at 17:00 in Japan.
DAY = EVENING_US - 17 * HOUR_US
PERIOD = Period(from_us=DAY, to_us=DAY + 2 * DAY_US, now_us=DAY + 2 * DAY_US)
PROPOSE = """
insert into proposal (agency, sensor, road_classes, criterion_mm, new_mm, since, at)
values ('kanazawa', 's1', '{main}', 100, 110, to_timestamp(%s), to_timestamp(%s))
"""


async def figures(town: Town, period: Period = PERIOD) -> dict[tuple[str, str | None], Figure]:
    """Those of all agencies together, by indicator and what it is told apart by."""
    found = await read_indicators(town.connection, book_of(town), period)
    return {(one.definition.key, one.of): one for one in found if one.agency is None}


def length(network: Network, segment: int) -> int:
    return int(network.length_mm[network.rows_of([segment])[0]])


async def some_work(town: Town) -> None:
    """Two streets, one of them twice; an hour of driving there; and one spread."""
    street, other = streets(town.network)
    for segment, minute in ((street, 5), (other, 20), (street, 90)):
        await town.work(segment, EVENING_US + minute * MINUTE_US, lasted_s=60)
    at_us = EVENING_US + 2 * HOUR_US
    spread = (town.device, street, 1, 0, 50_000, at_us, at_us + MINUTE_US, Work.SPREADING, Evidence.BLADE, 900, 1_500)
    unknown = (*spread[:3], 0, 30_000, *spread[5:10], ABSENT_32)
    await add_passes(town.connection, PassBatch.from_rows([spread, unknown]))
    travelled = (town.device, EVENING_US - HOUR_US, EVENING_US, Activity.TRAVELLING, Evidence.BLADE, 0, 0, 9_000_000)
    await add_activities(town.connection, ActivityBatch.from_rows([travelled]))


async def test_figures_are_of_the_passes_that_count(database: str, network: Network) -> None:
    street, other = streets(network)
    async with opened(database, network) as town:
        add_route(database, "1", (street, 0), (other, 0))
        await some_work(town)
        found = await figures(town)
        with psycopg.connect(database) as connection:
            connection.execute("delete from mounting")
            connection.execute("update fleet_version set version = version + 1")
        nobody = await figures(town)
    planned = length(network, street) + length(network, other)
    assert found["coverage", None].value == 100
    assert found["planned_length", None].numerator == planned
    assert found["cleared_length", None].numerator == planned + length(network, street)
    assert found["first_cleared_length", None].numerator == planned
    assert found["cleared_length_by_hour", "local 17"].numerator == planned
    assert found["cleared_length_by_hour", "local 18"].numerator == length(network, street)
    assert (found["passes_per_segment", None].value, found["segments_by_passes", "2"].value) == (1.5, 1)
    assert (found["spread_length", None].value, found["material", None].value) == (0.08, 1.5)
    assert (found["material_per_km", None].value, found["material_known", None].value) == (30_000, 62.5)
    assert found["machine_hours", "working"].numerator == 3 * MINUTE_US
    assert found["machine_hours", "travelling"].value == 1
    assert (found["device_availability", None].numerator, found["device_availability", None].denominator) == (1, 2)
    assert nobody["cleared_length", None].numerator == nobody["coverage", None].numerator == 0
    assert nobody["planned_length", None].numerator == planned


async def test_a_tracker_that_only_has_a_track_was_heard_and_one_that_never_was_is_mounted_all_the_same(
    database: str, network: Network
) -> None:
    async with opened(database, network) as town:
        nothing = dict.fromkeys(("jumps", "returns", "twins", "too_fast", "frozen_us", "unsure"), 0)
        track = {"device": town.device, "started_us": DAY + HOUR_US, "ended_us": DAY + DAY_US + HOUR_US, "fixes": 5}
        await save_tracks(town.connection, batch_of(TrackBatch, track | nothing))
        with psycopg.connect(database) as connection:
            connection.execute("insert into machine (agency, machine, kind) values ('kanazawa', 'm2', 'truck')")
            connection.execute("insert into mounting values ('kanazawa', 'd2', '2020-01-01', null, 'm2')")
        found = await figures(town)
    assert (found["device_availability", None].numerator, found["device_availability", None].denominator) == (2, 4)


async def test_orders_and_proposals_are_answered_by_what_was_ploughed_after_them(
    database: str, network: Network
) -> None:
    async with opened(database, network) as town:
        await some_work(town)
        order(database, "1", None, EVENING_US - 26 * MINUTE_US)
        order(database, "2", None, EVENING_US + 3 * HOUR_US)
        order(database, "3", None, DAY - SECOND_US)
        with psycopg.connect(database) as connection:
            for at_us in (EVENING_US, EVENING_US + 3 * HOUR_US, PERIOD.to_us):
                connection.execute(PROPOSE, [at_us / SECOND_US] * 2)
        found = await figures(town)
    assert (found["orders", None].value, found["orders_without_work", None].value) == (2, 1)
    assert found["response_median", None].value == 30
    assert (found["proposals", None].value, found["proposals_followed", None].value) == (2, 50)


async def test_what_answers_an_order_may_come_after_the_period(database: str, network: Network) -> None:
    async with opened(database, network) as town:
        order(database, "1", None, PERIOD.to_us - HOUR_US)
        later = replace(PERIOD, now_us=PERIOD.to_us + DAY_US)
        without = await figures(town, later)
        await town.work(streets(network)[0], PERIOD.to_us + 23 * HOUR_US - MINUTE_US)
        found = await figures(town, later)
    assert without["orders_without_work", None].value == 1
    assert found["orders_without_work", None].value == 0
    assert found["cleared_length", None].numerator == 0


async def test_an_event_that_began_before_the_period_goes_on_in_it(database: str, network: Network) -> None:
    street, _ = streets(network)
    async with opened(database, network) as town:
        for hour in (-3, -1, 1, 9):
            await town.work(street, DAY + hour * HOUR_US)
        found = await figures(town)
    assert found["cleared_length", None].numerator == 2 * length(network, street)
    assert found["first_cleared_length", None].numerator == length(network, street)


async def test_what_was_agreed_after_the_period_does_not_join_its_events(
    database: str, network: Network, tmp_path: Path
) -> None:
    """From the day after it on, a day of quiet ends an event, and not six hours."""
    file = tmp_path / "policy.toml"
    file.write_text(
        "[[versions]]\nversion = 1\nvalid_from = 2020-01-01\n"
        "[[versions]]\nversion = 2\nvalid_from = 2027-01-17\nquiet_h = 24\n"
    )
    assert day_range_us(date(2027, 1, 17))[0] == PERIOD.to_us
    street, _ = streets(network)
    async with opened(database, network, f"clearance.policy={file}") as town:
        for hour in (1, 9):
            await town.work(street, DAY + hour * HOUR_US)
        found = await figures(town)
    assert found["first_cleared_length", None].numerator == 2 * length(network, street)


async def test_how_much_is_read_at_once_makes_no_difference_and_the_connection_is_as_it_was(
    database: str, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(database, network) as town:
        await some_work(town)
        whole = await read_indicators(town.connection, book_of(town), PERIOD)
        monkeypatch.setattr(indicators, "PASSES_AT_ONCE", 1)
        assert await read_indicators(town.connection, book_of(town), PERIOD) == whole
        await in_either_order(town)
        assert await read_indicators(town.connection, book_of(town), PERIOD) == whole
        assert town.connection.isolation_level is None
        assert await isolation(town.connection) == "read committed"


async def in_either_order(town: Town) -> None:
    """The same rows, stored from the last to the first."""
    await town.connection.execute("create temporary table kept as select * from pass")
    await town.connection.execute("delete from pass")
    await town.connection.execute("insert into pass overriding system value select * from kept order by pass desc")


async def isolation(connection: AsyncConnection) -> str:
    async with connection.transaction():
        row = await (await connection.execute("show transaction_isolation")).fetchone()
    assert row is not None
    return str(row[0])


async def test_all_is_read_as_it_was_at_one_moment(
    database: str, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is stored while it is read is of the next time."""
    levels: list[object] = []

    async def told(connection: AsyncConnection, *_: object) -> None:
        levels.append(connection.isolation_level)
        row = await (await connection.execute("show transaction_isolation")).fetchone()
        levels.append(row and row[0])

    monkeypatch.setattr(indicators, "_add_passes", told)
    async with opened(database, network) as town:
        await figures(town)
    assert levels == [IsolationLevel.REPEATABLE_READ, "repeatable read"]


@given(st.dictionaries(st.integers(1, 50), st.integers(1, 9), max_size=12), st.integers(1, 12))
def test_portions_hold_every_segment_once_and_no_more_than_they_may(counts: dict[int, int], most: int) -> None:
    cut = list(portions(sorted(counts.items()), most))
    held = [[segment for segment in sorted(counts) if first <= segment <= last] for first, last in cut]
    assert [segment for own in held for segment in own] == sorted(counts)
    assert all(len(own) == 1 or sum(counts[one] for one in own) <= most for own in held)
    together = [sum(counts[one] for one in own) for own in held]
    assert all(one + counts[next_[0]] > most for one, next_ in zip(together, held[1:], strict=False))
