"""Heads and settled answers of the matcher, whatever the batches."""

import orjson
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.matching.matcher import NearestMatcher
from snowtrack.model.matches import MatchBatch, Matches
from snowtrack.model.tracks import ObservedBatch
from tests.oracles.batches import batch_of
from tests.oracles.towns import point, road, town

SECOND = 1_000_000
NETWORK = town(road((0, 0), (100, 0), (200, 0), (300, 0)))


def matcher() -> NearestMatcher:
    return NearestMatcher(network=NETWORK, lag_us=30 * SECOND, cut_us=300 * SECOND, silence_us=60 * SECOND)


def observed(*fixes: tuple[int, int]) -> ObservedBatch:
    """Fixes as (device, second), each at its own place on the road."""
    rows = []
    for device, second in fixes:
        lat, lon = point(second % 300, device)
        rows.append(
            {
                "device": device,
                "observed_us": second * SECOND,
                "boot": 1,
                "seq": second + 1,
                "digest": second,
                "received_us": second * SECOND,
                "lat_e7": lat,
                "lon_e7": lon,
                "speed_mmps": 8_000,
                "course_cdeg": 9_000,
                "blade": 1,
            }
        )
    return batch_of(ObservedBatch, *rows)


def settled_rows(answers: list[Matches]) -> list[tuple[int, ...]]:
    return sorted(MatchBatch.concat([answer.settled for answer in answers]).rows())


FIXES = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 1_500)), unique=True, max_size=40)


@given(FIXES, st.integers(1, 9))
def test_in_order_neither_batch_size_nor_other_devices_change_what_settles(
    fixes: list[tuple[int, int]], size: int
) -> None:
    fixes.sort(key=lambda one: one[1])
    mixed = matcher()
    answers = [mixed.on_batch(observed(*fixes[at : at + size])) for at in range(0, len(fixes), size)]
    answers.append(mixed.flush([1, 2, 3]))
    alone = []
    for device in (1, 2, 3):
        single = matcher()
        alone += [single.on_batch(observed(*(one for one in fixes if one[0] == device))), single.flush([device])]
    assert settled_rows(answers) == settled_rows(alone)
    assert not any(answer.dirty for answer in answers)


@given(FIXES, st.integers(1, 9))
def test_the_head_is_the_newest_fix_and_never_moves_backwards(fixes: list[tuple[int, int]], size: int) -> None:
    made = matcher()
    newest: dict[int, int] = {}
    for at in range(0, len(fixes), size):
        part = fixes[at : at + size]
        heads = made.on_batch(observed(*part)).head
        before = dict(newest)
        for device, second in part:
            newest[device] = max(newest.get(device, 0), second)
        moved = {device: newest[device] for device in newest if newest[device] > before.get(device, 0)}
        assert dict(zip(heads.device.tolist(), (heads.observed_us // SECOND).tolist(), strict=True)) == moved
        assert {device: made.newest_us(device) // SECOND for device in newest} == newest


@given(FIXES, st.integers(0, 40))
def test_a_restart_at_any_point_gives_the_same_continuation(fixes: list[tuple[int, int]], at: int) -> None:
    whole, broken = matcher(), matcher()
    for number, one in enumerate(fixes):
        if number == at:
            kept = {device: orjson.loads(orjson.dumps(broken.snapshot(device))) for device in (1, 2, 3)}
            broken = matcher()
            for device, state in kept.items():
                broken.restore(device, state)
        answers = whole.on_batch(observed(one)), broken.on_batch(observed(one))
        assert answers[0].head.rows() == answers[1].head.rows()
        assert answers[0].settled.rows() == answers[1].settled.rows()
        assert answers[0].dirty == answers[1].dirty
    assert whole.flush([1, 2, 3]).settled.rows() == broken.flush([1, 2, 3]).settled.rows()


def test_a_silent_device_is_settled_once_and_others_are_not() -> None:
    made = matcher()
    made.on_batch(observed((1, 10), (2, 60)))
    assert made.on_time(70 * SECOND).ended == ()
    ended = made.on_time(71 * SECOND)
    assert ended.ended == (1,)
    assert ended.settled.observed_us.tolist() == [10 * SECOND]
    assert made.on_time(72 * SECOND).ended == ()
    assert made.settled_us(1) == 10 * SECOND
    assert made.settled_us(2) == 0


def test_what_comes_after_a_provisional_flush_makes_the_track_dirty_also_when_it_is_flushed_itself() -> None:
    made = matcher()
    made.on_batch(observed((1, 10)))
    made.on_time(100 * SECOND)
    assert made.on_batch(observed((1, 30))).dirty == ()
    dirty = made.on_time(200 * SECOND).dirty
    assert [(one.device, one.from_us) for one in dirty] == [(1, 30 * SECOND)]


def test_a_forgotten_device_is_unknown() -> None:
    made = matcher()
    made.on_batch(observed((1, 10)))
    made.forget(1)
    assert made.newest_us(1) == 0
    assert not len(made.flush([1]).settled)


def test_no_fixes_have_no_answer() -> None:
    answer = matcher().on_batch(ObservedBatch.empty())
    assert (len(answer.head), len(answer.settled), answer.dirty, answer.ended) == (0, 0, (), ())
