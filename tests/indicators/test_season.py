"""The figures of a season, against those that one counts by hand."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.clearance.routes import NOBODYS
from snowtrack.indicators.definitions import DEFINITIONS
from snowtrack.indicators.figures import Figure
from snowtrack.model.columns import ABSENT_32
from snowtrack.model.passes import PassBatch
from snowtrack.model.work import ActivityBatch
from tests.indicators.towns import AGENCIES, FROM_US, STREETS, season_of, towns
from tests.oracles.indicators import HOUR_US, Key, Machine, Town, counted

MINUTE_US = 60_000_000


def figures_of(town: Town, portions: list[list[int]] | None = None) -> list[Figure]:
    """The passes of some segments at a time."""
    season = season_of(town)
    first_us, last_us = season.pass_span_us
    wanted = [row for row in town.passes if first_us <= row[6] < last_us]
    for segments in portions or [list(range(10))]:
        season.add_passes(PassBatch.from_rows([row for row in wanted if row[1] in segments]))
    season.add_activities(ActivityBatch.from_rows(town.activities))
    columns = [np.array(column, np.int64) for column in zip(*town.tracks, strict=True)] or [np.empty(0, np.int64)] * 3
    season.add_tracks(columns[0].astype(np.int32), columns[1], columns[2])
    return season.figures()


def told(figures: list[Figure]) -> dict[Key, tuple[int, int]]:
    return {(one.definition.key, one.agency, one.of): (one.numerator, one.denominator) for one in figures}


def something(found: dict[Key, tuple[int, int]]) -> dict[Key, tuple[int, int]]:
    """Without those of nobody, who may be left out where there is nothing."""
    if any(counts[0] for (_, agency, _), counts in found.items() if agency == NOBODYS):
        return found
    return {key: counts for key, counts in found.items() if key[1] != NOBODYS}


@given(towns)
def test_all_figures_are_those_that_one_counts_by_hand(town: Town) -> None:
    assert something(told(figures_of(town))) == something(counted(town))


@given(towns, st.data())
def test_neither_the_order_of_rows_nor_the_cut_of_portions_changes_a_figure(town: Town, data: st.DataObject) -> None:
    shuffled = Town(
        **{
            **{name: getattr(town, name) for name in Town.__slots__},
            **{
                name: data.draw(st.permutations(getattr(town, name)))
                for name in ("passes", "activities", "tracks", "orders", "proposals")
            },
        }
    )
    portions: list[list[int]] = data.draw(
        st.sampled_from([[[1], [2], [3], [4], [5], [6]], [[6, 5], [4, 3, 2, 1]], [[3], [1, 2, 4, 5, 6]]])
    )
    assert figures_of(shuffled, portions) == figures_of(town)


ADDED_UP = {
    "planned_length", "cleared_length", "first_cleared_length", "segments_by_passes", "spread_length", "material",
    "machine_hours", "orders", "orders_without_work", "proposals", "cleared_length_by_hour",
    "first_cleared_length_by_hour",
}  # fmt: skip
SHARES = {"coverage", "visibility", "passes_per_segment", "material_per_km", "material_known", "device_availability",
          "device_availability_by_day", "proposals_followed"}  # fmt: skip


@given(towns)
def test_agencies_add_up_to_all_and_hours_to_the_whole_to_the_millimetre(town: Town) -> None:
    found = told(figures_of(town))
    for (key, agency, of), (numerator, denominator) in found.items():
        own = [found.get((key, one, of), (0, 0)) for one in (*AGENCIES, NOBODYS)]
        if agency is None and key in ADDED_UP | SHARES:
            assert numerator == sum(one[0] for one in own)
        if agency is None and key in SHARES:
            assert denominator == sum(one[1] for one in own)
        if key in ("cleared_length", "first_cleared_length"):
            by_hour = [
                counts[0] for (name, who, _), counts in found.items() if (name, who) == (f"{key}_by_hour", agency)
            ]
            assert numerator == sum(by_hour)


A_TRACKER = Machine(agency="a", name="m1", device=1, tracker="t1", from_us=0, to_us=10**17)


def a_town(*passes: tuple[int, ...], **told: object) -> Town:
    facts: dict[str, object] = {
        "from_us": FROM_US,
        "to_us": FROM_US + 24 * HOUR_US,
        "now_us": FROM_US + 24 * HOUR_US,
        "streets": STREETS,
        "machines": [A_TRACKER],
        "sharing": frozenset(),
        "agencies": AGENCIES,
        "routes": [],
        "event_starts_us": [FROM_US],
        "passes": list(passes),
    }
    return Town(**facts | told)  # type: ignore[arg-type]


def ploughed(segment: int, *, hour: int = 6, to_mm: int = 30, device: int = 1, work: int = 0) -> tuple[int, ...]:
    at_us = FROM_US + hour * HOUR_US
    return device, segment, 1, 0, to_mm, at_us, at_us + MINUTE_US, work, 0, 900, ABSENT_32


def value(town: Town, key: str, agency: str | None = None, of: str | None = None) -> float | None:
    (found,) = [one.value for one in figures_of(town) if (one.definition.key, one.agency, one.of) == (key, agency, of)]
    return found


def test_coverage_is_the_share_of_the_planned_length_that_was_seen_worked() -> None:
    """Two directions of 20 mm and a street of 30: one direction is 20 of 70."""
    routes = [("a", "m1", [(1, 0), (2, 0)]), ("a", None, [(2, 0)])]
    town = a_town(ploughed(2), ploughed(2, hour=7), routes=routes)
    assert value(town, "coverage", "a") == 28.6
    assert value(town, "visibility", "a") == 100
    assert value(town, "coverage", "b") is None
    assert value(a_town(ploughed(2, work=1), routes=routes), "coverage") == 28.6
    assert value(a_town(ploughed(2, device=2), routes=routes), "coverage") == 0


def test_what_was_ploughed_again_in_its_event_counts_once_as_first_and_each_time_as_cleared() -> None:
    twice = (ploughed(1, hour=5), ploughed(1, hour=6))
    found = told(figures_of(a_town(*twice)))
    assert found["cleared_length", None, None] == (60, 1)
    assert found["first_cleared_length", None, None] == (30, 1)
    assert found["first_cleared_length_by_hour", "a", "local 05"] == (30, 1)
    two_events = a_town(*twice, event_starts_us=[FROM_US, FROM_US + 6 * HOUR_US])
    assert told(figures_of(two_events))["first_cleared_length", None, None] == (60, 1)


def test_what_was_ploughed_in_the_same_event_before_the_period_is_not_first_in_it() -> None:
    before = ploughed(1, hour=-2)
    town = a_town(before, ploughed(1), event_starts_us=[FROM_US - 3 * HOUR_US])
    assert told(figures_of(town))["first_cleared_length", None, None] == (0, 1)
    assert told(figures_of(town))["cleared_length", None, None] == (30, 1)


def test_what_ended_at_the_last_midnight_is_of_the_next_period() -> None:
    first, last = ploughed(1, hour=0), ploughed(1, hour=24)
    at_midnight = [(*row[:5], row[5] - MINUTE_US, row[5], *row[7:]) for row in (first, last)]
    assert told(figures_of(a_town(*at_midnight)))["cleared_length", None, None] == (30, 1)


def test_an_order_is_answered_by_the_first_pass_of_its_machine() -> None:
    order = ("a", "m1", FROM_US + 5 * HOUR_US)
    town = a_town(ploughed(1), ploughed(1, hour=4), orders=[order, ("a", "m2", FROM_US)])
    assert value(town, "response_median") == 60
    assert (value(town, "orders"), value(town, "orders_without_work")) == (2, 1)
    assert value(town, "response_p90", "b") is None


def test_an_order_to_a_spreader_is_answered_by_spreading_and_one_to_another_machine_is_not() -> None:
    order, spread = ("a", "m1", FROM_US), ploughed(1, hour=1, work=1)
    assert value(a_town(spread, orders=[order]), "orders_without_work") == 1
    spreader = a_town(spread, orders=[order], machines=[replace(A_TRACKER, spreads=True)])
    assert (value(spreader, "orders_without_work"), value(spreader, "response_median")) == (0, 60)
    assert value(replace(spreader, orders=[], proposals=[("a", FROM_US)]), "proposals_followed") == 0


def test_as_long_as_it_may_still_be_answered_nothing_is_said_to_be_without_work() -> None:
    """Twenty hours of the day have gone by; what was answered already is known."""
    orders = [("a", "m1", FROM_US + 5 * HOUR_US), ("a", "m2", FROM_US), ("a", "m2", FROM_US - 5 * HOUR_US)]
    proposals = [("a", FROM_US + h * HOUR_US) for h in (5, 17, 18, 19)]
    town = a_town(ploughed(1), orders=orders, proposals=proposals, now_us=FROM_US + 20 * HOUR_US)
    assert (value(town, "orders"), value(town, "orders_without_work")) == (3, 1)
    assert value(town, "response_median") == 60
    found = told(figures_of(town))
    assert (found["proposals", None, None], found["proposals_followed", None, None]) == ((4, 1), (1, 3))
    tomorrow = replace(town, now_us=FROM_US + 24 * HOUR_US)
    assert value(tomorrow, "orders_without_work") == 2
    assert told(figures_of(tomorrow))["proposals_followed", None, None] == (1, 4)


def of_pieces(*pieces: tuple[int, int]) -> Town:
    """On a street of 30 mm."""
    return a_town(*((*ploughed(1)[:3], start, end, *ploughed(1)[5:]) for start, end in pieces))


@pytest.mark.parametrize(
    ("pieces", "times"),
    [
        ([(0, 10), (12, 20), (21, 30)], 1),
        ([(0, 3)], 1),
        ([(0, 30), (0, 14)], 1),
        ([(0, 30), (0, 15)], 2),
        ([(0, 30), (5, 40), (0, 28)], 3),
        ([(30, 35)], 0),
    ],
)
def test_a_segment_was_ploughed_as_often_as_its_length(pieces: list[tuple[int, int]], times: int) -> None:
    town = of_pieces(*pieces)
    assert (value(town, "passes_of_busiest_segment"), value(town, "passes_per_segment")) == (times, times or None)


def test_a_proposal_is_followed_within_two_hours_by_any_machine_of_its_agency() -> None:
    town = a_town(ploughed(1, hour=6), proposals=[("a", FROM_US + h * HOUR_US) for h in (3, 4, 6, 7)])
    assert (value(town, "proposals"), value(town, "proposals_followed")) == (4, 50)


def test_availability_is_of_days_that_have_begun() -> None:
    three_days = {"to_us": FROM_US + 72 * HOUR_US, "now_us": FROM_US + 25 * HOUR_US}
    town = a_town(tracks=[(1, FROM_US, FROM_US + HOUR_US)], **three_days)
    assert told(figures_of(town))["device_availability", None, None] == (1, 2)


def test_each_indicator_is_counted_and_stands_where_its_definition_does() -> None:
    town = a_town(ploughed(1), ploughed(1, work=1), orders=[("a", "m1", FROM_US)], proposals=[("a", FROM_US)])
    keys = list(dict.fromkeys(one.definition.key for one in figures_of(town)))
    assert keys == [one.key for one in DEFINITIONS]
    assert [one.agency for one in figures_of(town) if one.definition.key == "coverage"] == [None, "a", "b"]
