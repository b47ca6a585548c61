"""What is odd about a track is counted: jumps, twins, impossible speeds, frozen positions, unsure instants."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.matches import MatchBatch
from snowtrack.model.tracks import TimeTrust, TrackBatch
from snowtrack.tracks.watch import TrackStage
from tests.oracles.batches import batch_of
from tests.oracles.watching import Oddities, Spot, TrackWatch

SECOND = 1_000_000
START = 1_768_404_600 * SECOND
LAT, LON = 365_613_000, 1_366_562_000
E7_PER_M_NORTH = 89.83
HERE, THERE = 0.0, 5_000.0


def spot(second: float, north_m: float = 0.0, *, speed: int = 8_000, trust: TimeTrust = TimeTrust.STATED) -> Spot:
    return Spot(START + int(second * SECOND), LAT + round(north_m * E7_PER_M_NORTH), LON, speed, trust)


def settled(*spots: Spot, device: int = 1, track_us: int = START) -> MatchBatch:
    """What the matcher says of them."""
    rows = [
        {
            "device": device,
            "track_us": track_us,
            "observed_us": at.observed_us,
            "fix_lat_e7": at.lat_e7,
            "fix_lon_e7": at.lon_e7,
            "speed_mmps": at.speed_mmps,
            "trust": at.trust,
        }
        for at in spots
    ]
    return batch_of(MatchBatch, *rows)


def named(told: TrackBatch) -> list[dict[str, int]]:
    return [dict(zip(told.dtypes(), row, strict=True)) for row in told.rows()]


def watched(*spots: Spot) -> dict[str, int]:
    """The counts of one track."""
    stage = TrackStage()
    stage.on_batch(settled(*spots))
    (found,) = named(stage.flush([1]))
    return {name: count for name, count in found.items() if name != "device"}


def odd(counts: dict[str, int]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if count and name not in ("started_us", "ended_us", "fixes")}


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


def test_hops_onward_are_no_return() -> None:
    hops = [spot(0), spot(1, 500), spot(601, 508), spot(602, 1_008)]
    assert odd(watched(*hops)) == {"jumps": 2}


def test_a_return_ends_near_where_the_jump_away_began() -> None:
    assert odd(watched(spot(0), spot(1, 5_000), spot(2, 199))) == {"jumps": 2, "returns": 1}
    assert odd(watched(spot(0), spot(1, 5_000), spot(2, 201))) == {"jumps": 2}


def test_a_return_comes_within_a_minute() -> None:
    assert odd(watched(spot(0), spot(1, 5_000), spot(60, 0))) == {"jumps": 2, "returns": 1}
    assert odd(watched(spot(0), spot(1, 5_000), spot(61, 0))) == {"jumps": 2}


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
    stage = TrackStage()
    stage.on_batch(settled(spot(0)))
    first = stage.on_batch(settled(spot(1, 5_000), track_us=START + SECOND))
    assert [(one["started_us"], one["fixes"], one["jumps"]) for one in named(first)] == [(START, 1, 0)]
    second = stage.flush([1])
    assert [(one["started_us"], one["fixes"], one["jumps"]) for one in named(second)] == [(START + SECOND, 1, 0)]


def test_something_odd_is_told_at_once_and_the_rest_at_the_end() -> None:
    stage = TrackStage()
    assert not len(stage.on_batch(settled(spot(0))))
    assert stage.on_batch(settled(spot(1, 5_000))).jumps.tolist() == [1]
    assert not len(stage.on_batch(settled(spot(2, 5_008))))
    assert stage.flush([1]).fixes.tolist() == [3]
    assert not len(stage.flush([1]))


DRAWN = st.lists(
    st.tuples(
        st.integers(1, 3),  # device
        st.sampled_from([0, 1, 1, 1, 2, 5, 59, 400]),  # seconds since its last fix; a long pause begins a track
        st.sampled_from([0.0, 8.0, 29.0, 31.0, 40.0, 130.0, 250.0, 5_000.0]),
        st.sampled_from([0, 900, 8_000, 42_001]),
        st.sampled_from([TimeTrust.STATED, TimeTrust.STATED, TimeTrust.RECEIVED]),
    ),
    max_size=40,
)
Drawn = list[tuple[int, int, float, int, TimeTrust]]


def told_of(drawn: Drawn) -> tuple[MatchBatch, list[tuple[int, int, Spot]]]:
    """Fixes in the order drawn, and (device, track, spot) of each."""
    seconds, tracks = dict.fromkeys((1, 2, 3), 0), dict.fromkeys((1, 2, 3), START)
    seen = []
    for device, gap, north_m, speed, trust in drawn:
        seconds[device] += gap
        at = spot(seconds[device], north_m, speed=speed, trust=trust)
        tracks[device] = at.observed_us if gap > 300 else tracks[device]
        seen.append((device, tracks[device], at))
    return MatchBatch.concat(settled(at, device=device, track_us=track) for device, track, at in seen), seen


@given(DRAWN)
def test_it_counts_what_the_scalar_watch_counts(drawn: Drawn) -> None:
    every, seen = told_of(drawn)
    scalars: dict[int, TrackWatch] = {}
    for device, track_us, at in seen:
        scalars.setdefault(device, TrackWatch()).on_spot(track_us, at)
    stage = TrackStage()
    told = TrackBatch.concat([stage.on_batch(every), stage.flush(sorted(scalars))])
    expected = {}
    for device, scalar in scalars.items():
        scalar.end()
        for track in scalar.take():
            expected[device, track.started_us] = [getattr(track, name) for name in Oddities.__slots__]
    # A track of which there was news is told again when it ends; the last word holds.
    assert {(row[0], row[1]): list(row[1:]) for row in told.rows()} == expected


@given(DRAWN, st.integers(1, 5))
def test_batches_and_restarts_change_no_count(drawn: Drawn, size: int) -> None:
    every, _ = told_of(drawn)
    whole, parts = TrackStage(), TrackStage()
    counts = {row[:2]: row for row in TrackBatch.concat([whole.on_batch(every), whole.flush([1, 2, 3])]).rows()}
    found: dict[tuple[int, ...], tuple[int, ...]] = {}
    for at in range(0, len(every), size):
        found |= {row[:2]: row for row in parts.on_batch(every.take(slice(at, at + size))).rows()}
        again = TrackStage()
        for device in (1, 2, 3):
            again.memory.restore(device, orjson.loads(orjson.dumps(parts.memory.snapshot(device))))
        parts = again
    assert found | {row[:2]: row for row in parts.flush([1, 2, 3]).rows()} == counts
