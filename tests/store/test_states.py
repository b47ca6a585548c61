"""Facts, the fold's lease and progress, and the public's cut."""

import asyncio
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import AsyncConnection

from snowtrack.clearance.public_cut import PublicCut
from snowtrack.model.calendar import SECOND_US
from snowtrack.model.columns import ABSENT_8, ABSENT_32, ABSENT_64
from snowtrack.model.ids import DeviceId
from snowtrack.model.intervals import Intervals, union
from snowtrack.model.passes import PassBatch
from snowtrack.model.states import StateBatch, States, Stretches
from snowtrack.model.work import Evidence
from snowtrack.store.database import connect
from snowtrack.store.devices import device_number
from snowtrack.store.instants import to_instant, to_us
from snowtrack.store.passes import add_passes, touch
from snowtrack.store.states import (
    FoldProgress,
    begin_anew,
    hold_lease,
    leave_lease,
    read_progress,
    read_public_cut,
    read_states,
    read_states_of,
    replace_states,
    save_progress,
    save_public_cut,
    take_lease,
    take_touched,
)

pytestmark = pytest.mark.anyio
AT = 1_800_000_000 * SECOND_US
LEASE = "fold net"


@pytest.fixture
async def device(connection: AsyncConnection) -> int:
    return await device_number(connection, DeviceId("kanazawa", "d1"))


ABSENT = {name: int(np.iinfo(dtype).min) for name, dtype in StateBatch.dtypes().items()}
INTERVALS = st.lists(st.tuples(st.integers(0, 2**31 - 2), st.integers(1, 2**31 - 1)), max_size=5).map(union)


def facts(device: int, segment: int, direction: int = 0, **values: int) -> tuple[int, ...]:
    """A row of a StateBatch."""
    times = {"first_us": AT, "last_us": AT + 1, "done_us": ABSENT_64, "fresh_us": ABSENT_64, "spread_us": ABSENT_64}
    counts = {"length_mm": 100, "covered_mm": 10, "passes": 1, "evidence": 0, "confidence": 900, "spreads": 0}
    row = times | counts | {"segment_id": segment, "direction": direction, "last_device": device} | values
    return tuple(row[name] for name in StateBatch.dtypes())


def states_of(*rows: tuple[int, ...], covered: Intervals = ((0, 10),)) -> States:
    return States(facts=StateBatch.from_rows(rows), covered=Stretches.of_all([covered] * len(rows)))


def content(states: States) -> list[tuple[tuple[int, ...], Intervals]]:
    return [(row, states.covered.of(at)) for at, row in enumerate(states.facts.rows())]


TIMES = st.just(ABSENT_64) | st.integers(AT, 2 * AT)


@given(
    covered=INTERVALS,
    times=st.tuples(TIMES, TIMES, TIMES, TIMES, TIMES),
    evidence=st.sampled_from([ABSENT_8, *Evidence]),
    worked=st.booleans(),
)
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_facts_come_back_as_they_were(
    database: str, covered: Intervals, times: tuple[int, ...], evidence: int, worked: bool
) -> None:
    async with connect(database, name="test") as connection:
        device = await device_number(connection, DeviceId("kanazawa", "d1"))
        names = ("first_us", "last_us", "done_us", "fresh_us", "spread_us")
        values = {**dict(zip(names, times, strict=True)), "evidence": int(evidence)}
        by = device if worked else ABSENT["last_device"]
        own = states_of(*(facts(by, 5, way, **values) for way in (-1, 0, 1)), covered=covered)
        await replace_states(connection, [5], own)
        assert content(await read_states_of(connection, 5)) == content(own)
        assert (await read_states(connection)).rows() == own.facts.rows()


async def test_facts_are_read_in_the_order_of_their_segments(connection: AsyncConnection, device: int) -> None:
    own = [facts(device, 2, 1), facts(device, 9, -1), facts(device, 9, 1)]
    await replace_states(connection, [9, 2], states_of(own[2], own[0], own[1]))
    assert (await read_states(connection)).rows() == own
    assert (await read_states_of(connection, 9)).facts.rows() == own[1:]
    assert content(await read_states_of(connection, 3)) == []


async def test_no_facts_are_read_as_none(connection: AsyncConnection) -> None:
    assert (await read_states(connection)).rows() == []


async def test_replacing_takes_away_what_stood_for_the_segments(connection: AsyncConnection, device: int) -> None:
    await replace_states(connection, [1, 2, 3], states_of(*(facts(device, segment) for segment in (1, 2, 3))))
    await replace_states(connection, [1, 2], states_of(facts(device, 2, passes=7)))
    assert (await read_states(connection)).rows() == [facts(device, 2, passes=7), facts(device, 3)]


async def test_an_event_begins_with_no_facts_and_all_that_was_worked_since_then_to_fold(
    connection: AsyncConnection, device: int
) -> None:
    await replace_states(connection, [1], states_of(facts(device, 1)))
    rows = [(device, segment, 1, 0, 9, AT, AT + segment, 0, 0, 900, ABSENT_32) for segment in (4, 5, 6, 6)]
    await add_passes(connection, PassBatch.from_rows(rows))
    assert sorted(await begin_anew(connection, AT + 5)) == [5, 6]
    assert len(await read_states(connection)) == 0
    assert await take_touched(connection, 100) == []


async def test_touched_segments_are_taken_so_many_at_once(connection: AsyncConnection) -> None:
    await touch(connection, [4, 5, 6])
    assert (await take_touched(connection, 2), await take_touched(connection, 2)) == ([4, 5], [6])


async def test_progress_and_cut_are_kept_for_each_network(connection: AsyncConnection) -> None:
    assert await read_progress(connection, "net") is None
    assert await read_public_cut(connection, "net") is None
    for number in (1, 2):
        progress = FoldProgress(number=number, event_us=AT + number)
        await save_progress(connection, "net", progress)
        assert await read_progress(connection, "net") == progress
        cut = PublicCut.of_nothing(number)
        await save_public_cut(connection, "net", replace(cut, cut_us=AT + number))
        found = await read_public_cut(connection, "net")
        assert found is not None
        assert (found.cut_us, found.views.rows()) == (AT + number, cut.views.rows())
        assert await read_public_cut(connection, "net", known_us=AT + number) is None
        assert await read_public_cut(connection, "net", known_us=AT) is not None
    assert await read_progress(connection, "other") is None


@given(st.integers(0, 4_000_000_000 * SECOND_US))
def test_an_instant_is_exact_to_the_microsecond(time_us: int) -> None:
    assert to_us(to_instant(time_us)) == time_us


async def expire(connection: AsyncConnection) -> None:
    await connection.execute("update lease set expires_at = now() - interval '1 second'")


async def take(connection: AsyncConnection, holder: str) -> int | None:
    return await take_lease(connection, LEASE, holder=holder, lasts_s=60)


async def hold(connection: AsyncConnection, epoch: int) -> bool:
    return await hold_lease(connection, LEASE, epoch=epoch, lasts_s=60)


async def test_only_one_holds_the_lease(connection: AsyncConnection) -> None:
    assert await take(connection, "one") == 1
    assert await take(connection, "other") is None
    assert await take(connection, "one") is None
    assert await take_lease(connection, "fold elsewhere", holder="other", lasts_s=60) == 1
    assert await hold(connection, 1)


async def test_of_many_that_ask_at_once_one_gets_it(database: str) -> None:
    async def ask(name: str) -> int | None:
        async with connect(database, name=name) as connection:
            return await take(connection, name)

    epochs = await asyncio.gather(*(ask(f"worker {number}") for number in range(8)))
    assert [epoch for epoch in epochs if epoch] == [1]


async def test_a_lease_that_ran_out_goes_to_the_next_with_a_higher_epoch(connection: AsyncConnection) -> None:
    await take(connection, "one")
    await expire(connection)
    assert await take(connection, "other") == 2
    assert not await hold(connection, 1)
    assert await hold(connection, 2)


async def test_a_holder_that_was_slow_keeps_it_while_nobody_else_asked(connection: AsyncConnection) -> None:
    await take(connection, "one")
    await expire(connection)
    assert await hold(connection, 1)
    assert await take(connection, "other") is None


async def test_in_a_long_transaction_too_the_lease_lasts_from_when_it_was_held_last(
    connection: AsyncConnection,
) -> None:
    await take(connection, "one")
    async with connection.transaction():
        await connection.execute("select pg_sleep(0.05)")
        assert await hold(connection, 1)
        late = "select expires_at >= now() + interval '60.05 seconds' from lease"
        assert await (await connection.execute(late)).fetchone() == (True,)


async def test_a_lease_that_is_left_is_free_at_once(connection: AsyncConnection) -> None:
    await take(connection, "one")
    await leave_lease(connection, LEASE, epoch=1)
    assert await take(connection, "other") == 2
    await leave_lease(connection, LEASE, epoch=1)
    assert await take(connection, "third") is None


async def test_a_holder_inside_its_transaction_keeps_others_out_until_its_end(database: str) -> None:
    async with connect(database, name="one") as one, connect(database, name="other") as other:
        await take(one, "one")
        await expire(one)
        async with one.transaction():
            assert await hold(one, 1)
            asked = asyncio.create_task(take(other, "other"))
            done, _ = await asyncio.wait([asked], timeout=0.2)
            assert not done
        assert await asked is None
