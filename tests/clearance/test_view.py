"""Segments as readers see them."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.clearance.fold import fold_segment
from snowtrack.clearance.labels import LabelPolicy
from snowtrack.clearance.view import SegmentView, changed_views, counts_both_ways, untouched, view_segments
from snowtrack.model.passes import Evidence
from snowtrack.model.states import DirectionFacts, Label
from snowtrack.network.arrays import Kind, RoadClass
from tests.oracles.towns import road, town

SECOND = 1_000_000
NOW = 1_768_404_600 * SECOND
POLICY = LabelPolicy()
NETWORK = town(
    road((0, 0), (100, 0), road_class=RoadClass.LOCAL),
    road((0, 50), (100, 50), road_class=RoadClass.MAIN),
    road((0, 90), (100, 90), road_class=RoadClass.NATIONAL, oneway=1),
    road((0, 120), (100, 120), road_class=RoadClass.MAIN, kind=Kind.FOOTWAY),
    road((0, 150), (100, 150), road_class=RoadClass.PREFECTURAL),
)
LOCAL, MAIN = 1, 2


def facts_of(segment: int, *passes: tuple[int, int, int], at_us: int = NOW, device: int = 7) -> list[DirectionFacts]:
    """Facts from passes as (direction, from percent, to percent)."""
    row = segment - 1
    length = int(NETWORK.length_mm[row])
    rows = [(device, segment, d, length * a // 100, length * b // 100, at_us, at_us, 0, 0) for d, a, b in passes]
    both = counts_both_ways(NETWORK, row)
    return fold_segment(rows, length_mm=length, both_ways=both, done_permille=POLICY.done_permille)


def view(facts: list[DirectionFacts], *, now_us: int = NOW, silent: frozenset[int] = frozenset()) -> list[SegmentView]:
    return view_segments(NETWORK, facts, now_us=now_us, silent=silent, policy=POLICY)


def test_both_directions_count_on_wide_carriageways_that_are_no_one_way_streets() -> None:
    assert [counts_both_ways(NETWORK, row) for row in range(len(NETWORK))] == [False, True, False, False, True]


@pytest.mark.parametrize(
    ("segment", "passes", "label", "share"),
    [
        (LOCAL, [(1, 0, 100)], Label.DONE, 100),
        (LOCAL, [(1, 0, 50), (-1, 50, 100)], Label.DONE, 100),
        (LOCAL, [(1, 0, 50)], Label.UNDER_WAY, 49),
        (MAIN, [(1, 0, 100)], Label.PARTLY, 50),
        (MAIN, [(1, 0, 100), (-1, 0, 100)], Label.DONE, 100),
        (MAIN, [(1, 0, 100), (-1, 0, 50)], Label.UNDER_WAY, 74),
    ],
)
def test_label_and_share(segment: int, passes: list[tuple[int, int, int]], label: Label, share: int) -> None:
    (found,) = view(facts_of(segment, *passes))
    assert (found.segment_id, found.label) == (segment, label)
    assert abs(found.share - share) <= 1


def test_a_silent_device_makes_its_unfinished_segment_unknown_and_no_other() -> None:
    unfinished = [*facts_of(LOCAL, (1, 0, 50), device=7), *facts_of(MAIN, (1, 0, 50), device=8)]
    assert [one.label for one in view(unfinished, silent=frozenset({7}))] == [Label.UNKNOWN, Label.UNDER_WAY]


def test_a_segment_of_another_network_is_left_out() -> None:
    stranger = facts_of(LOCAL, (1, 0, 100))[0]
    assert (
        view([DirectionFacts(**{**{n: getattr(stranger, n) for n in DirectionFacts.__slots__}, "segment_id": 99})])
        == []
    )


@given(
    st.lists(
        st.tuples(st.sampled_from([-1, 1]), st.integers(0, 99), st.integers(1, 100)).filter(lambda p: p[1] < p[2]),
        min_size=1,
        max_size=8,
    ),
    st.integers(1, 5),
)
def test_a_share_is_between_nothing_and_all(passes: list[tuple[int, int, int]], segment: int) -> None:
    (found,) = view(facts_of(segment, *passes))
    assert 0 <= found.share <= 100
    assert found.label is not Label.DONE or found.share >= POLICY.done_permille // 10


@given(
    st.sampled_from(Label),
    st.integers(0, 100),
    st.one_of(st.none(), st.integers(0, 2**31).map(lambda seconds: seconds * SECOND)),
    st.one_of(st.none(), st.sampled_from(Evidence)),
)
def test_a_view_reads_back_from_json(label: Label, share: int, at_us: int | None, evidence: Evidence | None) -> None:
    made = SegmentView(segment_id=3, label=label, share=share, at_us=at_us, evidence=evidence)
    assert SegmentView.from_json(orjson.loads(orjson.dumps(made.as_json()))) == made


def test_only_what_reads_differently_has_changed() -> None:
    before = {1: untouched(1), 2: untouched(2)}
    (worked,) = view(facts_of(MAIN, (1, 0, 100)))
    assert changed_views(before, [untouched(1), worked, untouched(3)]) == [worked, untouched(3)]
