"""How a day was spent: the parts add up to the whole, also over midnight."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.calendar import DAY_US, day_range_us
from snowtrack.model.columns import ABSENT_8, ABSENT_32
from snowtrack.model.fixes import BLADE_DOWN, BLADE_UP, FixBatch
from snowtrack.reports.timeline import GAP_US, STANDING_MMPS, Activity, Timeline, make_timeline
from tests.oracles.batches import batch_of

SECOND = 1_000_000
DAY = day_range_us(date(2026, 1, 15))
Drawn = tuple[int, int, int]

FIXES = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 3 * SECOND), st.sampled_from([0, SECOND, 60 * SECOND, 61 * SECOND, 3_600 * SECOND])),
        st.sampled_from([BLADE_DOWN, BLADE_UP, ABSENT_8]),
        st.sampled_from([ABSENT_32, 0, 499, 500, 1_000, 8_000, 20_000]),
    ),
    max_size=40,
)


def fixes_from(start_us: int, drawn: list[Drawn]) -> FixBatch:
    """Fixes with these times between them, blades and speeds."""
    rows, at_us = [], start_us
    for spent_us, blade, speed in drawn:
        at_us += spent_us
        rows.append({"time_us": at_us, "blade": blade, "speed_mmps": speed})
    return batch_of(FixBatch, *rows)


def activity(spent_us: int, blade: int, speed: int) -> Activity:
    """From one fix to the next."""
    if spent_us > GAP_US:
        return Activity.NO_SIGNAL
    if blade == BLADE_DOWN or (blade == ABSENT_8 and 1_000 <= speed <= 11_000):
        return Activity.WORKING
    return Activity.TRAVELLING if speed >= STANDING_MMPS else Activity.STANDBY


def by_second(drawn: list[Drawn], start_us: int, day: tuple[int, int]) -> dict[Activity, int]:
    """Seconds by activity, fix by fix."""
    spent = dict.fromkeys(Activity, 0)
    at_us = start_us + (drawn[0][0] if drawn else 0)
    for (_, blade, speed), (step_us, _, _) in pairwise(drawn):
        begins, ends = (min(max(t // SECOND, day[0] // SECOND), day[1] // SECOND) for t in (at_us, at_us + step_us))
        spent[activity(step_us, blade, speed)] += ends - begins
        at_us += step_us
    return spent


def spent_s(timeline: Timeline | None) -> int:
    return 0 if timeline is None else sum(timeline.seconds.values())


@given(FIXES, st.integers(DAY[0], DAY[1] - 200_000 * SECOND // 3))
def test_the_parts_add_up_to_the_time_between_first_and_last_fix(drawn: list[Drawn], start_us: int) -> None:
    timeline = make_timeline(fixes_from(start_us, drawn), DAY)
    expected = by_second(drawn, start_us, DAY)
    if timeline is None:
        assert sum(expected.values()) == 0
        return
    assert timeline.seconds == expected
    assert spent_s(timeline) == (timeline.to_us - timeline.from_us) // SECOND
    assert DAY[0] <= timeline.from_us < timeline.to_us <= DAY[1]
    if sum(step for step, _, _ in drawn) + start_us < DAY[1]:
        times = fixes_from(start_us, drawn).time_us
        assert (timeline.from_us, timeline.to_us) == (
            int(times[0]) // SECOND * SECOND,
            int(times[-1]) // SECOND * SECOND,
        )


@given(FIXES, st.integers(-100, 100))
def test_a_run_over_midnight_is_split_and_the_sums_still_agree(drawn: list[Drawn], before_s: int) -> None:
    fixes = fixes_from(DAY[1] + before_s * SECOND, drawn)
    evening, morning = make_timeline(fixes, DAY), make_timeline(fixes, (DAY[1], DAY[1] + DAY_US))
    whole = make_timeline(fixes, (DAY[0], DAY[1] + DAY_US))
    assert spent_s(evening) + spent_s(morning) == spent_s(whole)
    for kind in Activity:
        parts = [one.seconds[kind] for one in (evening, morning) if one is not None]
        assert sum(parts) == (0 if whole is None else whole.seconds[kind])
    if evening is not None and morning is not None:
        assert evening.to_us == morning.from_us == DAY[1]


def test_a_gap_is_named_with_its_times() -> None:
    start = DAY[0] + 10 * SECOND
    drawn = [(0, BLADE_DOWN, 0), (60 * SECOND, BLADE_DOWN, 0), (61 * SECOND, BLADE_DOWN, 0), (SECOND, BLADE_UP, 0)]
    timeline = make_timeline(fixes_from(start, drawn), DAY)
    assert timeline is not None
    assert timeline.gaps == ((start + 60 * SECOND, start + 121 * SECOND),)
    assert timeline.seconds[Activity.NO_SIGNAL] == 61
    assert timeline.seconds[Activity.WORKING] == 61


@pytest.mark.parametrize(("blades", "inferred"), [((BLADE_UP, BLADE_UP), False), ((ABSENT_8, BLADE_UP), True)])
def test_a_time_without_a_blade_signal_is_marked_as_inferred(blades: tuple[int, ...], inferred: bool) -> None:
    timeline = make_timeline(fixes_from(DAY[0], [(SECOND, blade, 0) for blade in blades]), DAY)
    assert timeline is not None
    assert timeline.inferred is inferred


@pytest.mark.parametrize("count", [0, 1])
def test_a_day_without_two_fixes_has_no_timeline(count: int) -> None:
    assert make_timeline(fixes_from(DAY[0], [(0, BLADE_UP, 0)] * count), DAY) is None


def test_another_day_has_no_timeline() -> None:
    assert make_timeline(fixes_from(DAY[1] + SECOND, [(SECOND, BLADE_UP, 0)] * 5), DAY) is None
