"""All machines at once: what comes of each does not depend on how its matches are handed over, nor on the others'."""

import os
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from random import Random

from hypothesis import assume, given
from hypothesis import strategies as st

from snowtrack.model.machines import MachineKind
from snowtrack.model.matches import DrivenBatch, MatchBatch
from snowtrack.model.work import Activity, Work
from snowtrack.passes.records import new_lives
from snowtrack.passes.stage import AT_ONCE, PassStage, Worked, WorkPolicy, joined
from tests.passes.days import DAYS, POLICIES, Day, came, fleet_of, of_device, taken
from tests.passes.journeys import MINUTE, SECOND, TOWN, Came, Journey, batches, covered, fleet, named, spans, worked

LIVES = st.lists(DAYS, min_size=1, max_size=3)


def lived(days: Sequence[Day]) -> dict[int, list[Came]]:
    return {device: came(device, day) for device, day in enumerate(days, 1)}


def rows(made: Worked) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
    return made.passes.rows(), made.activities.rows()


def alone(day: Day, device: int, life: Sequence[Came], policy: WorkPolicy, days: Sequence[Day]) -> Worked:
    """With no other machine, in as few batches as can be."""
    stage = PassStage(TOWN, policy, fleet_of(days))
    return joined([taken(stage, life, len(life) + 1), stage.flush([device])])


# However matches come.


@given(LIVES, st.sampled_from(POLICIES), st.lists(st.integers(1, 40), min_size=1, max_size=5), st.randoms())
def test_batches_and_other_machines_change_nothing_of_a_machine(
    days: Sequence[Day], policy: WorkPolicy, sizes: list[int], random: Random
) -> None:
    """Each one's fixes stay in order; how they lie between the others' does not matter."""
    lives = lived(days)
    order = [device for device, life in lives.items() for _ in life]
    random.shuffle(order)
    left = {device: iter(life) for device, life in lives.items()}
    fixes = [next(left[device]) for device in order]
    stage, parts = PassStage(TOWN, policy, fleet_of(days)), list[Worked]()
    while fixes:
        size = sizes[len(parts) % len(sizes)]
        parts.append(taken(stage, fixes[:size], size))
        fixes = fixes[size:]
    made = joined([*parts, stage.flush(list(lives))])
    for (device, life), day in zip(lives.items(), days, strict=True):
        assert rows(of_device(made, device)) == rows(alone(day, device, life, policy, days))


@given(LIVES, st.sampled_from(POLICIES), st.sets(st.integers(0, 300), max_size=6))
def test_a_restart_at_any_point_changes_nothing(days: Sequence[Day], policy: WorkPolicy, restarts: set[int]) -> None:
    """In a fresh stage, in which the machines may have other places."""
    lives, on = lived(days), fleet_of(days)
    fixes = sorted((one for life in lives.values() for one in life), key=lambda one: one.match["observed_us"])
    whole = PassStage(TOWN, policy, on)
    expected = joined([taken(whole, fixes, 17), whole.flush(list(lives))])
    stage, parts = PassStage(TOWN, policy, on), []
    for number, one in enumerate(fixes):
        if number in restarts:
            kept = {device: stage.memory.snapshot(device) for device in lives}
            stage = PassStage(TOWN, policy, on)
            for device in reversed(kept):
                stage.memory.restore(device, kept[device])
        parts.append(taken(stage, [one], 1))
    made = joined([*parts, stage.flush(list(lives))])
    for device in lives:
        assert rows(of_device(made, device)) == rows(of_device(expected, device))


@given(DAYS, st.sampled_from(POLICIES), st.integers(0, 100), st.booleans())
def test_each_track_is_a_life_of_its_own(day: Day, policy: WorkPolicy, at: int, ended: bool) -> None:
    """Whole tracks are computed again by themselves."""
    life = came(1, day)
    assume(at < len(life))
    first, later = life[:at], [_later_track(one) for one in life[at:]]
    later[0] = later[0]._replace(driven=(), flushed=False)
    whole = [*first, later[0]._replace(flushed=ended), *later[1:]]
    apart = joined([alone(day, 1, own, policy, [day]) for own in (first, later)])
    assert rows(alone(day, 1, whole, policy, [day])) == rows(apart)


def _later_track(one: Came) -> Came:
    return one._replace(match=one.match | {"track_us": one.match["track_us"] + MINUTE})


def test_a_forgotten_machine_begins_anew() -> None:
    stage, journey = PassStage(TOWN, WorkPolicy(), fleet(d1=MachineKind.TRUCK)), Journey().go(70, 60 / 3.6)
    stage.on_batch(*batches(journey.came))
    stage.memory.forget(1)
    assert rows(stage.flush([1])) == ([], [])
    rest = Journey(5).go(60, 8)
    made = joined([stage.on_batch(*batches(rest.came)), stage.flush([1])])
    assert rows(made) == rows(worked(rest))


def test_nothing_comes_of_nothing() -> None:
    stage = PassStage(TOWN, WorkPolicy())
    assert rows(stage.on_batch(MatchBatch.empty(), DrivenBatch.empty())) == ([], [])
    assert rows(stage.flush([])) == ([], [])
    assert rows(stage.flush([1, 2, 1])) == ([], [])


def test_ending_a_track_twice_ends_it_once() -> None:
    stage = PassStage(TOWN, WorkPolicy())
    stage.on_batch(*batches(Journey().go(10, 5).came))
    assert len(stage.flush([1, 1]).passes) == 1
    assert rows(stage.flush([1])) == ([], [])


def test_more_fixes_than_are_looked_at_in_one_go_are_the_same() -> None:
    """Some years of one machine, as a backlog may bring them, and another one between."""
    journeys = [Journey(device=device, spreading=1, spread_dgpm=10).go(AT_ONCE // 2 + 700, 5) for device in (1, 2)]
    fixes = sorted((one for own in journeys for one in own.came), key=lambda one: one.match["observed_us"])
    assert len(fixes) > AT_ONCE
    at_once, in_pieces = PassStage(TOWN, WorkPolicy()), PassStage(TOWN, WorkPolicy())
    whole = joined([at_once.on_batch(*batches(fixes)), at_once.flush([1, 2])])
    parts = [in_pieces.on_batch(*batches(fixes[first : first + 9_973])) for first in range(0, len(fixes), 9_973)]
    assert rows(whole) == rows(joined([*parts, in_pieces.flush([1, 2])]))


# What always holds.


@given(LIVES, st.sampled_from(POLICIES))
def test_passes_lie_on_their_segments_and_on_the_same_metres_only_at_different_times(
    days: Sequence[Day], policy: WorkPolicy
) -> None:
    lives, stage = lived(days), PassStage(TOWN, policy, fleet_of(days))
    fixes = [one for life in lives.values() for one in life]
    made = joined([taken(stage, fixes, 20), stage.flush(list(lives))])
    told = named(made.passes)
    assert all(0 <= one["from_mm"] < one["to_mm"] <= TOWN.length_mm[one["segment_id"] - 1] for one in told)
    assert all(one["started_us"] <= one["ended_us"] for one in told)
    assert all(abs(one["direction"]) == 1 for one in told)
    assert all(0 <= one["confidence"] <= 1000 for one in told)
    for device, life in lives.items():
        driven_mm = sum(abs(to_mm - from_mm) for one in life for *_, from_mm, to_mm in one.driven)
        for work in Work:
            own = [one for one in told if (one["device"], one["work"]) == (device, work)]
            assert sum(one["to_mm"] - one["from_mm"] for one in own) <= driven_mm
            assert all(_apart(one, other) for at, one in enumerate(own) for other in own[:at])


def _apart(one: dict[str, int], other: dict[str, int]) -> bool:
    """On other metres, or at another time."""
    if (one["segment_id"], one["direction"]) != (other["segment_id"], other["direction"]):
        return True
    elsewhere = one["from_mm"] > other["to_mm"] or other["from_mm"] > one["to_mm"]
    return elsewhere or one["started_us"] >= other["ended_us"] or other["started_us"] >= one["ended_us"]


@given(LIVES, st.sampled_from(POLICIES))
def test_spans_of_a_machine_follow_each_other_within_full_ten_minutes(days: Sequence[Day], policy: WorkPolicy) -> None:
    lives, stage = lived(days), PassStage(TOWN, policy, fleet_of(days))
    made = joined([*(taken(stage, life, 7) for life in lives.values()), stage.flush(list(lives))])
    for device, life in lives.items():
        own = named(of_device(made, device).activities)
        assert all(one["started_us"] < one["ended_us"] for one in own)
        assert all(one["ended_us"] <= other["started_us"] for one, other in pairwise(own))
        assert all(one["started_us"] // (600 * SECOND) == (one["ended_us"] - 1) // (600 * SECOND) for one in own)
        assert all(one["driven_mm"] >= 0 for one in own)
        if own:
            assert (
                life[0].match["observed_us"]
                <= own[0]["started_us"]
                < own[-1]["ended_us"]
                <= life[-1].match["observed_us"]
            )


def test_a_machine_takes_the_same_room_however_long_its_night() -> None:
    stage, sizes = PassStage(TOWN, WorkPolicy()), set()
    for journey in (Journey().go(10, 5), Journey().go(5_000, 5), Journey().go(500, 5, blade=0)):
        stage.on_batch(*batches(journey.came))
        sizes.add(sum(part[stage.memory.slot(1)].nbytes for part in stage.memory.rows))
    assert sizes == {sum(part.nbytes for part in new_lives(1))}
    assert sizes.pop() < 4_096


def test_a_long_wait_that_turns_out_to_be_none_is_told_at_once() -> None:
    """A policy by which a machine may stand at work for a day: what is told then has room."""
    stage = PassStage(TOWN, WorkPolicy(idle_us=86_400 * SECOND))
    journey = Journey().go(10, 5).stand(90_000, every_s=60).go(10, 5)
    made = joined([*(stage.on_batch(*batches([one])) for one in journey.came), stage.flush([1])])
    assert [activity for activity, _, _ in spans(made)] == [
        Activity.WORKING,
        Activity.STANDBY,
        Activity.PARKED,
        Activity.WORKING,
    ]
    assert covered(made) == [(0, 1, 0, 50), (0, 1, 50, 100)]


def test_compiled_code_stays_within_its_arrays(tmp_path: Path) -> None:
    """The same tests, with every index checked."""
    checked = {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path), "HYPOTHESIS_PROFILE": "quick"}
    long_wait = "stage.py::test_a_long_wait_that_turns_out_to_be_none_is_told_at_once"
    asked = [f"tests/passes/test_{name}" for name in ("against_oracle.py", "crediting.py", long_wait)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *asked],
        env=os.environ | checked,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
