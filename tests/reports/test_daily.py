"""The daily report: lines made of passes, lengths that survive midnight, and nothing made up."""

from datetime import date

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.calendar import DAY_US, day_range_us
from snowtrack.model.machines import MachineKind
from snowtrack.model.work import Activity, Evidence, Work
from snowtrack.reports.head import HEAD_FIELDS, Order, Registered
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
    carrier,
    report,
    spent,
    work,
)


def test_passes_on_one_road_are_one_line_between_the_roads_that_cross_it() -> None:
    made = report(work(FIRST, START, START + MINUTE), work(SECOND_HALF, START + MINUTE, START + 2 * MINUTE))
    (line,) = made.lines
    assert (line.road, line.route, line.footway) == ("一条通り", "県道1号", False)
    assert (line.begins, line.ends) == ("東通り", "西通り")
    assert (line.from_us, line.to_us, line.segments) == (START, START + 2 * MINUTE, 2)
    assert abs(line.metres - 200) < 0.1
    assert line.work is Work.PLOUGHING
    assert made.km(Work.PLOUGHING) == line.metres / 1000


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


def test_each_kind_of_work_has_lines_of_its_own_in_the_order_of_time() -> None:
    salt = {"work": Work.SPREADING, "material_g": 2_500}
    made = report(
        work(FIRST, START, START + MINUTE),
        work(FIRST, START + 30 * SECOND, START + MINUTE, **salt),
        work(SECOND_HALF, START + MINUTE, START + 2 * MINUTE),
        work(NAMELESS, START + MINUTE, START + 2 * MINUTE, **salt),
        work(FIRST, START + 5 * MINUTE, START + 6 * MINUTE, **salt),
    )
    assert [(line.work, line.from_us - START) for line in made.lines] == [
        (Work.PLOUGHING, 0),
        (Work.SPREADING, 30 * SECOND),
        (Work.SPREADING, MINUTE),
        (Work.SPREADING, 5 * MINUTE),
    ]
    assert [line.segments for line in made.lines] == [2, 1, 1, 1]
    assert (round(made.km(Work.PLOUGHING), 3), round(made.km(Work.SPREADING), 3)) == (0.2, 0.3)


def test_at_the_same_time_ploughing_stands_before_spreading() -> None:
    made = report(work(FOOTWAY, START, START + 1, work=Work.SPREADING), work(FIRST, START, START + 1))
    assert [line.work for line in made.lines] == [Work.PLOUGHING, Work.SPREADING]


def test_material_is_what_is_known_of_it() -> None:
    salt = {"work": Work.SPREADING}
    first, second = (START, START + 1), (START + 1, START + 2)
    some = report(work(FIRST, *first, material_g=1_234, **salt), work(SECOND_HALF, *second, **salt))
    assert [line.material_g for line in some.lines] == [1_234]
    none = report(work(FIRST, *first, **salt), work(NAMELESS, *second, material_g=0, **salt))
    assert [line.material_g for line in none.lines] == [None, 0]
    assert (some.material_kg, none.material_kg, report(work(FIRST, *first)).material_kg) == (1.234, 0, None)


def test_the_whole_report_as_machines_read_it() -> None:
    spans = [
        spent(START, START + MINUTE, driven_mm=400_000),
        spent(START + MINUTE, START + 3 * MINUTE, Activity.TRAVELLING, driven_mm=1_600_123),
        spent(START + 10 * MINUTE, START + 12 * MINUTE, Activity.STANDBY),
        spent(START + 12 * MINUTE, START + 15 * MINUTE, Activity.PARKED),
    ]
    salt = work(FIRST, START, START + MINUTE, work=Work.SPREADING, material_g=2_500, evidence=Evidence.INFERRED)
    content = orjson.loads(orjson.dumps(report(work(FIRST, START, START + MINUTE), salt, spans=spans).as_json()))
    assert (content["date"], content["timezone"]) == ("2026-01-15", "Asia/Tokyo")
    assert (content["agency"], content["device"]) == ("kanazawa", "p1")
    assert (content["from"], content["to"]) == ("2026-01-14T15:00:00Z", "2026-01-14T15:15:00Z")
    assert content["seconds"] == {"parked": 180, "standby": 120, "travelling": 120, "working": 60, "no_signal": 420}
    assert content["gps_gaps"] == [["2026-01-14T15:03:00Z", "2026-01-14T15:10:00Z"]]
    sums = ("ploughed_km", "spread_km", "material_kg", "worked_km", "driven_km")
    assert [content[name] for name in sums] == [0.1, 0.1, 2.5, 0.4, 2.0]
    assert content["lines"][1] == {
        "work": "spreading",
        "road": "一条通り",
        "route": "県道1号",
        "footway": False,
        "begins": "東通り",
        "ends": None,
        "from": "2026-01-14T15:00:00Z",
        "to": "2026-01-14T15:01:00Z",
        "km": 0.1,
        "segments": 1,
        "evidence": "inferred",
        "material_kg": 2.5,
    }
    assert (
        content["lines"][0] | {"work": "spreading", "evidence": "inferred", "material_kg": 2.5} == content["lines"][1]
    )
    assert (content["lines"][0]["work"], content["lines"][0]["material_kg"]) == ("ploughing", None)


def test_nothing_is_made_up() -> None:
    content = orjson.loads(orjson.dumps(report(work(NAMELESS, START, START + 1)).as_json()))
    assert (content["registered"], content["agency_name"], content["machines"]) == (False, None, [])
    assert content["head"] == dict.fromkeys(HEAD_FIELDS)
    assert content["corrections"] == []
    (line,) = content["lines"]
    assert (line["road"], line["route"], line["begins"], line["ends"]) == (None, None, None, None)


def test_what_is_registered_stands_in_the_head_and_machine_by_machine() -> None:
    order = Order(number="O-7", issued_us=START + 5 * MINUTE)
    changed = carrier("DZ-2", kind=MachineKind.DOZER, from_us=START + 60 * MINUTE, plate=None, owner=None)
    both = (carrier(to_us=START + 60 * MINUTE, orders=(order,)), changed)
    content = orjson.loads(orjson.dumps(report(registered=Registered(agency="金沢市", carriers=both)).as_json()))
    assert (content["registered"], content["agency"], content["agency_name"]) == (True, "kanazawa", "金沢市")
    assert list(content["head"]) == list(HEAD_FIELDS)
    assert content["head"]["contractor"] == "白山建設（株）"
    assert content["head"]["operator"] is None
    assert content["machines"][0] == {
        "from": None,
        "to": "2026-01-14T16:00:00Z",
        "machine": "GR-01",
        "kind": "grader",
        "class": "3.7m",
        "plate": "金沢 000 る 12",
        "owner": "lent",
        "contractor": "白山建設（株）",
        "districts": ["東"],
        "orders": [{"number": "O-7", "issued_at": "2026-01-14T15:05:00Z"}],
    }
    assert content["machines"][1] == content["machines"][0] | {
        "from": "2026-01-14T16:00:00Z", "to": None, "machine": "DZ-2", "kind": "dozer", "plate": None, "owner": None,
        "orders": [],
    }  # fmt: skip


def short(segment: int, started_us: int, metres: float, **more: int) -> dict[str, int]:
    return work(segment, started_us, started_us + SECOND, to_mm=round(metres * 1000), **more)


def test_lines_that_are_too_short_are_not_listed_but_counted() -> None:
    made = report(
        short(FIRST, START, 9.999),
        short(FOOTWAY, START + MINUTE, 10),
        short(NAMELESS, START + 2 * MINUTE, 4, work=Work.SPREADING, material_g=30),
    )
    assert [line.from_us for line in made.listed] == [START + MINUTE]
    assert [line.metres for line in made.unlisted(Work.PLOUGHING)] == [9.999]
    assert [line.material_g for line in made.unlisted(Work.SPREADING)] == [30]
    assert (round(made.km(Work.PLOUGHING), 6), made.km(Work.SPREADING), made.material_kg) == (0.019999, 0.004, 0.03)
    assert len(made.as_json()["lines"]) == 3


def test_short_lines_are_listed_where_there_is_nothing_else() -> None:
    made = report(short(FIRST, START, 1), short(FOOTWAY, START + MINUTE, 9.9))
    assert made.listed == made.lines
    assert len(made.lines) == 2
    assert made.unlisted(Work.PLOUGHING) == ()


def test_a_segment_of_another_network_is_a_line_without_a_name() -> None:
    (line,) = report(work(99, START, START + 1)).lines
    assert (line.road, line.begins, line.ends, line.metres) == (None, None, None, 100.0)


def test_an_empty_day_is_an_empty_report() -> None:
    content = report().as_json()
    assert (content["from"], content["to"], content["seconds"]) == (None, None, None)
    assert (content["lines"], content["gps_gaps"], content["worked_km"], content["driven_km"]) == ([], [], 0, 0)
    assert (content["ploughed_km"], content["spread_km"], content["material_kg"]) == (0, 0, None)


PASSES = st.lists(
    st.tuples(
        st.integers(1, 7),
        st.integers(0, 90_000_000),
        st.integers(0, 100_000_000),
        st.integers(1, 100),
        st.sampled_from(Work),
        st.integers(0, 10_000),
    ),
    max_size=8,
)


@given(PASSES, st.integers(-200_000_000, 0))
def test_work_over_midnight_is_split_by_day_and_lengths_and_material_still_agree(
    drawn: list[tuple[int, int, int, int, Work, int]], begin_us: int
) -> None:
    passes, at_us = [], END + begin_us
    for segment, pause_us, spent_us, percent, kind, material_g in drawn:
        started_us = at_us + pause_us
        at_us = started_us + spent_us
        to_mm = int(NETWORK.length_mm[segment - 1]) * percent // 100
        passes.append(work(segment, started_us, at_us, to_mm=to_mm, work=kind, material_g=material_g))
    following = date(2026, 1, 16)
    days = [report(*passes), report(*passes, day=following)]
    for kind in Work:
        own = [one for one in passes if one["work"] == kind]
        metres = round(sum(made.km(kind) * 1e6 for made in days))
        assert metres == sum(one["to_mm"] - one["from_mm"] for one in own)
        grams = [line.material_g or 0 for made in days for line in made.lines if line.work is kind]
        assert sum(grams) == sum(one["material_g"] for one in own)
        for made in days:
            listed = [line for line in made.listed if line.work is kind]
            shown = sum(line.metres for line in (*listed, *made.unlisted(kind)))
            assert shown == pytest.approx(made.km(kind) * 1000)
    for made, (start, end) in zip(days, (day_range_us(DAY), day_range_us(following)), strict=True):
        assert all(start <= line.from_us <= line.to_us <= end for line in made.lines)
        assert all(line.metres >= 0 for line in made.lines)


@pytest.mark.parametrize("at_us", [START, END])
def test_a_pass_of_no_duration_at_midnight_belongs_to_the_day_that_begins(at_us: int) -> None:
    made = report(work(FIRST, at_us, at_us))
    assert len(made.lines) == (1 if at_us == START else 0)


def test_what_was_driven_and_what_was_driven_at_work_are_the_sums_of_their_spans() -> None:
    spans = [
        spent(START, START + MINUTE, driven_mm=800_000),
        spent(START + MINUTE, START + 2 * MINUTE, Activity.TRAVELLING, driven_mm=1_500_001),
        spent(START + 2 * MINUTE, START + 3 * MINUTE, driven_mm=2),
    ]
    made = report(spans=spans)
    assert made.worked_km == pytest.approx(0.800002)
    assert made.driven_km == pytest.approx(2.300003)


def test_what_was_worked_off_roads_is_worked_though_no_line_says_where() -> None:
    made = report(spans=[spent(START, START + MINUTE, driven_mm=500_000)])
    assert (made.lines, made.km(Work.PLOUGHING), made.worked_km) == ((), 0, 0.5)


def test_only_the_days_own_spans_count_as_driven() -> None:
    over = [
        spent(at, at + MINUTE, driven_mm=driven_mm) for at, driven_mm in ((START - MINUTE, 7), (START, 11), (END, 13))
    ]
    assert report(spans=over).driven_km * 1e6 == pytest.approx(11)


def test_a_day_has_86400_seconds() -> None:
    assert END - START == DAY_US
