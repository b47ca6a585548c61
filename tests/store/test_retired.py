"""The shade of a file lies over all that was observed by its fixes, and days are counted as they are."""

from datetime import date

import numpy as np
import psycopg
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from psycopg import AsyncConnection
from psycopg.errors import InsufficientPrivilege

from snowtrack.model.calendar import DAY_US, SECOND_US
from snowtrack.model.fixes import FixBatch
from snowtrack.model.ids import DeviceId
from snowtrack.model.tracks import DirtyStretch
from snowtrack.store.devices import device_number
from snowtrack.store.partitions import day_date, day_number
from snowtrack.store.passes import mark_dirty, next_dirty
from snowtrack.store.retired import (
    RetiredFile,
    clear_waiting,
    count_waiting,
    mark_waiting,
    meets,
    note_retired,
    read_retired,
    read_waiting,
    shade,
)
from snowtrack.store.rights import Role, as_role
from snowtrack.tracks.clock import observe, plausible
from snowtrack.tracks.identity import BootId
from snowtrack.tracks.learning import learn
from snowtrack.tracks.sessions import BootClock
from tests.oracles.batches import batch_of
from tests.tracks.boots import BATCHES

WHOLE = (10, 90)


def retired(fixes: FixBatch, day: int) -> tuple[RetiredFile, FixBatch]:
    """What leaves with a day: what says it, and what was received on it and says nothing that can be right."""
    dated = plausible(fixes)
    own = fixes.take(np.where(dated, fixes.time_us, fixes.received_us) // DAY_US == day)
    undated = own.take(~plausible(own)).device
    file = RetiredFile(
        day=day, part=1, name="", fixes=len(own), sha256="", undated=tuple(sorted(set(undated.tolist())))
    )
    return file, own


# Its uptime stood while it slept over a midnight, so that its clock places the first later than it was received.
MIDNIGHT_US = 20_468 * DAY_US
ASLEEP = (
    {"received_us": MIDNIGHT_US - 9 * SECOND_US, "uptime_ms": 1_000, "day_us": DAY_US - 9 * SECOND_US},
    {"received_us": MIDNIGHT_US + 691 * SECOND_US, "uptime_ms": 2_000, "time_us": MIDNIGHT_US + 691 * SECOND_US},
)
SLEEPER = batch_of(
    FixBatch, *({"device": 2, "boot": 2, "seq": seq, "lat_e7": seq} | row for seq, row in enumerate(ASLEEP, 1))
)


@given(BATCHES, st.integers(0, 99))
@example(SLEEPER, 0)
def test_nothing_that_left_with_a_day_was_observed_outside_of_its_shade(fixes: FixBatch, nth: int) -> None:
    """Wherever the clocks place it, whatever it said of itself."""
    clocks: dict[BootId, BootClock] = {}
    learn(clocks, fixes)
    days = sorted(set((np.where(plausible(fixes), fixes.time_us, fixes.received_us) // DAY_US).tolist()))
    file, own = retired(fixes, days[nth % len(days)])
    for device in (1, 2):
        own_clocks = {boot_id: clock for boot_id, clock in clocks.items() if boot_id.device == device}
        over = shade([file], device, own_clocks)
        observed = observe(own.take(own.device == device), own_clocks)
        for at_us in observed.observed_us.tolist():
            assert meets(over, DirtyStretch(device=device, from_us=at_us, to_us=at_us))


def test_a_day_without_anything_odd_shades_itself_alone() -> None:
    file = RetiredFile(day=10, part=1, name="", fixes=1, sha256="", undated=(2,))
    assert shade([file], 1, {}) == ((10 * DAY_US, 11 * DAY_US),)
    assert meets(shade([file], 1, {}), DirtyStretch(device=1, from_us=11 * DAY_US - 1, to_us=12 * DAY_US))
    assert not meets(shade([file], 1, {}), DirtyStretch(device=1, from_us=11 * DAY_US, to_us=12 * DAY_US))
    assert not meets(shade([file], 1, {}), DirtyStretch(device=1, from_us=0, to_us=10 * DAY_US - 1))
    assert shade([file], 2, {})[0][0] == 0


@given(st.dates(min_value=date(1970, 1, 1), max_value=date(2199, 12, 31)))
def test_days_are_counted_from_1970(day: date) -> None:
    assert day_date(day_number(day)) == day
    assert day_number(date(1970, 1, 2)) == 1


@pytest.mark.anyio
async def test_what_is_noted_is_read_again(connection: AsyncConnection) -> None:
    files = [
        RetiredFile(day=20_000, part=part, name=f"{part}.parquet", fixes=part * 2**40, sha256="ab", undated=(3, 4))
        for part in (1, 2)
    ]
    for file in reversed(files):
        await note_retired(connection, file)
    assert await read_retired(connection) == files


def stretch(span: tuple[int, int]) -> DirtyStretch:
    return DirtyStretch(device=1, from_us=span[0] * DAY_US, to_us=span[1] * DAY_US)


async def waiting_days(connection: AsyncConnection) -> list[tuple[int, int]]:
    found = [one.stretch for one in await read_waiting(connection, 1)]
    return [(-(-one.from_us // DAY_US), one.to_us // DAY_US) for one in found]


@pytest.mark.anyio
async def test_what_waits_is_not_for_ingest_and_stands_there_once(connection: AsyncConnection) -> None:
    assert await device_number(connection, DeviceId("kanazawa", "d1")) == 1
    assert await count_waiting(connection) == (0, (0, 0))
    for span in ((20, 30), (40, 50), WHOLE, WHOLE, (50, 60)):
        await mark_waiting(connection, stretch(span))
    assert await waiting_days(connection) == [WHOLE]
    assert await count_waiting(connection) == (1, (10 * DAY_US, 90 * DAY_US))
    assert await next_dirty(connection, range(64), (), quiet_s=0, patience_s=0) is None
    await mark_dirty(connection, [stretch((20, 30))])
    work = await next_dirty(connection, range(64), (), quiet_s=0, patience_s=0)
    assert work is not None
    assert (work.stretch, len(work.ids)) == (stretch((20, 30)), 1)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("done", "left"),
    [
        ((10, 90), []),
        ((1, 99), []),
        ((1, 20), [(21, 90)]),
        ((80, 99), [(10, 79)]),
        ((30, 40), [(10, 29), (41, 90)]),
        ((1, 9), [WHOLE]),
        ((91, 99), [WHOLE]),
    ],
)
async def test_what_is_done_does_not_wait_any_more(
    connection: AsyncConnection, done: tuple[int, int], left: list[tuple[int, int]]
) -> None:
    await device_number(connection, DeviceId("kanazawa", "d1"))
    await mark_waiting(connection, stretch(WHOLE))
    await clear_waiting(connection, await read_waiting(connection, 1), stretch(done))
    assert await waiting_days(connection) == left


@pytest.mark.parametrize(
    "statement", ["select drop_day('2026-01-01')", "select close_day('2026-01-01')", "delete from retired"]
)
def test_only_the_owner_has_days_leave(clean_database: str, statement: str) -> None:
    with psycopg.connect(as_role(clean_database, Role.INGEST), autocommit=True) as ingest:
        ingest.execute("select hold_days()")
        ingest.execute("select * from retired")
        with pytest.raises(InsufficientPrivilege):
            ingest.execute(statement.encode())
