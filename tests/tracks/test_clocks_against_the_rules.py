"""Clocks in columns against the rules one fix at a time, and what the order of arrival must not change."""

from collections.abc import Sequence

import numpy as np
import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from snowtrack.model.columns import ABSENT_64
from snowtrack.model.fixes import FixBatch
from snowtrack.model.tracks import DirtyStretch, TimeTrust
from snowtrack.tracks.clock import place
from snowtrack.tracks.identity import BootId
from snowtrack.tracks.learning import learn
from snowtrack.tracks.sessions import BootClock
from tests.oracles.clocks import Placed, place_each
from tests.tracks.boots import BATCHES, MINUTE_US

Clocks = dict[BootId, BootClock]


def placed(fixes: FixBatch, clocks: Clocks) -> list[Placed]:
    found = place(fixes, clocks)
    pairs = zip(found.observed_us.tolist(), found.trust.tolist(), strict=True)
    return [(None if at_us == ABSENT_64 else at_us, TimeTrust(trust)) for at_us, trust in pairs]


def restarted(clocks: Clocks) -> Clocks:
    """What is left when only what was stored is known."""
    return {boot: BootClock.restored(orjson.loads(orjson.dumps(clock.snapshot()))) for boot, clock in clocks.items()}


def parts(fixes: FixBatch, order: Sequence[int], sizes: Sequence[int]) -> list[FixBatch]:
    found: list[FixBatch] = []
    at = 0
    while at < len(order):
        size = sizes[len(found) % len(sizes)]
        found.append(fixes.take(np.array(order[at : at + size])))
        at += size
    return found


def within(at_us: int, device: int, stretches: Sequence[DirtyStretch]) -> bool:
    """Or so near that it belongs to the same track."""
    return any(s.device == device and s.from_us - MINUTE_US <= at_us <= s.to_us + MINUTE_US for s in stretches)


@settings(max_examples=400)
@given(BATCHES)
def test_each_fix_is_placed_as_the_rules_say(fixes: FixBatch) -> None:
    clocks: Clocks = {}
    learn(clocks, fixes)
    assert placed(fixes, clocks) == place_each(fixes)


@settings(max_examples=200)
@given(
    fixes=BATCHES,
    data=st.data(),
    sizes=st.lists(st.integers(1, 5), min_size=1, max_size=4),
    restarts=st.booleans(),
)
def test_what_a_clock_learns_depends_on_no_order_batch_or_restart(
    fixes: FixBatch, data: st.DataObject, sizes: list[int], restarts: bool
) -> None:
    at_once: Clocks = {}
    learn(at_once, fixes)
    in_parts: Clocks = {}
    for part in parts(fixes, data.draw(st.permutations(range(len(fixes)))), sizes):
        learn(in_parts, part)
        in_parts = restarted(in_parts) if restarts else in_parts
    assert in_parts.keys() == at_once.keys()
    for boot, clock in at_once.items():
        assert orjson.dumps(in_parts[boot].snapshot()) == orjson.dumps(clock.snapshot())
        assert in_parts[boot].opinion == clock.opinion
    assert placed(fixes, in_parts) == placed(fixes, at_once)


@settings(max_examples=200)
@given(fixes=BATCHES, data=st.data(), sizes=st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_a_fix_that_moves_is_marked_where_it_was_and_where_it_is(
    fixes: FixBatch, data: st.DataObject, sizes: list[int]
) -> None:
    clocks: Clocks = {}
    known = FixBatch.empty()
    for part in parts(fixes, data.draw(st.permutations(range(len(fixes)))), sizes):
        before = placed(known, clocks)
        dirty = learn(clocks, part)
        after = placed(known, clocks)
        for row, ((was, _), (now, _)) in enumerate(zip(before, after, strict=True)):
            if was != now and known.lat_e7[row] > 0:
                moved = [at_us for at_us in (was, now) if at_us is not None]
                assert all(within(at_us, int(known.device[row]), dirty) for at_us in moved)
        known = FixBatch.concat([known, part])
