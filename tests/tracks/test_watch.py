"""What is odd about a track is counted: jumps, twins, impossible speeds, frozen positions, unsure instants."""

from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.matches import MatchBatch
from snowtrack.model.tracks import TimeTrust, TrackBatch
from snowtrack.tracks.watch import Spot, TrackStage, TrackWatch
from tests.oracles.batches import batch_of

SECOND = 1_000_000
START = 1_768_404_600 * SECOND
LAT, LON = 365_613_000, 1_366_562_000
E7_PER_M_NORTH = 89.83
HERE, THERE = 0.0, 5_000.0


def spot(second: float, north_m: float = 0.0, *, speed: int = 8_000, trust: TimeTrust = TimeTrust.STATED) -> Spot:
    return Spot(START + int(second * SECOND), LAT + round(north_m * E7_PER_M_NORTH), LON, speed, trust)


def watched(*spots: Spot, track_us: int = START) -> dict[str, int]:
    """The counts of one track."""
    watch = TrackWatch()
    for each in spots:
        watch.on_spot(track_us, each)
    watch.end()
    (found,) = watch.take()
    return {name: getattr(found, name) for name in TrackBatch.dtypes() if name != "device"}


def odd(counts: dict[str, int]) -> dict[str, int]:
    named = {name: count for name, count in counts.items() if name not in ("started_us", "ended_us", "fixes")}
    return {name: count for name, count in named.items() if count}


def test_a_plough_at_work_has_nothing_odd() -> None:
    found = watched(*(spot(second, 8 * second) for second in range(100)))
    assert found["fixes"] == 100
    assert (found["started_us"], found["ended_us"]) == (START, START + 99 * SECOND)
    assert odd(found) == {}


def test_a_place_that_no_machine_reaches_in_that_time_is_a_jump() -> None:
    assert odd(watched(spot(0), spot(1, 159))) == {"too_fast": 1}
    assert odd(watched(spot(0), spot(1, 161))) == {"jumps": 1}


def test_after_a_long_silence_the_same_distance_is_none() -> None:
    assert odd(watched(spot(0), spot(200, 5_000))) == {}


def test_two_trackers_that_take_turns_jump_back_and_forth() -> None:
    turns = [spot(second, (HERE, THERE)[second % 2] + second) for second in range(10)]
    assert odd(watched(*turns)) == {"jumps": 9, "returns": 8}


def test_one_wild_position_returns_once() -> None:
    assert odd(watched(spot(0), spot(1, 5_000), spot(2, 16), spot(3, 24))) == {"jumps": 2, "returns": 1}


def test_two_places_at_one_instant_are_twins() -> None:
    assert odd(watched(spot(0), spot(0, 29))) == {}
    assert odd(watched(spot(0), spot(0, 31))) == {"twins": 1}


def test_a_speed_that_no_plough_has_is_too_fast_stated_or_driven() -> None:
    assert odd(watched(spot(0, speed=42_001))) == {"too_fast": 1}
    assert odd(watched(spot(0, speed=42_000))) == {}
    assert odd(watched(spot(0), spot(3, 130))) == {"too_fast": 1}


def test_a_position_that_stands_still_while_the_receiver_moves_is_frozen() -> None:
    assert odd(watched(spot(0), spot(1), spot(2))) == {"frozen_us": 2 * SECOND}
    assert odd(watched(spot(0, speed=0), spot(1, speed=0))) == {}


@pytest.mark.parametrize("trust", list(TimeTrust))
def test_instants_that_do_not_rest_on_the_tracker_s_clock_are_unsure(trust: TimeTrust) -> None:
    assert odd(watched(spot(0, trust=trust))) == ({} if trust >= TimeTrust.DATED else {"unsure": 1})


def test_a_new_track_is_not_compared_with_the_last_one() -> None:
    watch = TrackWatch()
    watch.on_spot(START, spot(0))
    watch.on_spot(START + SECOND, spot(1, 5_000))
    watch.end()
    assert [(each.started_us, each.fixes, each.jumps) for each in watch.take()] == [
        (START, 1, 0),
        (START + SECOND, 1, 0),
    ]


def test_something_odd_is_told_at_once_and_the_rest_at_the_end() -> None:
    watch = TrackWatch()
    watch.on_spot(START, spot(0))
    assert watch.take() == []
    watch.on_spot(START, spot(1, 5_000))
    assert [each.jumps for each in watch.take()] == [1]
    watch.on_spot(START, spot(2, 5_008))
    assert watch.take() == []
    watch.end()
    assert [each.fixes for each in watch.take()] == [3]


SPOTS = st.lists(st.tuples(st.integers(0, 5), st.sampled_from([0.0, 8.0, 40.0, 5_000.0])), max_size=20)


def settled(drawn: list[tuple[int, float]]) -> MatchBatch:
    rows: list[dict[str, Any]] = []
    second = 0
    for gap, north_m in drawn:
        second += gap
        at = spot(second, north_m)
        rows.append(
            {
                "device": 1,
                "track_us": START,
                "observed_us": at.observed_us,
                "fix_lat_e7": at.lat_e7,
                "fix_lon_e7": at.lon_e7,
                "speed_mmps": at.speed_mmps,
                "trust": at.trust,
            }
        )
    return batch_of(MatchBatch, *rows)


@given(SPOTS, st.integers(1, 5))
def test_batches_and_restarts_change_no_count(drawn: list[tuple[int, float]], size: int) -> None:
    whole = TrackStage()
    whole.on_batch(settled(drawn))
    every = settled(drawn)
    parts = TrackStage()
    for at in range(0, len(every), size):
        parts.on_batch(every.take(np.arange(at, min(at + size, len(every)))))
        again = TrackStage()
        again.watch(1).restore(orjson.loads(orjson.dumps(parts.watch(1).snapshot())))
        parts = again
    assert parts.flush([1]).rows() == whole.flush([1]).rows()
