"""The daily report: lines made of passes, lengths that survive midnight, and nothing made up."""

from datetime import date
from itertools import pairwise

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.calendar import DAY_US, day_range_us
from snowtrack.model.fixes import FixBatch
from snowtrack.model.passes import Evidence
from snowtrack.reports.daily import HEAD_FIELDS
from tests.oracles.batches import batch_of
from tests.oracles.towns import metres_between, point
from tests.oracles.workdays import (
    DAY,
    END,
    FIRST,
    FOOTWAY,
    MINUTE,
    NAMELESS,
    NETWORK,
    SECOND,
    SECOND_HALF,
    START,
    driving,
    report,
    work,
)


def test_passes_on_one_road_are_one_line_between_the_roads_that_cross_it() -> None:
    made = report(work(FIRST, START, START + MINUTE), work(SECOND_HALF, START + MINUTE, START + 2 * MINUTE))
    (line,) = made.lines
    assert (line.road, line.route, line.footway) == ("一条通り", "県道1号", False)
    assert (line.begins, line.ends) == ("東通り", "西通り")
    assert (line.from_us, line.to_us, line.segments) == (START, START + 2 * MINUTE, 2)
    assert abs(line.metres - 200) < 0.1
    assert made.worked_km == line.metres / 1000


def test_against_the_line_the_crossings_are_the_other_way_round() -> None:
    back = {"direction": -1}
    made = report(work(SECOND_HALF, START, START + 1, **back), work(FIRST, START + 1, START + 2, **back))
    assert (made.lines[0].begins, made.lines[0].ends) == ("西通り", "東通り")


def test_a_footway_of_the_same_name_is_a_line_of_its_own() -> None:
    made = report(work(FIRST, START, START + 1), work(FOOTWAY, START + 1, START + 2))
    assert [line.footway for line in made.lines] == [False, True]


@pytest.mark.parametrize(("pause_us", "lines"), [(10 * MINUTE, 1), (10 * MINUTE + 1, 2)])
def test_a_long_pause_begins_a_new_line(pause_us: int, lines: int) -> None:
    made = report(work(FIRST, START, START + 1), work(FIRST, START + 1 + pause_us, START + 2 + pause_us))
    assert len(made.lines) == lines


def test_a_line_is_as_sure_as_its_weakest_pass_and_counts_each_time() -> None:
    again = work(FIRST, START + MINUTE, START + 2 * MINUTE, evidence=Evidence.INFERRED)
    (line,) = report(work(FIRST, START, START + 1), again).lines
    assert line.evidence is Evidence.INFERRED
    assert abs(line.metres - 200) < 0.1
    assert line.segments == 1


def test_nothing_is_made_up() -> None:
    content = orjson.loads(orjson.dumps(report(work(NAMELESS, START, START + 1)).as_json()))
    assert content["registered"] is False
    assert content["head"] == dict.fromkeys(HEAD_FIELDS)
    assert content["corrections"] == []
    (line,) = content["lines"]
    assert (line["road"], line["route"], line["begins"], line["ends"]) == (None, None, None, None)


def test_a_segment_of_another_network_is_a_line_without_a_name() -> None:
    (line,) = report(work(99, START, START + 1)).lines
    assert (line.road, line.begins, line.ends, line.metres) == (None, None, None, 100.0)


def test_an_empty_day_is_an_empty_report() -> None:
    content = report().as_json()
    assert (content["from"], content["to"], content["seconds"]) == (None, None, None)
    assert (content["lines"], content["gps_gaps"], content["worked_km"], content["driven_km"]) == ([], [], 0, 0)


PASSES = st.lists(
    st.tuples(st.integers(1, 7), st.integers(0, 90_000_000), st.integers(0, 100_000_000), st.integers(1, 100)),
    max_size=8,
)


@given(PASSES, st.integers(-200_000_000, 0))
def test_work_over_midnight_is_split_by_day_and_the_lengths_still_agree(
    drawn: list[tuple[int, int, int, int]], begin_us: int
) -> None:
    passes, at_us = [], END + begin_us
    for segment, pause_us, spent_us, percent in drawn:
        started_us = at_us + pause_us
        at_us = started_us + spent_us
        passes.append(work(segment, started_us, at_us, to_mm=int(NETWORK.length_mm[segment - 1]) * percent // 100))
    following = date(2026, 1, 16)
    days = [report(*passes), report(*passes, day=following)]
    metres = round(sum(line.metres * 1000 for made in days for line in made.lines))
    assert metres == sum(one["to_mm"] - one["from_mm"] for one in passes)
    for made, (start, end) in zip(days, (day_range_us(DAY), day_range_us(following)), strict=True):
        assert all(start <= line.from_us <= line.to_us <= end for line in made.lines)
        assert all(line.metres >= 0 for line in made.lines)


@pytest.mark.parametrize("at_us", [START, END])
def test_a_pass_of_no_duration_at_midnight_belongs_to_the_day_that_begins(at_us: int) -> None:
    made = report(work(FIRST, at_us, at_us))
    assert len(made.lines) == (1 if at_us == START else 0)


def test_what_was_driven_is_measured_along_the_fixes() -> None:
    easts = [0.0, 8.0, 16.0, 30.0]
    expected = sum(metres_between(point(one, 0), point(other, 0)) for one, other in pairwise(easts))
    assert report(fixes=driving(START, *easts)).driven_km * 1000 == pytest.approx(expected, abs=0.001)


def test_noise_while_standing_is_not_driven() -> None:
    assert report(fixes=driving(START, 0, 5, 0, 5, speed=100)).driven_km == 0


def test_only_the_days_own_fixes_count_as_driven() -> None:
    fixes = FixBatch.concat([driving(START - 2 * SECOND, 0, 50), driving(START, 100, 108)])
    assert report(fixes=fixes).driven_km * 1000 == pytest.approx(8, abs=0.01)


@given(st.lists(st.integers(-50, 50), min_size=2, max_size=20), st.integers(0, 20))
def test_what_was_driven_over_midnight_adds_up(easts: list[int], before_s: int) -> None:
    fixes = driving(END - before_s * SECOND, *easts)
    days = [report(fixes=fixes, day=day).driven_km * 1000 for day in (DAY, date(2026, 1, 16))]
    expected = sum(metres_between(point(one, 0), point(other, 0)) for one, other in pairwise(easts))
    assert sum(days) == pytest.approx(expected, abs=0.001 * len(easts))


def test_fixes_without_a_position_are_not_driven_to() -> None:
    void = batch_of(FixBatch, {"time_us": START + 5 * SECOND, "speed_mmps": 8_000})
    fixes = FixBatch.concat([driving(START, 0, 8), void, driving(START + 6 * SECOND, 16, 24)])
    assert report(fixes=fixes).driven_km * 1000 == pytest.approx(24, abs=0.01)


def test_a_report_says_when_the_day_began_and_ended_and_where_it_has_gaps() -> None:
    fixes = FixBatch.concat([driving(START, 0, 8), driving(START + 10 * MINUTE, 0, 8)])
    content = report(fixes=fixes).as_json()
    assert (content["from"], content["to"]) == ("2026-01-14T15:00:00Z", "2026-01-14T15:10:01Z")
    assert content["gps_gaps"] == [["2026-01-14T15:00:01Z", "2026-01-14T15:10:00Z"]]
    assert content["seconds"] == {"working": 2, "travelling": 0, "standby": 0, "no_signal": 599}


def test_a_day_has_86400_seconds() -> None:
    assert END - START == DAY_US
