"""Halves of one epoch become one fix, whichever came first; what contradicts or is another epoch stays apart."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.matching.window import SAME_PLACE_E7
from snowtrack.model.columns import ABSENT_8, ABSENT_32, ABSENT_64
from snowtrack.model.fixes import BLADE_DOWN, Source
from snowtrack.model.tracks import TimeTrust
from tests.matching.parts import AT_US, PARTS, PLACE_E7, gga, gll, joined, joined_of_many, part, rmc
from tests.oracles.halves import Pending, are_halves, join_halves

NUMBER = {"boot": 3, "seq": 9}


def test_two_halves_become_one_fix_with_what_either_says() -> None:
    one = gga(received_us=40, blade=BLADE_DOWN, trust=TimeTrust.DATED, hdop_centi=90, quality=4, **NUMBER)
    assert joined(one, rmc(received_us=30, east_e7=9)) == [
        Pending(
            observed_us=AT_US,
            boot=3,
            seq=9,
            digest=1,
            device=7,
            received_us=30,
            lat_e7=PLACE_E7[0],
            lon_e7=PLACE_E7[1],
            speed_mmps=6_000,
            course_cdeg=900,
            blade=BLADE_DOWN,
            trust=TimeTrust.STATED,
            sources=Source.GGA | Source.RMC,
            hdop_centi=90,
            quality=4,
        )
    ]


@pytest.mark.parametrize("numbers", [({}, {}), (NUMBER, {}), ({}, NUMBER), (NUMBER, NUMBER)])
def test_which_half_stands_first_makes_no_difference(numbers: tuple[dict[str, int], dict[str, int]]) -> None:
    """Digests and numbers decide on the order of equal instants, and they say nothing of the sentences."""
    ours, others = numbers
    found = [joined(gga(first, **ours), rmc(second, east_e7=9, **others)) for first, second in ((1, 2), (2, 1))]
    assert [len(fixes) for fixes in found] == [1, 1]
    assert found[0][0]._replace(digest=0) == found[1][0]._replace(digest=0)


def test_three_parts_become_one_in_any_order() -> None:
    found = set()
    for digests in permutations((1, 2, 3)):
        parts = (gga(digests[0], **NUMBER), rmc(digests[1], east_e7=9), gll(digests[2], east_e7=-9))
        found |= {fix._replace(digest=0) for fix in joined(*parts)}
    assert [fix.sources for fix in found] == [Source.GGA | Source.RMC | Source.GLL]


def test_speed_and_course_are_those_of_rmc_where_it_states_them() -> None:
    walking = part(Source.GGA | Source.VTG, digest=5, speed_mmps=1_000, course_cdeg=1)
    assert [(fix.speed_mmps, fix.course_cdeg) for fix in joined(walking, rmc())] == [(6_000, 900)]
    silent = rmc(speed_mmps=ABSENT_32, course_cdeg=ABSENT_32)
    assert [(fix.speed_mmps, fix.course_cdeg) for fix in joined(walking, silent)] == [(1_000, 1)]
    assert [(fix.speed_mmps, fix.course_cdeg) for fix in joined(gga(), silent)] == [(ABSENT_32, ABSENT_32)]


@pytest.mark.parametrize(("name", "absent"), [("blade", ABSENT_8), ("quality", ABSENT_8), ("hdop_centi", ABSENT_32)])
def test_blade_quality_and_dilution_are_those_of_the_sentence_believed_first_if_it_states_them(
    name: str, absent: int
) -> None:
    for digests in ((1, 2), (2, 1)):
        both = joined(gga(digests[0], **{name: 1}), rmc(digests[1], **{name: 2}))
        second = joined(gga(digests[0]), rmc(digests[1], **{name: 2}))
        neither = joined(gga(digests[0]), rmc(digests[1]))
        assert [[getattr(fix, name) for fix in found] for found in (both, second, neither)] == [[1], [2], [absent]]


def test_the_place_is_that_of_the_sentence_believed_first() -> None:
    assert [fix.lon_e7 for fix in joined(rmc(1), gga(2, east_e7=50))] == [PLACE_E7[1] + 50]


@pytest.mark.parametrize(("apart", "fixes"), [(SAME_PLACE_E7, 1), (SAME_PLACE_E7 + 1, 2)])
def test_at_different_places_they_are_twins_and_stay_apart(apart: int, fixes: int) -> None:
    for east_e7 in (apart, -apart):
        assert len(joined(gga(), rmc(east_e7=east_e7))) == fixes
        assert len(joined(gga(**NUMBER), rmc(east_e7=east_e7, **NUMBER))) == fixes
        assert len(joined(gga(), rmc(lat_e7=PLACE_E7[0] + east_e7))) == fixes


def test_different_numbers_stay_apart_and_equal_ones_join() -> None:
    one = gga(boot=3, seq=9)
    assert len(joined(one, rmc(boot=3, seq=9))) == 1
    assert len(joined(one, rmc(boot=3, seq=10))) == 2
    assert len(joined(one, rmc(boot=4, seq=9))) == 2


def test_a_part_without_number_joins_one_of_two_numbered_ones_alone() -> None:
    found = joined(gga(), rmc(boot=3, seq=9), rmc(boot=3, seq=10))
    assert [(fix.seq, fix.sources) for fix in found] == [(9, Source.GGA | Source.RMC), (10, Source.RMC)]


def test_the_same_sentence_twice_is_no_two_halves() -> None:
    assert len(joined(rmc(1), rmc(2))) == 2
    assert len(joined(rmc(1), rmc(2, **NUMBER))) == 2
    assert len(joined(part(Source.GGA | Source.RMC, digest=1), rmc(2))) == 2


def test_different_instants_are_different_epochs() -> None:
    assert len(joined(gga(), rmc(at_us=AT_US + 1))) == 2


def test_halves_are_found_among_others_of_their_instant() -> None:
    far = rmc(2, east_e7=90_000, **NUMBER)
    found = joined(gga(1), far, rmc(9, boot=4, seq=1))
    assert sorted(fix.sources for fix in found) == [Source.RMC, Source.GGA | Source.RMC]
    assert far in found


@given(st.lists(PARTS, max_size=4))
def test_of_many_devices_it_is_what_a_scalar_twin_joins(devices: list[list[Pending]]) -> None:
    assert joined_of_many(devices) == [join_halves(sorted(parts)) for parts in devices]


@given(PARTS)
def test_no_two_that_are_left_are_halves_and_nothing_is_lost(parts: list[Pending]) -> None:
    found = joined(*parts)
    times = [fix.observed_us for fix in found]
    assert times == sorted(times)
    assert {(fix.observed_us, fix.sources & bit) for fix in found for bit in Source if fix.sources & bit} == {
        (fix.observed_us, fix.sources & bit) for fix in parts for bit in Source if fix.sources & bit
    }
    assert {fix[1:3] for fix in parts} - {(ABSENT_64, ABSENT_64)} == {fix[1:3] for fix in found} - {(ABSENT_64,) * 2}
    untouched = [fix for fix in parts if not any(are_halves(fix, other) for other in parts if _beside(fix, other))]
    assert set(untouched) <= set(found)


def _beside(fix: Pending, other: Pending) -> bool:
    return fix is not other and fix.observed_us == other.observed_us
