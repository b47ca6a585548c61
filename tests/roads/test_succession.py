"""From one version of the roads to the next: ids that go on, and stretches that go over."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.network.arrays import Kind, Network
from snowtrack.roads.lines import RoadLine
from snowtrack.roads.succession import carry_over, find_twins, succession
from tests.oracles.towns import Metres, built, metres_between, road, sample_town, shape

STREETS = (
    road((0, 0), (100, 0), (200, 0), source_id=1),
    road((100, -90), (100, 0), (100, 90), source_id=2),
    road((200, 0), (200, 120), source_id=3),
)


def id_of(network: Network, source_id: int, from_m: int = 0) -> int:
    at = np.flatnonzero((network.source_id == source_id) & (np.rint(network.source_from_mm / 1000) == from_m))
    return int(network.segment_id[at[0]])


def carried(old: Sequence[RoadLine], new: Sequence[RoadLine]) -> tuple[Network, Network, list[tuple[int, ...]]]:
    before = built(*old)
    after, stretches = carry_over(before, built(*new))
    return before, after, stretches.rows()


def test_the_same_roads_keep_all_ids_and_nothing_goes_over() -> None:
    before, after, stretches = carried(STREETS, STREETS[::-1])
    assert after.network_id == before.network_id
    assert stretches == []


def test_a_road_that_was_moved_a_little_keeps_its_id() -> None:
    moved = road((200, 0), (202, 60), (200, 121), source_id=3)
    before, after, stretches = carried(STREETS, [*STREETS[:2], moved])
    assert sorted(after.segment_id.tolist()) == sorted(before.segment_id.tolist())
    assert id_of(after, 3) == id_of(before, 3)
    ((old_id, old_from, old_to, new_id, new_from, new_to, direction),) = stretches
    assert (old_id, new_id, direction) == (id_of(before, 3), id_of(after, 3), 1)
    assert (old_from, new_from) == (0, 0)
    assert (old_to, new_to) == (before.length_mm[before.source_id == 3][0], after.length_mm[after.source_id == 3][0])


def test_a_road_that_was_moved_far_is_a_new_one() -> None:
    before, after, stretches = carried(STREETS, [*STREETS[:2], road((212, 0), (212, 120), source_id=3)])
    assert id_of(after, 3) not in before.segment_id.tolist()
    assert stretches == []


def test_a_road_that_runs_the_other_way_is_a_new_one_that_goes_on_backwards() -> None:
    before, after, stretches = carried(STREETS, [*STREETS[:2], road((200, 120), (200, 0), source_id=3)])
    assert id_of(after, 3) != id_of(before, 3)
    ((old_id, old_from, old_to, new_id, new_from, new_to, direction),) = stretches
    assert (old_id, new_id, direction) == (id_of(before, 3), id_of(after, 3), -1)
    assert (old_from, old_to, new_from, new_to) == (0, new_from, old_to, 0)


def test_a_road_that_a_new_crossing_divides_goes_on_in_both_halves() -> None:
    crossing = road((200, 40), (290, 40), source_id=9)
    before, after, stretches = carried(
        STREETS, [*STREETS[:2], road((200, 0), (200, 40), (200, 120), source_id=3), crossing]
    )
    old = id_of(before, 3)
    halves = [id_of(after, 3), id_of(after, 3, from_m=40)]
    assert [(row[0], row[3]) for row in stretches] == [(old, halves[0]), (old, halves[1])]
    assert [round(row[1] / 1000) for row in stretches] == [0, 40]
    assert stretches[0][2] == stretches[1][1]
    assert sum(row[2] - row[1] for row in stretches) == int(before.length_mm[before.source_id == 3][0])
    assert id_of(after, 9) not in before.segment_id.tolist()


def test_two_roads_that_became_one_go_on_in_its_parts() -> None:
    divided = [*STREETS[:2], road((200, 0), (200, 40), source_id=3), road((200, 40), (200, 120), source_id=4)]
    whole = [*STREETS[:2], road((200, 0), (200, 40), (200, 120), source_id=3)]
    before, after, stretches = carried(divided, [*whole])
    new = id_of(after, 3)
    assert [(row[0], row[3]) for row in stretches] == sorted([(id_of(before, 3), new), (id_of(before, 4), new)])
    assert sorted((round(row[4] / 1000), round(row[5] / 1000)) for row in stretches) == [(0, 40), (40, 120)]


def test_of_two_new_roads_beside_a_stretch_the_nearer_one_takes_it_over() -> None:
    pair = [road((202, 0), (202, 60), source_id=7), road((197, 0), (197, 60), source_id=8)]
    before, after, stretches = carried(STREETS, [*STREETS[:2], *pair])
    assert [(row[0], row[3]) for row in stretches] == [(id_of(before, 3), id_of(after, 7))]


def test_a_footway_beside_takes_nothing_over_from_a_street() -> None:
    foot = road((200, 0), (201, 60), (200, 120), source_id=8, kind=Kind.FOOTWAY)
    before, after, stretches = carried(STREETS, [*STREETS[:2], foot])
    assert id_of(after, 8) not in before.segment_id.tolist()
    assert stretches == []


def test_ids_that_were_carried_go_on_over_many_versions() -> None:
    first = built(*STREETS)
    now = first
    for step in range(1, 6):
        moved = road((200, 0), (200 + step, 60), (200, 120), source_id=3)
        now, _ = carry_over(now, built(*STREETS[:2], moved))
        assert id_of(now, 3) == id_of(first, 3)
    assert len(set(now.segment_id.tolist())) == len(now)


def test_a_road_that_comes_back_to_its_old_line_beside_its_moved_self_gets_a_number_of_its_own() -> None:
    straight, bent = road((200, 0), (200, 120), source_id=3), road((200, 0), (204, 60), (200, 120), source_id=4)
    first = built(*STREETS)
    moved, _ = carry_over(first, built(*STREETS[:2], bent))
    assert id_of(moved, 4) == id_of(first, 3)
    both, _ = carry_over(moved, built(*STREETS[:2], bent, straight))
    assert id_of(both, 4) == id_of(first, 3)
    assert id_of(both, 3) not in moved.segment_id.tolist()
    assert np.all(np.diff(both.segment_id[both.rows_by_id]) > 0)


def test_twins_that_lie_on_each_other_stay_apart() -> None:
    double = [*STREETS, replace(STREETS[2], source_id=33)]
    before, after, stretches = carried(double, double)
    assert after.network_id == before.network_id
    assert stretches == []


OFFSETS = st.tuples(st.floats(-2, 2), st.floats(-2, 2))


@given(st.lists(OFFSETS, min_size=5, max_size=5), st.integers(0, 3))
def test_stretches_lie_beside_each_other_and_never_overlap(offsets: list[Metres], dropped: int) -> None:
    def drawn(points: list[Metres]) -> list[RoadLine]:
        return [road(*points, source_id=1), road(points[dropped], (points[dropped][0], 300), source_id=2)]

    plain = [(east * 70.0, 0.0) for east in range(5)]
    before = built(*drawn(plain))
    after, stretches = carry_over(
        before, built(*drawn([(e + a, n + b) for (e, n), (a, b) in zip(plain, offsets, strict=True)]))
    )
    rows = stretches.rows()
    for old_id, start, end, new_id, new_start, new_end, direction in rows:
        old_row, new_row = int(before.rows_of([old_id])[0]), int(after.rows_of([new_id])[0])
        assert 0 <= start < end <= before.length_mm[old_row]
        assert 0 <= min(new_start, new_end) < max(new_start, new_end) <= after.length_mm[new_row]
        assert direction == (1 if new_end > new_start else -1)
    for one in rows:
        others = [row for row in rows if row[0] == one[0] and row is not one]
        assert all(min(one[2], row[2]) - max(one[1], row[1]) <= (one[2] - one[1]) / 2 for row in others)


def test_of_a_town_that_was_shifted_by_two_metres_nearly_all_ids_go_on() -> None:
    """Where they do not, the kind of crossing changed or two roads lie nearer to each other than they moved."""
    town = sample_town()
    east_e7 = np.int32(224)
    shifted = replace(
        town,
        shape_lon_e7=town.shape_lon_e7 + east_e7,
        node_lon_e7=town.node_lon_e7 + east_e7,
        segment_id=town.segment_id + 1,
    )
    named, stretches = carry_over(town, shifted)
    same = named.segment_id == town.segment_id
    assert same.mean() > 0.99
    covered_mm = (stretches.old_to_mm - stretches.old_from_mm).sum()
    assert covered_mm > 0.98 * town.length_mm.sum()


def test_a_twin_is_near() -> None:
    before, after = built(*STREETS), built(*STREETS[:2], road((200, 0), (203, 60), (200, 119), source_id=3))
    twins = find_twins(before, after)
    assert len(twins.old) == len(before)
    for old_row, new_row in zip(twins.old.tolist(), twins.new.tolist(), strict=True):
        assert metres_between(shape(before, old_row)[0], shape(after, new_row)[0]) < 5
    assert len(succession(before, after, twins)) == int((~twins.kept).sum())
