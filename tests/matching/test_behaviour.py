"""How machines behave and receivers err, one scene each."""

from base64 import b64decode
from itertools import groupby, pairwise
from statistics import mean

import pytest

from snowtrack.model.matches import NO_ROW, MatchStatus
from snowtrack.network.arrays import Kind
from tests.matching.runs import Run, Told, driven
from tests.matching.scenes import (
    Seen,
    along,
    directions,
    driven_mm,
    fixes,
    rows,
    settled,
    standing,
    then,
    turns,
    with_noise,
)
from tests.matching.worlds import START_US, Weather, drawn_track, matcher
from tests.oracles.drives import SECOND_US, Driven, joined_up
from tests.oracles.halves import observed
from tests.oracles.towns import Metres, point, road, sample_town, town

SEEDS = range(5)
STREET = town(road((0, 0), (100, 0), (200, 0), (300, 0), (400, 0)))
# A street with side streets every 100 m on both sides; and a lane around a green, beyond it two roads to one crossing.
COMB = town(
    road((0, 0), (100, 0), (200, 0), (300, 0), (400, 0), (500, 0)),
    *(road((east, 0), (east, north)) for east in (100, 200, 300, 400) for north in (80, -80)),
)
KNOTS = town(
    road((0, 0), (30, 0), (30, 30), (0, 30), (0, 0)),
    road((0, 0), (-80, 0)),
    road((-80, 0), (-120, 30), (-160, 0)),
    road((-80, 0), (-120, -31), (-160, 0)),
)


def way(told: list[Told]) -> list[Driven]:
    """What was driven, from segment to segment."""
    return joined_up(stretch[1:] for stretch in driven(told))


def in_runs(values: list[int]) -> list[int]:
    return [value for value, _ in groupby(values)]


# Turning and reversing.


@pytest.mark.parametrize("told", [True, False])
def test_a_u_turn_in_mid_road_is_two_ways_over_the_same_segments(told: bool) -> None:
    made = settled(STREET, with_noise(along((0, 0), (230, 0), (0, 0)), 2, 10), told=told)
    assert in_runs(directions(made)) == [1, -1]
    assert [part[:2] for part in way(made)] == [(0, 1), (1, 1), (2, 1), (2, -1), (1, -1), (0, -1)]
    assert turns(made) == 1
    assert abs(driven_mm(made) - 460_000) <= 20_000


@pytest.mark.parametrize("speed_mps", [1, 1.5, 3])
def test_reversing_30_m_and_going_on_is_driven_forth_and_back_and_forth(speed_mps: float) -> None:
    back = along((150, 0), (120, 0), speed_mps=speed_mps)
    made = settled(STREET, then(along((0, 0), (150, 0)), back, along((120, 0), (300, 0))))
    assert in_runs(directions(made)) == [1, -1, 1]
    assert in_runs(rows(made)) == [0, 1, 2]
    reversed_mm = sum(one.from_mm - one.to_mm for one in driven(made) if one.direction == -1)
    assert abs(reversed_mm - 30_000) <= 3_000


def test_going_round_a_green_leaves_it_by_its_other_end() -> None:
    green: list[Metres] = [(0, 0), (30, 0), (30, 30), (0, 30), (0, 0)]
    for ring, direction in ((green, 1), (green[::-1], -1)):
        made = settled(KNOTS, along((-80, 0), *ring, (-80, 0)))
        assert [part[:2] for part in way(made)] == [(1, -1), (0, direction), (1, 1)]
        assert driven_mm(made, 0) == KNOTS.length_mm[0]


def test_of_two_roads_between_the_same_crossings_each_is_driven_over_as_it_was() -> None:
    there, back = [(0, 0), (-80, 0), (-120, 30), (-160, 0)], [(-120, -31), (-80, 0), (0, 0)]
    for every_s in (1, 4):
        made = settled(KNOTS, along(*there, *back, every_s=every_s))
        assert [part[:2] for part in way(made)] == [(1, 1), (2, 1), (3, -1), (1, -1)]
        assert (driven_mm(made, 2), driven_mm(made, 3)) == (KNOTS.length_mm[2], KNOTS.length_mm[3])


# One way streets, and roads beside each other.


@pytest.mark.parametrize("told", [True, False])
def test_against_a_one_way_street_when_there_is_no_other_way(told: bool) -> None:
    network = town(road((0, 0), (100, 0)), road((100, 0), (200, 0), oneway=1), road((200, 0), (300, 0)))
    made = settled(network, with_noise(along((300, 0), (0, 0)), 2, 10), told=told)
    assert in_runs(rows(made)) == [2, 1, 0]
    assert set(directions(made)) == {-1}
    assert [part[:2] for part in way(made)] == [(2, -1), (1, -1), (0, -1)]


def test_in_doubt_the_two_way_road_is_preferred_to_the_one_way_street_beside_it() -> None:
    network = town(road((0, 0), (400, 0), oneway=1), road((0, 10), (400, 10)))
    made = settled(network, along((400, 5), (0, 5)))
    assert set(rows(made)) == {4, 5, 6, 7}
    nearer_one_way = settled(network, along((0, 4.9), (400, 4.9)))
    assert set(rows(nearer_one_way)) == {0, 1, 2, 3}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("north", [0, 25])
def test_on_parallel_roads_25_m_apart_noise_of_3_m_moves_no_machine_to_the_other(seed: int, north: float) -> None:
    network = town(road((0, 0), (2_000, 0)), road((0, 25), (2_000, 25)))
    made = settled(network, with_noise(along((0, north), (2_000, north)), 3, 60, seed))
    other = range(20, 40) if north == 0 else range(20)
    assert len(network) == 40
    assert driven_mm(made, *other) == 0
    assert abs(driven_mm(made) - 2_000_000) <= 20_000


STACKED = town(road((-300, 0), (-200, 0), (300, 0)), road((-300, 60), (-200, 40), (-100, 3), (200, 3), (300, 40)))
LOWER: list[Metres] = [(-300, 0), (300, 0)]
UPPER: list[Metres] = [(-300, 60), (-200, 40), (-100, 3), (200, 3), (300, 40)]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("route", "own"), [(LOWER, range(6)), (UPPER, range(6, 12))])
def test_of_roads_above_each_other_the_one_that_goes_on_is_driven(route: list[Metres], own: range, seed: int) -> None:
    """They run 3 m apart for 300 m and share no node."""
    made = settled(STACKED, with_noise(along(*route), 2, 20, seed))
    assert rows(made) == sorted(rows(made))
    assert set(rows(made)) == set(own)
    assert driven_mm(made) == driven_mm(made, *own)


@pytest.mark.parametrize("seed", SEEDS)
def test_over_a_bridge_nothing_turns_off_to_the_road_below(seed: int) -> None:
    network = town(road((-200, 0), (200, 0)), road((0, -200), (0, 200)))
    assert len(network.node_lat_e7) == len(network) + 2
    made = settled(network, with_noise(along((-200, 0), (200, 0)), 3, 20, seed))
    assert in_runs(rows(made)) == [0, 1, 2, 3]
    assert driven_mm(made) == driven_mm(made, 0, 1, 2, 3)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("kind", "own"), [(Kind.CARRIAGEWAY, {0, 1, 2, 3}), (Kind.FOOTWAY, {4, 5, 6, 7})])
def test_between_a_carriageway_and_its_footway_each_machine_is_on_its_own_kind(
    kind: Kind, own: set[int], seed: int
) -> None:
    network = town(road((0, 0), (400, 0)), road((0, 4), (400, 4), kind=Kind.FOOTWAY))
    seen = with_noise(along((0, 2), (400, 2), speed_mps=2), 1.5, 20, seed)
    assert set(rows(settled(network, seen, kind=kind))) == own


@pytest.mark.parametrize("kind", Kind)
def test_where_there_is_only_the_other_kind_a_machine_is_on_that(kind: Kind) -> None:
    network = town(road((0, 0), (400, 0), kind=Kind.FOOTWAY if kind is Kind.CARRIAGEWAY else Kind.CARRIAGEWAY))
    made = settled(network, along((0, 1), (400, 1)), kind=kind)
    assert in_runs(rows(made)) == [0, 1, 2, 3]


# Out of sight, and off the road.


def test_a_tunnel_of_a_minute_is_bridged_and_the_way_leads_through() -> None:
    inside = [(300.0, 0.0), (500.0, 100.0), (600.0, 300.0)]
    network = town(road((0, 0), (200, 0)), road((200, 0), *inside), road((600, 300), (600, 500)))
    whole = along((0, 0), *inside, (600, 500), speed_mps=10)
    seen = [one for one in whole if not 20 < one.second < 76]
    made = settled(network, seen)
    assert max(other.second - one.second for one, other in pairwise(seen)) >= 56
    assert [part[:2] for part in way(made)] == [(row, 1) for row in range(len(network))]
    assert all(driven_mm(made, row) == network.length_mm[row] for row in range(1, len(network) - 1))
    assert min(told.answer.confidence for one, told in zip(seen, made, strict=True) if one.second >= 76) > 900


YARD = town(road((0, 0), (100, 0), (200, 0), (300, 0), (400, 0)))


@pytest.mark.parametrize("seed", SEEDS)
def test_in_a_car_park_60_m_off_the_road_a_machine_is_on_none_and_drives_nowhere(seed: int) -> None:
    into, out = along((110, 0), (110, 60), speed_mps=3), along((200, 60), (200, 0), speed_mps=3)
    about = along((110, 60), (160, 62), (160, 80), (110, 80), (110, 60), (200, 60), speed_mps=2)
    seen = then(along((0, 0), (110, 0)), into, about, out, along((200, 0), (400, 0)))
    made = settled(YARD, with_noise(seen, 2, 20, seed))
    parked = [told for one, told in zip(seen, made, strict=True) if one.north_m >= 20]
    near = [told for one, told in zip(seen, made, strict=True) if 20 <= one.north_m <= 40]
    assert {told.answer.status for told in parked} == {MatchStatus.OFF_ROAD, MatchStatus.NO_CANDIDATE}
    assert {told.answer.status for told in near} == {MatchStatus.OFF_ROAD}
    assert {told.answer.row for told in parked} == {NO_ROW}
    assert driven_mm(parked) == 0
    assert driven_mm(made, 1) <= 20_000
    assert abs(driven_mm(made) - 310_000) <= 25_000


def test_a_fix_far_from_all_roads_is_where_it_is_and_no_way_leads_there() -> None:
    seen = along((0, 0), (400, 0))
    seen[20] = seen[20]._replace(north_m=4_000)
    made = settled(YARD, seen)
    answer = made[20].answer
    assert (answer.row, answer.direction, answer.along_mm, answer.distance_mm) == (NO_ROW, 0, 0, 0)
    assert answer.status == MatchStatus.NO_CANDIDATE
    assert (answer.lat_e7, answer.lon_e7) == point(seen[20].east_m, seen[20].north_m)
    assert [one.answer.row for one in made[:20]] == [0] * 13 + [1] * 7
    assert made[-1].answer.row == 3
    assert driven(made[20:22]) == []


# Noise.


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("stands_at", [250, 295, 300], ids=["in mid-road", "before a crossing", "on a crossing"])
def test_a_machine_that_stands_for_ten_minutes_drives_a_few_metres_and_makes_no_turn(
    stands_at: float, seed: int
) -> None:
    here = (stands_at, 0.0)
    before = along((0, 0), here)
    seen = then(before, standing(here, 600), along(here, (500, 0)))
    made = settled(COMB, with_noise(seen, 5, 10, seed))
    assert driven_mm(made[len(before) + 5 : len(before) + 600]) <= 25_000
    assert turns(made) == 0
    assert all(driven_mm(made, row) >= COMB.length_mm[row] for row in range(1, 4))
    assert driven_mm(made) - driven_mm(made, *range(5)) <= 25_000


@pytest.mark.parametrize("noise_m", [0, 3])
def test_a_receiver_that_always_says_that_it_stands_is_followed_all_the_same(noise_m: float) -> None:
    """Some never fill in their speed."""
    seen = [one._replace(speed_mps=0) for one in with_noise(along((0, 0), (500, 0)), noise_m, 10)]
    made = settled(COMB, seen)
    assert [part[:2] for part in way(made)] == [(row, 1) for row in range(5)]
    assert abs(driven_mm(made) - 500_000) <= 15_000


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("lasts_s", [0.01, 10], ids=["white", "lasting"])
def test_dense_noisy_fixes_do_not_zigzag(lasts_s: float, seed: int) -> None:
    seen = with_noise(along((0, 0), (500, 0), every_s=0.1), 3, lasts_s, seed)
    made = settled(COMB, seen)
    assert [part[:2] for part in way(made)] == [(row, 1) for row in range(5)]
    assert set(directions(made)) == {1}
    assert abs(driven_mm(made) - 500_000) <= 15_000


def test_two_fixes_of_one_instant_at_two_places_are_both_answered_and_the_way_goes_on() -> None:
    """Two units under one name: the one that drives on the road is followed."""
    seen = along((0, 0), (400, 0))
    own, strange = fixes(seen), fixes([Seen(20, 150, 5_000, 90, 8)])[0]._replace(boot=9, digest=99)
    for size in (1, 7, 100):
        made = Run(matcher(STREET)).take_in_parts([*own[:21], strange, *own[21:]], size).flush()
        assert made.dirty == []
        twins = [one.answer for one in made.only if one.observed_us == START_US + 20 * SECOND_US]
        assert [one.status for one in twins] == [MatchStatus.MATCHED, MatchStatus.NO_CANDIDATE]
        assert [one.row for one in twins] == [1, NO_ROW]
        assert rows(made.only[-10:]) == rows(settled(STREET, seen)[-10:])


# What it costs.


def test_a_machine_at_one_fix_a_second_and_a_lag_of_ten_seconds_is_remembered_in_2_kb() -> None:
    """On the streets of a town, with the noise of a street: 1.9 KB on average."""
    network, made, sizes = sample_town(), matcher(sample_town(), 10), []
    for device in range(120):
        fixes_of = drawn_track(network, device, Weather(noise_m=4))
        made.on_batch(observed(fix._replace(device=device) for fix in fixes_of))
        if len(fixes_of) > 20:
            sizes.append(sum(len(b64decode(kept)) for kept in made.snapshot(device).values()))
    assert len(sizes) > 50
    assert mean(sizes) <= 2_048
