"""The stages joined: what comes out of the engine for what goes in."""

import numpy as np
import orjson
import pytest

from snowtrack.model.fixes import BLADE_DOWN, FixBatch
from snowtrack.model.tracks import DirtyStretch, ObservedBatch
from snowtrack.pipeline.engine import Engine, EnginePolicy
from snowtrack.pipeline.replay import in_order, moment_of, widen_to_now
from snowtrack.tracks.clock import observe
from tests.oracles.again import recompute
from tests.oracles.batches import batch_of
from tests.oracles.final import final_results
from tests.oracles.towns import point, road, town

SECOND = 1_000_000
START = 1_768_404_600 * SECOND
NETWORK = town(road((0, 0), (100, 0), (200, 0), (300, 0)))


def engine() -> Engine:
    return Engine(NETWORK, EnginePolicy())


def fix(second: int, *, device: int = 1, ahead_s: int = 0, placed: bool = True) -> dict[str, int]:
    lat, lon = point(second * 8 % 300, 0)
    row = {
        "device": device,
        "boot": 1,
        "seq": second + 1,
        "time_us": START + second * SECOND,
        "received_us": START + (second - ahead_s) * SECOND,
        "speed_mmps": 8_000,
        "course_cdeg": 9_000,
        "blade": BLADE_DOWN,
    }
    return row | ({"lat_e7": lat, "lon_e7": lon} if placed else {})


def fixes(*seconds: int) -> FixBatch:
    return batch_of(FixBatch, *(fix(second) for second in seconds))


def test_a_head_leaves_at_once_and_passes_after_the_lag() -> None:
    made = engine()
    first = made.on_batch(fixes(*range(20)))
    assert first.heads.observed_us.tolist() == [START + 19 * SECOND]
    assert first.heads.row.tolist() == [1]
    assert not len(first.passes)
    later = made.on_batch(fixes(50))
    assert later.passes.segment_id.tolist() == [1]
    assert made.settled_us(1) == START + 19 * SECOND


def test_a_clock_that_is_ahead_moves_nothing() -> None:
    made = engine()
    made.on_batch(fixes(1))
    outputs = made.on_batch(batch_of(FixBatch, fix(500, ahead_s=100)))
    assert not len(outputs.heads)
    assert made.newest_us(1) == START + SECOND


def test_a_fix_without_a_position_is_no_head() -> None:
    assert not len(engine().on_batch(batch_of(FixBatch, fix(1, placed=False))).heads)


def test_a_silent_device_is_settled_and_says_that_it_ended() -> None:
    made = engine()
    made.on_batch(fixes(*range(20)))
    assert not made.on_time(START + 79 * SECOND).ended
    outputs = made.on_time(START + 80 * SECOND)
    assert outputs.ended == (1,)
    assert outputs.passes.segment_id.tolist() == [1, 2]
    assert outputs.dirty == ()


@pytest.mark.parametrize("at", [0, 5, 31, 59])
def test_a_restart_from_a_kept_snapshot_gives_the_same_continuation(at: int) -> None:
    whole, broken = engine(), engine()
    for second in range(60):
        if second == at:
            kept = orjson.loads(orjson.dumps(broken.snapshot(1)))
            broken = engine()
            assert broken.restore(1, kept)
        one, other = whole.on_batch(fixes(second)), broken.on_batch(fixes(second))
        assert one.passes.rows() == other.passes.rows()
        assert one.heads.rows() == other.heads.rows()
    assert whole.flush([1]).passes.rows() == broken.flush([1]).passes.rows()


def test_a_snapshot_of_another_version_is_not_gone_on_from() -> None:
    made = engine()
    assert not made.restore(1, {**made.snapshot(1), "version": 0})
    assert made.newest_us(1) == 0


def test_a_forgotten_device_is_unknown_and_others_are_not() -> None:
    made = engine()
    made.on_batch(batch_of(FixBatch, fix(1), fix(1, device=2)))
    made.forget(1)
    assert (made.newest_us(1), made.newest_us(2)) == (0, START + SECOND)


def test_no_fixes_have_no_passes() -> None:
    assert not len(final_results(NETWORK, EnginePolicy(), FixBatch.empty()).passes)
    assert not len(engine().on_batch(FixBatch.empty()).passes)


def test_the_final_order_is_by_time_boot_number_and_bytes() -> None:
    keys = [(2, 1, 1, 1), (1, 2, 1, 1), (1, 1, 2, 1), (1, 1, 1, 2), (1, 1, 1, 1)]
    rows = [{"observed_us": t, "boot": b, "seq": s, "digest": d} for t, b, s, d in keys]
    found = in_order(batch_of(ObservedBatch, *rows))
    columns = (found.observed_us, found.boot, found.seq, found.digest)
    assert list(zip(*(column.tolist() for column in columns), strict=True)) == sorted(keys)


def test_the_stages_may_come_in_any_number_of_batches() -> None:
    every = fixes(*range(60))
    made = engine()
    passes = [made.on_batch(every.take(np.arange(at, min(at + 7, 60)))).passes for at in range(0, 60, 7)]
    passes.append(made.flush([1]).passes)
    rows = [row for part in passes for row in part.rows()]
    assert rows == final_results(NETWORK, EnginePolicy(), every).passes.rows()


def test_a_stretch_before_what_is_settled_stays_as_it_is() -> None:
    made = engine()
    made.on_batch(fixes(0, 1, 1_000, 1_100))
    stretch = DirtyStretch(device=1, from_us=START, to_us=START + SECOND)
    assert widen_to_now(moment_of(made, 1), stretch) == stretch
    assert recompute(made, stretch, observe(fixes(0, 1), {})).kept is None


def test_a_stretch_that_holds_what_is_settled_reaches_the_newest_fix() -> None:
    made = engine()
    made.on_batch(fixes(0, 1, 1_000))
    stretch = DirtyStretch(device=1, from_us=START, to_us=START + SECOND)
    widened = widen_to_now(moment_of(made, 1), stretch)
    assert widened == DirtyStretch(device=1, from_us=START, to_us=START + 1_000 * SECOND)
    again = recompute(made, widened, observe(fixes(0, 1, 1_000), {}))
    assert again.kept is not None
    made.restore(1, again.kept)
    assert made.newest_us(1) == START + 1_000 * SECOND


def test_the_open_pass_of_the_track_before_a_recomputed_one_ends_there() -> None:
    """Nothing of the new track is settled yet, so that the engine still holds it."""
    made = engine()
    assert not len(made.on_batch(fixes(*range(10), 1_000)).passes)
    stretch = DirtyStretch(device=1, from_us=START + 1_000 * SECOND, to_us=START + 1_000 * SECOND)
    again = recompute(made, stretch, observe(fixes(1_000), {}))
    assert again.passes.ended_us.tolist() == [START + 9 * SECOND]
    assert again.tracks.ended_us.tolist() == [START + 9 * SECOND]
    assert again.kept is not None
    made.restore(1, again.kept)
    assert not len(made.flush([1]).passes)


def test_what_is_older_than_a_recomputed_stretch_comes_late() -> None:
    made = engine()
    made.on_batch(fixes(1_000))
    stretch = DirtyStretch(device=1, from_us=START + 1_000 * SECOND, to_us=START + 1_000 * SECOND)
    kept = recompute(made, stretch, observe(fixes(1_000), {})).kept
    assert kept is not None
    made.restore(1, kept)
    assert [one.from_us for one in made.on_batch(fixes(990)).dirty] == [START + 990 * SECOND]
    assert made.on_batch(fixes(1_001)).dirty == ()


def test_a_device_that_was_heard_tomorrow_falls_silent_when_the_clock_is_put_right() -> None:
    """Ours was a day ahead."""
    made, silence_us = engine(), EnginePolicy().silence_us
    made.on_batch(batch_of(FixBatch, *(fix(second, ahead_s=-86_400) for second in range(10))))
    assert made.on_time(START).ended == ()
    assert made.on_time(START + silence_us).ended == ()
    assert made.on_time(START + silence_us + 1).ended == (1,)
