"""Promise 2: whatever the order, delay, duplication, batching and crashes, the same fixes give the same passes.

Time runs fast here, so that every border (lag, cut, bridge, silence) is met in a handful of fixes.
"""

from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from snowtrack.matching.window import PENDING_MAX
from snowtrack.model.fixes import BLADE_DOWN, BLADE_UP, FixBatch
from snowtrack.model.tracks import DirtyStretch
from snowtrack.passes.stage import WorkPolicy
from snowtrack.pipeline.engine import EnginePolicy
from tests.oracles.batches import batch_of
from tests.oracles.lives import live_through
from tests.oracles.towns import point, road, town
from tests.oracles.worker import Worker

SECOND = 1_000_000
START = 1_768_404_600 * SECOND
RECEIVED = START + 3_600 * SECOND
LATER = RECEIVED + 3_600 * SECOND
LAG, BRIDGE, SILENCE, CUT = 5, 8, 10, 20


def work(bridge_s: int) -> WorkPolicy:
    times = {"bridge": bridge_s, "zone": 12, "down": 2, "lift": 3, "idle": 15, "stand": 4, "parked": 30}
    return WorkPolicy(**{f"{name}_us": seconds * SECOND for name, seconds in times.items()})


POLICIES = [
    EnginePolicy(lag_us=LAG * SECOND, cut_us=CUT * SECOND, silence_us=SILENCE * SECOND, work=work(BRIDGE)),
    EnginePolicy(lag_us=0, cut_us=CUT * SECOND, silence_us=SILENCE * SECOND, work=work(BRIDGE)),
    EnginePolicy(lag_us=LAG * SECOND, cut_us=BRIDGE * SECOND, silence_us=SILENCE * SECOND, work=work(CUT)),
]
NETWORK = town(road((0, 0), (100, 0), (200, 0), (300, 0)), road((300, 0), (300, 100)))

GAPS = st.sampled_from([0, 1, 1, 1, 2, 3, LAG, LAG + 1, BRIDGE, BRIDGE + 1, CUT, CUT + 1, 3 * CUT])
FIXES = st.lists(
    st.tuples(
        st.integers(1, 2),  # device
        GAPS,
        st.sampled_from([BLADE_DOWN, BLADE_DOWN, BLADE_DOWN, BLADE_UP]),
        st.sampled_from([True, True, True, False]),  # whether it has a position
    ),
    max_size=25,
)
EVENTS = st.lists(st.sampled_from(["tick", "compute", "recompute", "crash", "again"]), max_size=2)


def fixes_of(drawn: list[tuple[int, int, int, bool]], *, numbered: bool = True) -> FixBatch:
    """Machines that drive along the road, with fixes after these gaps."""
    seconds, seqs, rows = {1: 0, 2: 0}, {1: 0, 2: 0}, []
    for device, gap, blade, placed in drawn:
        seconds[device] += gap
        seqs[device] += 1
        lat, lon = point(seconds[device] * 8 % 400, 0)
        row = {
            "device": device,
            "digest": 1_000 * device + seqs[device] * 7_919 % 1_000,
            "time_us": START + seconds[device] * SECOND,
            "received_us": RECEIVED,
            "speed_mmps": 8_000,
            "course_cdeg": 9_000,
            "blade": blade,
        }
        number = {"boot": 1 + seqs[device] // 9, "seq": seqs[device]} if numbered else {}
        rows.append(row | number | ({"lat_e7": lat, "lon_e7": lon} if placed else {}))
    return batch_of(FixBatch, *rows)


@settings(max_examples=250)
@given(
    drawn=FIXES,
    late=st.lists(st.integers(0, 12), min_size=25, max_size=25),
    cuts=st.lists(st.integers(1, 5), min_size=1, max_size=6),
    events=st.lists(EVENTS, min_size=1, max_size=8),
    policy=st.sampled_from(POLICIES),
    numbered=st.booleans(),
)
def test_what_is_settled_and_computed_again_equals_what_is_final(
    drawn: list[tuple[int, int, int, bool]],
    late: list[int],
    cuts: list[int],
    events: list[list[str]],
    policy: EnginePolicy,
    numbered: bool,
) -> None:
    fixes = fixes_of(drawn, numbered=numbered)
    order = sorted(range(len(fixes)), key=lambda at: (at + late[at], at))
    worker = Worker(NETWORK, policy)
    live_through(worker, fixes, order, cuts, events, later_us=LATER)
    worker.finish()
    assert sorted(worker.stored.fixes) == sorted(fixes.rows())
    assert worker.results() == worker.final()


@settings(max_examples=60)
@given(drawn=FIXES, seed=st.integers(0, 2**32), events=st.lists(EVENTS, min_size=1, max_size=8))
def test_any_order_at_all_gives_the_passes_of_any_other(
    drawn: list[tuple[int, int, int, bool]], seed: int, events: list[list[str]]
) -> None:
    fixes, random = fixes_of(drawn), Random(seed)
    results = []
    for _ in range(2):
        worker = Worker(NETWORK, POLICIES[0])
        live_through(
            worker, fixes, random.sample(range(len(fixes)), len(fixes)), [random.randint(1, 9)], events, later_us=LATER
        )
        worker.finish()
        results.append(worker.results())
    in_order = Worker(NETWORK, POLICIES[0])
    in_order.take(fixes)
    in_order.finish()
    assert results == [in_order.final(), in_order.final()]


def test_more_fixes_than_the_window_holds_give_the_final_passes() -> None:
    fixes = fixes_of([(1, 0, BLADE_DOWN, True)] * PENDING_MAX + [(1, 1, BLADE_DOWN, True)] * 50)
    worker = Worker(NETWORK, EnginePolicy())
    order = Random(3).sample(range(len(fixes)), len(fixes))
    live_through(worker, fixes, order, [400], [[]], later_us=LATER)
    assert worker.stored.dirty
    assert_same(worker)


def driven(*seconds: int) -> FixBatch:
    """Fixes of one machine at these seconds."""
    gaps = [to - start for start, to in zip((0, *seconds), seconds, strict=False)]
    return fixes_of([(1, gap, BLADE_DOWN, True) for gap in gaps])


def assert_same(worker: Worker) -> None:
    worker.finish()
    assert worker.final()
    assert worker.results() == worker.final()


def test_a_late_fix_of_a_track_that_ended_does_not_double_its_last_pass() -> None:
    """The engine still holds the pass open when the next track has begun and nothing of it is settled yet."""
    fixes = driven(0, 1, 2, 3, 10, 60)
    worker = Worker(NETWORK, POLICIES[0])
    worker.take(fixes.take(np.array([0, 2, 3, 4])))
    worker.take(fixes.take(np.array([5])))
    worker.take(fixes.take(np.array([1])))
    worker.recompute()
    assert_same(worker)


def test_a_fix_that_comes_after_a_flush_and_after_a_newer_track_continues_its_pass() -> None:
    fixes = driven(0, 1, 3, 60)
    worker = Worker(NETWORK, POLICIES[0])
    worker.take(fixes.take(np.array([0, 1])))
    worker.tick(LATER)
    worker.take(fixes.take(np.array([3])))
    worker.take(fixes.take(np.array([2])))
    assert_same(worker)


def test_a_late_fix_joins_two_tracks() -> None:
    fixes = driven(0, 1, 18, 37, 38)
    worker = Worker(NETWORK, POLICIES[0])
    worker.take(fixes.take(np.array([0, 1, 3, 4])))
    worker.tick(LATER)
    worker.take(fixes.take(np.array([2])))
    assert_same(worker)


def test_a_device_that_falls_silent_and_goes_on_loses_nothing() -> None:
    fixes = driven(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
    worker = Worker(NETWORK, POLICIES[0])
    for at in range(len(fixes)):
        worker.take(fixes.take(np.array([at])))
        worker.tick(LATER)
    assert_same(worker)


def test_fixes_of_one_instant_have_one_order() -> None:
    fixes = driven(0, 1, 1, 1, 2, 8, 9)
    for order in ([0, 3, 2, 1, 4, 5, 6], [0, 1, 4, 5, 6, 3, 2]):
        worker = Worker(NETWORK, POLICIES[0])
        for at in order:
            worker.take(fixes.take(np.array([at])))
        assert_same(worker)


def test_what_goes_on_while_a_stretch_is_computed_again_is_in_it_when_it_takes_its_place() -> None:
    fixes = driven(*range(10), *range(60, 70))
    worker = Worker(NETWORK, POLICIES[0])
    worker.take(fixes.take(np.array([0, 1, 2, 3, 4, 5, 6, 8, 9])))
    worker.take(fixes.take(np.array([7])))
    worker.compute()
    worker.take(fixes.take(np.arange(10, 20)))
    worker.recompute()
    assert not worker.stored.dirty
    assert_same(worker)


def test_an_open_pass_that_ends_meanwhile_is_not_stored_twice() -> None:
    """The engine ends it by itself before the next track, which ends it too, is put in place."""
    fixes = driven(*range(10), *range(60, 80))
    worker = Worker(NETWORK, POLICIES[0])
    worker.take(fixes.take(np.arange(11)))
    newest_us = START + 60 * SECOND
    worker.stored.dirty.append(DirtyStretch(device=1, from_us=newest_us, to_us=newest_us))  # as by a change of registry
    worker.compute()
    assert worker.again is not None
    assert worker.again.open_us
    worker.take(fixes.take(np.arange(11, 30)))
    worker.recompute()
    assert worker.stored.dirty, "it is computed once more"
    assert_same(worker)
