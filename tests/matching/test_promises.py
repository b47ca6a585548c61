"""What is promised of matches: they follow from the fixes and the roads, not from how either was handed over."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from random import Random

import orjson
from hypothesis import assume, given
from hypothesis import strategies as st

from snowtrack.matching.matcher import Matcher
from snowtrack.model.columns import ABSENT_8, ABSENT_32
from snowtrack.model.fixes import Source
from snowtrack.network.arrays import Kind, Network
from snowtrack.roads.lines import Point, RoadLine
from tests.matching.runs import Run, Told, driven
from tests.matching.worlds import (
    CUT_US,
    START_US,
    drawn_streets,
    drawn_town,
    drawn_track,
    drawn_weather,
    heard,
    matcher,
)
from tests.oracles.drives import SECOND_US, Spot, drive, driven_between, joined_up
from tests.oracles.halves import Pending
from tests.oracles.matching import Column, ScalarMatcher
from tests.oracles.settling import Answered, leads
from tests.oracles.towns import ORIGIN, WGS84, built, road, sample_town, town
from tests.oracles.ways import after, is_against

TOWNS = st.integers(0, 60)
SEEDS = st.integers(0, 2**32)
LAGS = st.sampled_from([0, 2.5, 10, 30, None])
DEVICES = (7, 8, 9)


def tracks(number: int, seed: int, devices: Sequence[int] = (7,), most: int = 40) -> list[Pending]:
    """Some machines' fixes, in order of time."""
    made = []
    for device in devices:
        fixes = drawn_track(drawn_town(number), seed + device, drawn_weather(Random(seed + device)), most)
        made += [fix._replace(device=device) for fix in fixes]
    return sorted(made, key=lambda fix: fix.observed_us)


def in_one_batch(network: Network, fixes: Sequence[Pending], lag_s: float | None) -> dict[int, list[Told]]:
    return Run(matcher(network, lag_s)).take(fixes).flush().settled


# However the fixes come.


@given(TOWNS, SEEDS, LAGS, st.integers(1, 20), st.sampled_from([0, 1, 12]))
def test_neither_batch_sizes_nor_other_machines_change_an_answer(
    number: int, seed: int, lag_s: float | None, size: int, late_s: float
) -> None:
    fixes = tracks(number, seed, DEVICES)
    mixed = Run(matcher(drawn_town(number), lag_s, late_s)).take_in_parts(fixes, size).flush()
    for device in DEVICES:
        alone = [fix for fix in fixes if fix.device == device]
        assert mixed.settled[device] == in_one_batch(drawn_town(number), alone, lag_s)[device]
    assert mixed.dirty == []


@given(TOWNS, SEEDS, st.sampled_from([0, 10]))
def test_each_head_is_the_answer_at_no_lag(number: int, seed: int, lag_s: float) -> None:
    weather = replace(drawn_weather(Random(seed)), twins=False)
    fixes = drawn_track(drawn_town(number), seed, weather, 40)
    made = Run(matcher(drawn_town(number), lag_s)).take_in_parts(fixes, 1)
    at_once = in_one_batch(drawn_town(number), fixes, 0)[7]
    assert [(told.observed_us, told.answer) for told in made.heads[7]] == [
        (told.observed_us, told.answer) for told in at_once
    ]


@given(TOWNS, SEEDS, st.sampled_from([0, 2.5, 10]), st.sampled_from([0.5, 3, 20]), st.integers(1, 5))
def test_fixes_out_of_order_by_no_more_than_answers_wait_for_change_nothing(
    number: int, seed: int, lag_s: float, late_s: float, size: int
) -> None:
    fixes, random = tracks(number, seed), Random(seed)
    as_they_come = sorted(fixes, key=lambda fix: fix.observed_us + random.uniform(0, late_s) * SECOND_US)
    made = Run(matcher(drawn_town(number), lag_s, late_s)).take_in_parts(as_they_come, size).flush()
    assert made.dirty == []
    assert made.only == in_one_batch(drawn_town(number), fixes, lag_s)[7]


@given(TOWNS, SEEDS, st.sampled_from([0, 2.5, 10]), st.sampled_from([0.5, 3]), st.integers(1, 5))
def test_fixes_that_come_in_halves_are_matched_as_if_they_had_come_whole(
    number: int, seed: int, lag_s: float, late_s: float, size: int
) -> None:
    fixes, random = tracks(number, seed), Random(seed)
    come = [
        (half.observed_us + random.uniform(0, late_s) * SECOND_US, half)
        for fix in fixes
        for half in (
            fix._replace(sources=Source.GGA, digest=1_000 + fix.digest, speed_mmps=ABSENT_32, course_cdeg=ABSENT_32),
            fix._replace(sources=Source.RMC, hdop_centi=ABSENT_32, quality=ABSENT_8, blade=ABSENT_8),
        )
    ]
    as_they_come = [half for _, half in sorted(come, key=lambda one: one[0])]
    made = Run(matcher(drawn_town(number), lag_s, late_s)).take_in_parts(as_they_come, size).flush()
    assert made.dirty == []
    assert made.only == in_one_batch(drawn_town(number), fixes, lag_s)[7]


@given(TOWNS, SEEDS, st.sampled_from([0, 2.5, 10]), st.sampled_from([0, 3]))
def test_a_fix_held_back_makes_its_stretch_dirty_when_an_answer_missed_it_and_changes_nothing_otherwise(
    number: int, seed: int, lag_s: float, late_s: float
) -> None:
    fixes, random = tracks(number, seed), Random(seed)
    assume(len(fixes) > 2)
    held = random.choice(fixes[:-1])
    end = random.randrange(fixes.index(held) + 1, len(fixes)) + 1
    others = [fix for fix in fixes[:end] if fix is not held]
    made = Run(matcher(drawn_town(number), lag_s, late_s)).take_in_parts([*others, held, *fixes[end:]], 1).flush()
    waits_us, lag_us = round((lag_s + late_s) * SECOND_US), round(lag_s * SECOND_US)
    missed = any(
        fix.observed_us + waits_us < others[-1].observed_us and fix.observed_us + lag_us >= held.observed_us
        for fix in others
    )
    if missed:
        assert [(one.from_us, one.to_us) for one in made.dirty] == [(held.observed_us, held.observed_us)]
        fixes.remove(held)
    else:
        assert made.dirty == []
    assert made.only == in_one_batch(drawn_town(number), fixes, lag_s)[7]


@given(TOWNS, SEEDS, LAGS, st.integers(1, 12), st.data())
def test_a_restart_at_any_point_gives_the_same_continuation(
    number: int, seed: int, lag_s: float | None, size: int, data: st.DataObject
) -> None:
    fixes, network = tracks(number, seed, DEVICES[:2]), drawn_town(number)
    whole, broken = (Run(matcher(network, lag_s, late_s=1)) for _ in range(2))
    for at in range(0, len(fixes), size):
        for run in (whole, broken):
            run.take(fixes[at : at + size])
        if data.draw(st.booleans()):
            broken.matcher = restarted(broken.matcher, matcher(network, lag_s, late_s=1))
    assert broken.flush() == replace(whole.flush(), matcher=broken.matcher)


def restarted(before: Matcher, after: Matcher) -> Matcher:
    for device in DEVICES[:2]:
        after.restore(device, orjson.loads(orjson.dumps(dict(before.snapshot(device)))))
    return after


# However the roads are written down.


def columns_of(network: Network, fixes: Sequence[Pending]) -> list[Column]:
    """What the scalar matcher knows: it says which answers are ties."""
    return ScalarMatcher(network=network, cut_us=CUT_US).columns(fixes)


def micros(lag_s: float | None) -> int | None:
    return None if lag_s is None else round(lag_s * SECOND_US)


@given(TOWNS, SEEDS, LAGS)
def test_other_segment_ids_change_nothing(number: int, seed: int, lag_s: float | None) -> None:
    network, fixes = drawn_town(number), tracks(number, seed)
    renamed = replace(network, segment_id=network.segment_id * 3 + 1_000)
    assert in_one_batch(renamed, fixes, lag_s) == in_one_batch(network, fixes, lag_s)


@given(TOWNS, SEEDS, LAGS)
def test_a_far_road_changes_nothing(number: int, seed: int, lag_s: float | None) -> None:
    lines = drawn_streets(number)
    far = replace(road((3_000, 0), (3_500, 200)), source_id=len(lines) + 1)
    fixes = tracks(number, seed)
    assert in_one_batch(town(*lines, far), fixes, lag_s) == in_one_batch(drawn_town(number), fixes, lag_s)


@given(TOWNS, SEEDS, LAGS)
def test_the_order_of_the_source_changes_nothing(number: int, seed: int, lag_s: float | None) -> None:
    lines, fixes = drawn_streets(number), tracks(number, seed)
    mixed = Random(seed).sample(lines, len(lines))
    assert in_one_batch(built(*mixed), fixes, lag_s) == in_one_batch(built(*lines), fixes, lag_s)


@given(TOWNS, SEEDS, LAGS)
def test_the_order_of_the_segments_changes_nothing_but_ties(number: int, seed: int, lag_s: float | None) -> None:
    """Where another place costs as much, the ids decide."""
    lines, fixes = drawn_streets(number), tracks(number, seed)
    mixed = [replace(line, source_id=at) for at, line in enumerate(Random(seed).sample(lines, len(lines)))]
    answers = [in_one_batch(town(*order), fixes, lag_s)[7] for order in (lines, mixed)]
    led = leads(fixes, columns_of(drawn_town(number), fixes), micros(lag_s))
    for one, other, lead in zip(*answers, led, strict=True):
        if lead > 0:
            assert one.answer._replace(row=0, confidence=0) == other.answer._replace(row=0, confidence=0)


ROUNDED_MM, ROUNDED_COST = 30, 1_500
ORIGINS = st.sampled_from([ORIGIN, (43.06, 141.35), (26.21, 127.68), (-36.85, 174.76), (64.13, -21.9), (0.0, 0.0)])


@given(TOWNS, SEEDS, LAGS, ORIGINS, st.integers(0, 35_999))
def test_the_world_elsewhere_and_turned_round_gives_the_same_but_for_rounding(
    number: int, seed: int, lag_s: float | None, origin: tuple[float, float], turn_cdeg: int
) -> None:
    """Positions are rounded to a centimetre, so costs differ by some hundredths of a nat; what leads by more is
    compared, unless rounding decided whether the machine stood."""
    weather = replace(drawn_weather(Random(seed)), strays=False, noise_m=3)
    fixes = [fix._replace(hdop_centi=ABSENT_32) for fix in drawn_track(drawn_town(number), seed, weather, 40)]

    def moved(place: Point) -> Point:
        azimuth, _, distance = WGS84.inv(ORIGIN[1], ORIGIN[0], place[1] / 1e7, place[0] / 1e7)
        lon, lat, _ = WGS84.fwd(origin[1], origin[0], azimuth + turn_cdeg / 100, distance)
        return round(lat * 1e7), round(lon * 1e7)

    other_town = town(*(_moved_line(line, moved) for line in drawn_streets(number)))
    other_fixes = [_moved_fix(fix, moved((fix.lat_e7, fix.lon_e7)), turn_cdeg) for fix in fixes]
    assume(len(other_town) == len(drawn_town(number)))
    worlds = ((drawn_town(number), fixes), (other_town, other_fixes))
    columns, other_columns = (columns_of(*world) for world in worlds)
    assume([one.stands for one in columns] == [one.stands for one in other_columns])
    answers = [in_one_batch(*world, lag_s)[7] for world in worlds]
    for one, other, lead in zip(*answers, leads(fixes, columns, micros(lag_s)), strict=True):
        if lead > ROUNDED_COST:
            assert (one.answer.row, one.answer.direction) == (other.answer.row, other.answer.direction)
            assert abs(one.answer.distance_mm - other.answer.distance_mm) <= ROUNDED_MM


def _moved_line(line: RoadLine, moved: Callable[[Point], Point]) -> RoadLine:
    return replace(line, points=[moved(place) for place in line.points])


def _moved_fix(fix: Pending, place: Point, turn_cdeg: int) -> Pending:
    course = fix.course_cdeg if fix.course_cdeg == ABSENT_32 else (fix.course_cdeg + turn_cdeg) % 36_000
    return fix._replace(lat_e7=place[0], lon_e7=place[1], course_cdeg=course)


# A drive without noise.

CROSSING_MM = 500


def legal_route(network: Network, seed: int, length: int) -> list[tuple[int, int]]:
    """Rows and directions of a drive that keeps to one-way streets and to its kind of road, turning at dead ends."""
    random = Random(seed)
    edge = random.choice([edge for edge in range(2 * len(network)) if may_drive(network, edge)])
    edges = [edge]
    while len(edges) < length:
        onward = [other for other in after(network, edges[-1]) if may_drive(network, other)]
        if not onward:
            break
        edges.append(random.choice(onward))
    return [(edge >> 1, -1 if edge & 1 else 1) for edge in edges]


def may_drive(network: Network, edge: int) -> bool:
    return not is_against(network, edge) and int(network.kind[edge >> 1]) == Kind.CARRIAGEWAY


def recovered(network: Network, spots: Sequence[Spot], lag_s: float | None, told: bool) -> list[tuple[Spot, Answered]]:
    """Each fix with its answer, after the whole way was found from end to end."""
    settled = Run(matcher(network, lag_s)).take(heard(spots, told)).flush().only
    way = (part for before, spot in pairwise(spots) for part in driven_between(network, before, spot))
    ways = joined_up(stretch[1:] for stretch in driven(settled)), joined_up(way)
    found, wanted = ([part for part in way if abs(part[2] - part[3]) > ROUNDED_MM] for way in ways)
    assert [part[:2] for part in found] == [part[:2] for part in wanted]
    for one, other in zip(found, wanted, strict=True):
        assert max(abs(one[2] - other[2]), abs(one[3] - other[3])) <= ROUNDED_MM
    return [(spot, one.answer) for spot, one in zip(spots, settled, strict=True)]


def assert_each_fix_is_recovered(network: Network, seed: int, speed_mmps: int, lag_s: float | None) -> None:
    """A place at a crossing may be on either side of it."""
    steps = legal_route(network, seed, 10)
    turns = any(one[0] == other[0] for one, other in pairwise(steps))
    slow_mmps = min(speed_mmps, 8_000) if turns else speed_mmps
    spots = list(drive(network, steps, start_us=START_US, speed_mmps=slow_mmps))
    for spot, answer in recovered(network, spots, lag_s, told=True):
        if to_crossing_mm(network, spot) > CROSSING_MM:
            assert (answer.row, answer.direction) == (spot.row, spot.direction)
            assert abs(answer.along_mm - spot.along_mm) <= ROUNDED_MM


def to_crossing_mm(network: Network, spot: Spot) -> int:
    return min(spot.along_mm, int(network.length_mm[spot.row]) - spot.along_mm)


SPEEDS = st.sampled_from([3_000, 8_000, 14_000])
# Whether a machine has just turned, nobody knows at once.
SOME_LAG = st.sampled_from([2.5, 10, 30, None])


@given(TOWNS, SEEDS, SPEEDS, SOME_LAG)
def test_a_drive_without_noise_is_recovered_exactly(
    number: int, seed: int, speed_mmps: int, lag_s: float | None
) -> None:
    network = drawn_town(number)
    assume(any(may_drive(network, edge) for edge in range(2 * len(network))))
    assert_each_fix_is_recovered(network, seed, speed_mmps, lag_s)


@given(SEEDS, SPEEDS, SOME_LAG)
def test_so_is_one_through_the_sample_town(seed: int, speed_mmps: int, lag_s: float | None) -> None:
    assert_each_fix_is_recovered(sample_town(), seed, speed_mmps, lag_s)


@given(TOWNS, SEEDS, st.sampled_from([3_000, 8_000]), SOME_LAG)
def test_without_a_course_the_way_is_recovered_and_what_is_put_round_a_corner_is_near_it(
    number: int, seed: int, speed_mmps: int, lag_s: float | None
) -> None:
    network = drawn_town(number)
    assume(any(may_drive(network, edge) for edge in range(2 * len(network))))
    steps = legal_route(network, seed, 10)
    assume(all(one[0] != other[0] for one, other in pairwise(steps)))
    spots = list(drive(network, steps, start_us=START_US, speed_mmps=speed_mmps))
    # Near is within a step. Of the last two steps nobody knows yet whether they went round a corner.
    while spots and to_crossing_mm(network, spots[-1]) <= 2 * speed_mmps:
        spots.pop()
    assume(len(spots) > 3)
    for spot, answer in recovered(network, spots, lag_s, told=False):
        if (answer.row, answer.direction) != (spot.row, spot.direction):
            assert to_crossing_mm(network, spot) <= speed_mmps
            assert (answer.row, answer.direction) in steps
