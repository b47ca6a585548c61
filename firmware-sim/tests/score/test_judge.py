"""The figures of a score, each on a night that is small enough to count by hand."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import polars as pl
import pytest

from ploughsim.score import judge
from ploughsim.score.truth import Truth
from ploughsim.world.truth import Activity

SECOND = 1_000_000
UNITS = pl.DataFrame(
    {
        "unit": [0, 1, 2],
        "agency": ["kaga"] * 3,
        "device": ["a", "b", "c"],
        "machine": [0, 1, 0],
        "twin_of": [None, None, 0],
        "kind": ["truck", "grader", "truck"],
        "blade_mm": [3200, 4000, 3200],
    },
    schema_overrides={"unit": pl.Int32, "machine": pl.Int32},
)
EPOCH = {
    "unit": pl.Int32, "time_us": pl.Int64, "boot": pl.Int32, "seq": pl.Int64, "segment_id": pl.Int64,
    "direction": pl.Int8, "blade": pl.Int8, "activity": pl.Int8,
}  # fmt: skip
CLEARED = {
    "machine": pl.Int32, "segment_id": pl.Int64, "direction": pl.Int8, "from_mm": pl.Int32, "to_mm": pl.Int32,
    "start_us": pl.Int64, "end_us": pl.Int64, "ploughed": pl.Boolean,
}  # fmt: skip
PASS = {
    "agency": pl.String, "device": pl.String, "segment_id": pl.Int64, "direction": pl.Int64, "from_mm": pl.Int64,
    "to_mm": pl.Int64, "started_us": pl.Int64, "ended_us": pl.Int64,
}  # fmt: skip
Rows: TypeAlias = Sequence[tuple[Any, ...]]
WORK, TRAVEL, TURN = Activity.WORK, Activity.TRAVEL, Activity.TURN


def truth(epochs: Rows = (), cleared: Rows = (), work: dict[str, list[Any]] | None = None) -> Truth:
    return Truth(
        night={},
        until_us=0,
        units=UNITS,
        work=pl.DataFrame(work or {}),
        epochs=pl.LazyFrame(epochs, schema=EPOCH, orient="row"),
        cleared=pl.LazyFrame(cleared, schema=CLEARED, orient="row"),
    )


def passes(*rows: tuple[Any, ...]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=PASS, orient="row")


def on_street(second: int, segment: int, *, direction: int = 1, seq: int = 0, activity: int = WORK) -> tuple[Any, ...]:
    return (0, second * SECOND, 1, seq, segment, direction, int(activity == WORK), activity)


def test_epochs_that_are_not_there_are_lost_and_fixes_that_nobody_wrote_are_unknown() -> None:
    epochs = [(0, n, 1, n, 7, 1, 1, WORK) for n in range(1, 11)] + [(1, n, 2, n, 7, 1, 1, WORK) for n in range(5)]
    stored = pl.DataFrame(
        [("kaga", "a", 1, 1, 4), ("kaga", "a", 1, 6, 11), ("kaga", "b", 1, 1, 3), ("kaga", "b", 2, 3, 9)],
        schema=["agency", "device", "boot", "start", "stop"],
        orient="row",
    )
    # Of a 4 and 5 are missing, of b 1 and 2; nobody wrote b's first boot, nor 5 to 8 of the second.
    assert judge.judge_decoding(truth(epochs), stored) == {
        "epochs": 14,
        "lost": 4,
        "lost_share": pytest.approx(4 / 14),
        "unknown": 6,
    }


def test_instants_are_right_in_a_pass_on_their_segment_and_in_their_direction() -> None:
    epochs = [on_street(second, 7) for second in range(4)] + [on_street(second, 8) for second in range(4, 8)]
    epochs += [on_street(8, 9, direction=-1), on_street(9, 9), on_street(10, 9, activity=TRAVEL)]
    found = passes(
        ("kaga", "a", 7, 1, 0, 9, 0, 4 * SECOND),
        ("kaga", "a", 6, 1, 0, 9, 4 * SECOND, 5 * SECOND + 1),
        ("kaga", "a", 9, 1, 0, 9, 8 * SECOND, 9 * SECOND),
        ("kaga", "b", 8, 1, 0, 9, 0, 10 * SECOND),
    )
    # Right: 0 to 3 and 9; 4 and 5 are on 6, 6 and 7 in no pass, 8 the wrong way round. Travelling is not looked at.
    assert judge.judge_matching(truth(epochs), found) == {
        "instants": 10,
        "right": 0.5,
        "right_segment": 0.6,
        "in_no_pass": 0.2,
        "right_by_kind": {"truck": 0.5},
    }


def test_where_a_pass_ends_as_the_next_begins_either_may_be_right() -> None:
    found = passes(("kaga", "a", 7, 1, 0, 9, 0, 4 * SECOND), ("kaga", "a", 8, 1, 0, 9, 4 * SECOND, 9 * SECOND))
    for segment in (7, 8):
        assert judge.judge_matching(truth([on_street(4, segment)]), found)["right"] == 1.0
    assert judge.judge_matching(truth([on_street(4, 9)]), found)["right"] == 0.0


def test_where_a_machine_turns_round_on_a_segment_the_direction_tells_the_pass() -> None:
    found = passes(("kaga", "a", 7, 1, 0, 9, 0, 4 * SECOND), ("kaga", "a", 7, -1, 0, 9, 4 * SECOND, 9 * SECOND))
    for direction in (1, -1):
        assert judge.judge_matching(truth([on_street(4, 7, direction=direction)]), found)["right"] == 1.0


def test_a_pass_without_duration_hides_no_other() -> None:
    found = passes(("kaga", "a", 7, 1, 0, 9, 0, 9 * SECOND), ("kaga", "a", 8, 1, 0, 9, 0, 0))
    assert judge.judge_matching(truth([on_street(4, 7)]), found)["right"] == 1.0


def test_length_counts_once_for_each_place_and_direction() -> None:
    cleared = [
        (0, 7, 1, 0, 100_000, 0, 9, True),
        (1, 7, 1, 50_000, 100_000, 5, 9, True),
        (0, 7, -1, 80_000, 30_000, 0, 9, True),
        (0, 8, 1, 0, 70_000, 0, 9, False),
    ]
    salt = ("kaga", "s", 9, 1, 0, 20_000, 0, 9)
    found = passes(("kaga", "a", 7, 1, 0, 90_000, 0, 9), ("kaga", "a", 7, -1, 0, 50_000, 0, 9), salt)
    figures = judge.judge_coverage(truth(cleared=cleared), found)
    assert figures == {
        "cleared_km": pytest.approx(0.15),
        "credited_km": pytest.approx(0.14),
        "precision": pytest.approx(110 / 140),
        "recall": pytest.approx(110 / 150),
        "credited_to_spreaders_km": pytest.approx(0.02),
    }


def test_the_end_of_a_pass_is_held_against_the_nearest_end_of_the_work() -> None:
    cleared = [(0, 7, 1, 0, 9, 0, 100 * SECOND, True), (0, 7, 1, 0, 9, 0, 5000 * SECOND, True)]
    cleared += [(1, 7, 1, 0, 9, 0, 100 * SECOND, True), (0, 8, 1, 0, 9, 0, 100 * SECOND, False)]
    found = passes(
        ("kaga", "a", 7, 1, 0, 9, 0, 104 * SECOND),
        ("kaga", "a", 7, -1, 0, 9, 0, 100 * SECOND),
        ("kaga", "a", 7, 1, 0, 9, 0, 4990 * SECOND),
    )
    figures = judge.judge_cleared_at(truth(cleared=cleared), found)
    assert figures == {
        "cleared": 3,
        "without_pass": pytest.approx(1 / 3),
        "p50_s": pytest.approx(7.0),
        "p95_s": pytest.approx(9.7),
    }


def test_work_is_what_lies_in_a_span_of_it_and_turning_is_neither() -> None:
    epochs = [on_street(second, 7, activity=WORK if second < 6 else TRAVEL) for second in range(10)]
    epochs += [on_street(second, 7, activity=TURN) for second in (10, 11)]
    spans = [("kaga", "a", 2 * SECOND, 7 * SECOND), ("kaga", "b", 0, 9 * SECOND)]
    working = pl.DataFrame(spans, schema=["agency", "device", "started_us", "ended_us"], orient="row")
    # The span ends before the seventh second.
    assert judge.judge_work_time(truth(epochs), working) == {
        "instants": 10,
        "right": pytest.approx((4 + 3) / 10),
        "work_missed": pytest.approx(2 / 6),
        "work_invented": pytest.approx(1 / 4),
    }


def test_reports_are_summed_over_machines_and_days() -> None:
    work: dict[str, list[Any]] = {
        "machine": [0, 0, 0, 1, 1],
        "activity": ["work", "travel", "break", "turn", "standby"],
        "seconds": [3600.0, 1800.0, 900.0, 360.0, 900.0],
        "km": [20.0, 15.0, 0.0, 0.5, 0.0],
    }
    columns = ("working", "travelling", "standby", "parked", "no_signal", "driven_km", "worked_km")
    reports = pl.DataFrame(
        [(3500.0, 2000.0, 300.0, 500.0, 0.0, 33.0, 18.0), (400.0, 0.0, 800.0, 0.0, 0.0, 1.0, 0.0)],
        columns,
        orient="row",
    )
    assert judge.judge_reports(truth(work=work), reports) == {
        "reports": 2,
        "hours": {
            "working": {"true": pytest.approx(1.1), "reported": pytest.approx(3900 / 3600)},
            "travelling": {"true": 0.5, "reported": pytest.approx(2000 / 3600)},
            "standby": {"true": 0.5, "reported": pytest.approx(1600 / 3600)},
        },
        "driven_km": {"true": 35.5, "reported": 34.0},
        "worked_km": {"true": 20.5, "reported": 18.0},
    }


def test_of_nothing_there_is_no_share() -> None:
    assert judge.judge_coverage(truth(), passes())["precision"] is None
    assert judge.judge_matching(truth(), passes())["right"] is None
    assert judge.judge_cleared_at(truth(), passes())["p95_s"] is None
