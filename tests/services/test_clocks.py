"""No clock is trusted until it has earned it: a wrong one moves nothing."""

from datetime import UTC, datetime

import pytest

from snowtrack.model.calendar import utc_text
from snowtrack.store.instants import to_instant
from tests.services.epochs import SECOND_US, Fix
from tests.services.line import Line
from tests.services.listener import Listener
from tests.services.waiting import await_true
from tests.store.databases import rows

pytestmark = pytest.mark.slow
DAY_US = 86_400 * SECOND_US
LATEST = "select latest_at from device where name = %s"
COUNTED = "select fixes from device where name = %s"
DATED = "select seq from fix join device using (device) where name = %s order by seq"
UNDATED = "select seq from fix_undated join device using (device) where name = %s order by seq"


def at(year: int, month: int = 1, day: int = 1) -> int:
    return int(datetime(year, month, day, tzinfo=UTC).timestamp()) * SECOND_US


def wrong_clocks(now_us: int) -> dict[str, int]:
    return {
        "the first day of GPS": at(1980, 1, 6),
        "a receiver's default": at(2000),
        "a rollover of 1024 weeks": now_us - 1024 * 7 * DAY_US,
        "two minutes ahead": now_us + 120 * SECOND_US,
        "a day ahead": now_us + DAY_US,
        "half a century ahead": at(2079, 12, 31),
    }


def test_a_wrong_clock_is_put_right_by_the_uptime_of_its_boot(shared_line: Line, now_us: int) -> None:
    """The tracker counts a second for each fix; what its receiver says of the time makes no difference."""
    device, start_us = "clocks", now_us - 30 * SECOND_US
    with Listener(shared_line.broker.address) as listener, shared_line.tracker(device) as tracker:
        tracker.live([Fix(time_us=start_us)])
        tracker.await_durable()
        wrong = wrong_clocks(start_us).values()
        for number, time_us in enumerate(wrong, start=1):
            tracker.live([Fix(time_us=time_us + number * SECOND_US)])
        tracker.await_durable()
        last_us = start_us + len(wrong) * SECOND_US
        await_true(lambda: rows(shared_line.url, LATEST, device) == [(to_instant(last_us),)], "it is the latest")
        assert rows(shared_line.url, DATED, device) == [(1,)]
        assert rows(shared_line.url, UNDATED, device) == [(seq,) for seq in range(2, len(wrong) + 2)]
        instants = {utc_text(start_us + number * SECOND_US) for number in range(len(wrong) + 1)}
        said = {head["at"] for head in listener.heads_of(f"kanazawa/{device}")}
        assert utc_text(last_us) in said <= instants


def test_late_fixes_never_move_the_latest_instant_back(shared_line: Line, now_us: int) -> None:
    device = "late"
    with shared_line.tracker(device) as tracker:
        tracker.live([Fix(time_us=now_us - 10 * SECOND_US)])
        tracker.await_durable(1)
        tracker.live([Fix(time_us=now_us - 3600 * SECOND_US), Fix(time_us=now_us - DAY_US)])
        tracker.await_durable(3)
    await_true(lambda: rows(shared_line.url, COUNTED, device) == [(3,)], "its fixes are counted")
    assert rows(shared_line.url, LATEST, device) == [(to_instant(now_us - 10 * SECOND_US),)]


def test_a_device_with_a_wrong_clock_alone_has_no_latest_instant(shared_line: Line, now_us: int) -> None:
    device = "never-right"
    with shared_line.tracker(device) as tracker:
        tracker.live([Fix(time_us=at(1980, 1, 6) + second * SECOND_US) for second in range(3)])
        tracker.await_durable()
    await_true(lambda: rows(shared_line.url, COUNTED, device) == [(3,)], "its fixes are counted")
    assert rows(shared_line.url, LATEST, device) == [(None,)]
