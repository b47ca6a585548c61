"""Reports as passes: where they count, and what they come to beside what machines were seen to do."""

import numpy as np
import pytest

from snowtrack.clearance.fold import fold
from snowtrack.clearance.reported import CONFIDENCE, counts_for, reported_passes
from snowtrack.clearance.segments import PolicyTable, Segments
from snowtrack.model.columns import ABSENT_32, ABSENT_64
from snowtrack.model.fleet import Agency, Fleet, Manages
from snowtrack.model.passes import PassBatch
from snowtrack.model.reported import ReportedWork
from snowtrack.model.states import States
from snowtrack.model.work import Evidence, Work
from tests.clearance.worlds import ALL, HOUR_US, LOCAL, MAIN, NETWORK, NOW_US, PREFECTURAL, SEGMENTS, TABLE, worked

FLEET = Fleet(
    agencies=(
        Agency(id="kahoku", name="かほく市", manages=Manages.MUNICIPALITY),
        Agency(id="open", name="開放市", manages=Manages.MUNICIPALITY, shares_passes=True),
    )
)
MINE = np.zeros(len(NETWORK), np.int16)
THEIRS = np.ones(len(NETWORK), np.int16)


def said(segment: int, direction: int = 0, work: Work = Work.PLOUGHING, agency: str = "kahoku") -> ReportedWork:
    return ReportedWork(agency, segment, direction, work, NOW_US - HOUR_US, NOW_US)


def states(*reports: ReportedWork, seen: PassBatch | None = None, segments: Segments = SEGMENTS) -> States:
    told = reported_passes(reports, segments, FLEET, MINE)
    return fold(PassBatch.concat([told, seen or PassBatch.empty()]), segments)


@pytest.mark.parametrize("segment", [LOCAL, MAIN, PREFECTURAL])
def test_a_segment_that_was_reported_is_done_and_says_by_what_evidence(segment: int) -> None:
    facts = states(said(segment)).facts
    ways = [-1, 1] if TABLE.both_ways[segment - 1] else [0]
    assert facts.direction.tolist() == ways
    assert facts.covered_mm.tolist() == [int(NETWORK.length_mm[segment - 1])] * len(ways)
    assert facts.evidence.tolist() == [Evidence.REPORTED] * len(ways)
    assert facts.confidence.tolist() == [CONFIDENCE] * len(ways)
    assert facts.fresh_us.tolist() == [NOW_US] * len(ways)
    assert facts.last_device.tolist() == [ABSENT_32] * len(ways)


@pytest.mark.parametrize("needed", [1, 2, 3])
def test_a_report_is_as_many_passes_as_are_needed(needed: int) -> None:
    columns = {name: getattr(TABLE, name) for name in TABLE.__dataclass_fields__}
    table = PolicyTable(**columns | {"needed": np.full(len(NETWORK), needed, np.int8)})
    facts = states(said(LOCAL), segments=Segments.of(NETWORK, table)).facts
    assert (facts.passes.tolist(), facts.done_us.tolist()) == ([needed], [NOW_US])


def test_one_direction_alone_is_reported_where_it_is_said() -> None:
    assert states(said(MAIN, direction=-1)).facts.direction.tolist() == [-1]


def test_a_report_of_spreading_covers_nothing() -> None:
    facts = states(said(LOCAL, work=Work.SPREADING)).facts
    assert (facts.spreads.tolist(), facts.spread_us.tolist()) == ([1], [NOW_US])
    assert (facts.covered_mm.tolist(), facts.done_us.tolist()) == ([0], [ABSENT_64])


def test_what_a_machine_was_seen_to_do_is_stronger() -> None:
    facts = states(said(LOCAL), seen=worked(LOCAL, (1, 0, 100))).facts
    assert (facts.evidence.tolist(), facts.confidence.tolist()) == ([Evidence.BLADE], [900])
    half = states(said(LOCAL), seen=worked(LOCAL, (1, 0, 50))).facts
    assert half.evidence.tolist() == [Evidence.REPORTED]


def test_it_counts_on_own_roads_and_on_others_where_passes_are_shared() -> None:
    for agency, managers, counts in (
        ("kahoku", MINE, True),
        ("kahoku", THEIRS, False),
        ("open", MINE, True),
        ("nobody", MINE, False),
    ):
        assert counts_for(agency, FLEET, managers, ALL).tolist() == [counts] * len(ALL)
        assert len(reported_passes([said(LOCAL, agency=agency)], SEGMENTS, FLEET, managers)) == counts


def test_a_segment_of_other_roads_is_left_out() -> None:
    assert len(reported_passes([said(99), said(LOCAL)], SEGMENTS, FLEET, MINE)) == 1
    assert not len(reported_passes([], SEGMENTS, FLEET, MINE))
    assert not counts_for("open", FLEET, MINE, np.array([-1])).any()
