"""Promise 2 where clocks are wrong: learning of a clock late gives what knowing it from the start would have given.

What stands outside, since it rests on the receive time: fixes without number and date; fixes of a boot in which no
time beside a fix can be believed (their trust is `RECEIVED`); and whether a clock that is a little wrong is seen to be
ahead, or more than a year behind. So the clocks here are right, or wrong by more than the 72 hours by which a fix may
come late. A time of day without uptime gets its date from a dated fix no further away than half a day.
"""

from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snowtrack.model.calendar import DAY_US, HOUR_US, SECOND_US
from snowtrack.model.columns import ABSENT_64, present
from snowtrack.model.fixes import BLADE_DOWN, FixBatch
from snowtrack.model.tracks import ObservedBatch, TimeTrust
from snowtrack.pipeline.engine import EnginePolicy
from tests.oracles.batches import batch_of
from tests.oracles.final import final_track
from tests.oracles.lives import live_through
from tests.oracles.towns import point, road, town
from tests.oracles.worker import Results, Row, Worker
from tests.tracks.boots import ANY_CLOCK, DELAYS_US, FAR_OFF, RIGHT, START_US, a_boot, begins, together

NETWORK = town(road((0, 0), (100, 0), (200, 0), (300, 0)), road((300, 0), (300, 100)))
LATER = START_US + 10 * DAY_US
SHORT_GAPS_US = (*[SECOND_US] * 6, *[2 * SECOND_US] * 3, 50 * SECOND_US, 400 * SECOND_US, HOUR_US)
EVENTS = st.lists(st.sampled_from(["tick", "recompute", "crash", "again"]), max_size=2)
SIZES = st.lists(st.integers(1, 5), min_size=1, max_size=6)


def on_the_road(fixes: FixBatch) -> FixBatch:
    """Each fix with a position a little further along than the one before it, with its blade down."""
    rows = []
    for number, row in enumerate(fixes.rows()):
        one = dict(zip(fixes.dtypes(), row, strict=True))
        lat, lon = point(number * 9 % 300, 0)
        moving = {"lat_e7": lat, "lon_e7": lon, "speed_mmps": 8_000, "course_cdeg": 9_000, "blade": BLADE_DOWN}
        rows.append(one | (moving if present(fixes.lat_e7)[number] else {}))
    return batch_of(FixBatch, *rows)


CERTAIN = (
    st.lists(
        a_boot(clocks=(RIGHT, RIGHT, RIGHT, *FAR_OFF), kinds=("uptime", "sleeping", "numbered"), gaps_us=SHORT_GAPS_US),
        min_size=1,
        max_size=4,
    )
    .map(together)
    .map(on_the_road)
)
ANYTHING = (
    st.lists(a_boot(clocks=ANY_CLOCK, gaps_us=(*SHORT_GAPS_US, 13 * HOUR_US)), min_size=1, max_size=4)
    .map(together)
    .map(on_the_road)
)


def delayed(fixes: FixBatch, late_us: Sequence[int]) -> FixBatch:
    """The same fixes, received so much later, each by its own."""
    rows = [dict(zip(fixes.dtypes(), row, strict=True)) for row in fixes.rows()]
    for number, row in enumerate(rows):
        row["received_us"] += late_us[number % len(late_us)]
    return batch_of(FixBatch, *rows)


def without_receipts(track: ObservedBatch) -> list[Row]:
    """A track but for when its fixes were received, and for what rests on that."""
    rows = [dict(zip(track.dtypes(), row, strict=True)) for row in track.rows()]
    return [tuple((row | {"received_us": 0}).values()) for row in rows if row["trust"] != TimeTrust.RECEIVED]


def lived_through(fixes: FixBatch, random: Random, sizes: Sequence[int], events: Sequence[Sequence[str]]) -> Worker:
    """A worker that took the fixes in some order and in batches of these sizes, with these events after each."""
    worker = Worker(NETWORK, EnginePolicy())
    live_through(worker, fixes, random.sample(range(len(fixes)), len(fixes)), sizes, events, later_us=LATER)
    worker.finish()
    return worker


@settings(max_examples=150)
@given(fixes=CERTAIN, late_us=st.lists(st.sampled_from(DELAYS_US), min_size=1, max_size=9), seed=st.integers(0, 2**32))
def test_final_tracks_depend_on_no_order_and_no_delay(fixes: FixBatch, late_us: list[int], seed: int) -> None:
    order = np.array(Random(seed).sample(range(len(fixes)), len(fixes)))
    again = delayed(fixes, late_us).take(order)
    assert without_receipts(final_track(again)) == without_receipts(final_track(fixes))


@settings(max_examples=150)
@given(fixes=ANYTHING, seed=st.integers(0, 2**32), sizes=SIZES, events=st.lists(EVENTS, min_size=1, max_size=6))
def test_what_was_placed_before_its_clock_was_known_is_placed_again(
    fixes: FixBatch, seed: int, sizes: list[int], events: list[list[str]]
) -> None:
    """Whatever the clocks: the stored fixes alone decide, however they came."""
    worker = lived_through(fixes, Random(seed), sizes, events)
    assert worker.results() == worker.final()


@settings(max_examples=100)
@given(
    fixes=CERTAIN,
    late_us=st.lists(st.sampled_from(DELAYS_US), min_size=1, max_size=9),
    seed=st.integers(0, 2**32),
    sizes=SIZES,
    events=st.lists(EVENTS, min_size=1, max_size=6),
)
def test_passes_depend_on_no_order_delay_repetition_batch_or_crash(
    fixes: FixBatch, late_us: list[int], seed: int, sizes: list[int], events: list[list[str]]
) -> None:
    track = final_track(fixes)
    uncertain = np.unique(track.boot[track.trust == TimeTrust.RECEIVED])
    certain = fixes.take(~np.isin(fixes.boot, uncertain))
    prompt = Worker(NETWORK, EnginePolicy())
    prompt.take(certain)
    prompt.finish()
    worker = lived_through(delayed(certain, late_us), Random(seed), sizes, events)
    assert worker.results() == worker.final() == prompt.final()


def night(*, uptime: bool = True) -> list[dict[str, int]]:
    """Thirty fixes along the road, a second apart, each received at once."""
    rows = []
    for seq in range(1, 31):
        lat, lon = point(seq * 9, 0)
        at_us = START_US + seq * SECOND_US
        row = {"device": 1, "boot": 1, "seq": seq, "digest": seq, "received_us": at_us, "sources": 8, "remarks": 0}
        row |= {"lat_e7": lat, "lon_e7": lon, "speed_mmps": 8_000, "course_cdeg": 9_000, "blade": BLADE_DOWN}
        rows.append(stating(row, at_us) | ({"uptime_ms": seq * 1_000} if uptime else {}))
    return rows


def stating(row: dict[str, int], time_us: int) -> dict[str, int]:
    return row | {"time_us": time_us, "day_us": time_us % DAY_US}


def late(row: dict[str, int], hours: int) -> dict[str, int]:
    return row | {"received_us": row["received_us"] + hours * HOUR_US}


def results_of(*batches: Sequence[dict[str, int]]) -> Results:
    """Each batch is settled before the next one comes."""
    worker = Worker(NETWORK, EnginePolicy())
    for batch in batches:
        worker.take(batch_of(FixBatch, *batch))
        worker.tick(LATER)
    worker.finish()
    assert worker.results() == worker.final() != ([], [])
    return worker.results()


@pytest.mark.parametrize("uptime", [True, False])
@pytest.mark.parametrize("hours", [0, 13, 37, 70])
def test_a_time_of_day_that_came_before_any_date_makes_the_passes_of_its_own_day(uptime: bool, hours: int) -> None:
    """Until the date comes, the receive time may have put it on a wrong day; nothing of that stays."""
    rows = night(uptime=uptime)
    undated = [late(row | {"time_us": ABSENT_64}, hours) for row in rows[:20]]
    assert results_of(undated, rows[20:]) == results_of(rows)


@pytest.mark.parametrize("uptime", [True, False])
def test_a_default_day_that_came_before_any_other_makes_the_passes_of_the_right_one(uptime: bool) -> None:
    rows = night(uptime=uptime)
    unset = [stating(row, begins(0)(row["time_us"])) for row in rows[:20]]
    assert results_of(unset, rows[20:]) == results_of(rows)


def test_a_clock_that_one_live_fix_proves_ahead_takes_back_all_that_it_dated() -> None:
    """The backlog could be right; the live fixes cannot, and then nothing of this clock is believed any more."""
    rows = night()
    ahead = [stating(row, row["time_us"] + 2 * HOUR_US) for row in rows]
    backlog = [late(row, 10) for row in ahead[:20]]
    passes, activities = results_of(rows[:20])
    assert results_of(backlog) == (
        [(*row[:5], row[5] + 2 * HOUR_US, row[6] + 2 * HOUR_US, *row[7:]) for row in passes],
        [(row[0], row[1] + 2 * HOUR_US, row[2] + 2 * HOUR_US, *row[3:]) for row in activities],
    )
    assert results_of(backlog, ahead[20:]) == results_of(rows)


def test_an_excursion_is_put_back_when_the_fixes_around_it_are_known() -> None:
    rows = night()
    wrong = [stating(row, row["time_us"] - 100 * DAY_US) for row in rows[10:15]]
    assert results_of(wrong, rows[:10], rows[15:]) == results_of(rows)


def test_a_clock_that_stands_two_ways_disputes_its_boot_and_leaves_each_fix_where_it_says() -> None:
    rows = night()
    back = [stating(row, row["time_us"] - HOUR_US) if row["seq"] % 2 else row for row in rows]
    passes, activities = results_of(back[:15], back[15:])
    assert (passes, activities) == results_of(back)
    assert {(row[5] - START_US) // HOUR_US for row in passes} == {-1, 0}
    assert {(row[1] - START_US) // HOUR_US for row in activities} == {-1, 0}
