"""Whatever a live worker has done so far, a replay finds the same, and may replace it, and nothing is lost by that."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import AsyncConnection

from snowtrack.model.fixes import FixBatch, Source
from snowtrack.model.ids import DeviceId
from snowtrack.model.passes import PassBatch
from snowtrack.model.tracks import DirtyStretch, ObservedBatch
from snowtrack.model.work import ActivityBatch
from snowtrack.pipeline.basis import Reason
from snowtrack.pipeline.engine import Engine, EnginePolicy
from snowtrack.pipeline.replay import in_order as observed_order
from snowtrack.services import replay_tracks
from snowtrack.services.replay_source import ArchivedFixes, StoredFixes
from snowtrack.services.replay_targets import InPlace, Nowhere, Target
from snowtrack.services.replay_tracks import Outcome, Replay
from snowtrack.store.activities import add_activities, read_activities
from snowtrack.store.archive import in_order, open_archive, writing_archive
from snowtrack.store.clocks import save_clocks
from snowtrack.store.database import connect
from snowtrack.store.devices import device_number
from snowtrack.store.fixes import FixWriter
from snowtrack.store.passes import add_passes, mark_dirty, read_device_passes
from snowtrack.store.replays import Replayed, read_dirty
from snowtrack.tracks.clock import plausible
from tests.oracles.final import final_track
from tests.oracles.lives import live_through
from tests.oracles.worker import Worker
from tests.pipeline.test_same_fixes_same_results import (
    EVENTS,
    FIXES,
    LATER,
    NETWORK,
    POLICIES,
    RECEIVED,
    SECOND,
    START,
    fixes_of,
)
from tests.tracks.boots import BATCHES

pytestmark = pytest.mark.anyio
DEVICES = [Replayed(number=number, id=DeviceId("kanazawa", f"d{number}")) for number in (1, 2)]
FROM_US, TO_US = START - 100 * SECOND, RECEIVED
LIVES = st.tuples(
    FIXES,
    st.lists(st.integers(0, 12), min_size=25, max_size=25),
    st.lists(st.integers(1, 5), min_size=1, max_size=6),
    st.lists(EVENTS, min_size=1, max_size=8),
)
EMPTY = "truncate fix, fix_undated, device, dirty, pass, activity, track, touched, basis restart identity cascade"


Life = tuple[list[tuple[int, int, int, bool]], list[int], list[int], list[list[str]]]


def lived(life: Life, policy: EnginePolicy, *, numbered: bool = True) -> Worker:
    """A worker in the middle of its life."""
    drawn, late, cuts, events = life
    fixes = fixes_of(drawn, numbered=numbered)
    size = len(fixes)
    fixes = replace(fixes, sources=np.full(size, Source.RMC, np.int16), remarks=np.zeros(size, np.int16))
    worker = Worker(NETWORK, policy)
    order = sorted(range(len(fixes)), key=lambda at: (at + late[at], at))
    live_through(worker, fixes, order, cuts, events, later_us=LATER)
    return worker


async def store(connection: AsyncConnection, worker: Worker) -> None:
    """What it has committed, in the database."""
    stored = worker.stored
    await connection.execute(EMPTY)
    for device in DEVICES:
        assert await device_number(connection, device.id) == device.number
        fixes = stored.fixes_of(device.number)
        async with connection.transaction():
            await FixWriter(connection).write(fixes, plausible(fixes))
    for boot_id, clock in worker._clocks().items():
        await save_clocks(connection, {boot_id: clock.snapshot()})
    await add_passes(connection, PassBatch.from_rows(stored.passes))
    await add_activities(connection, ActivityBatch.from_rows(stored.activities))
    await mark_dirty(connection, stored.dirty)
    for number, kept in stored.kept.items():
        await connection.execute(
            "insert into device_state (device, network_id, kept) values (%s, %s, %s)",
            [number, NETWORK.network_id, kept],
        )


async def go_on_with(connection: AsyncConnection, worker: Worker) -> None:
    """What is in the database is what the worker has committed."""
    stored = worker.stored
    stored.passes, stored.activities, stored.dirty = [], [], []
    for device in DEVICES:
        number = device.number
        stored.passes += (await read_device_passes(connection, number, 0, LATER)).rows()
        stored.activities += (await read_activities(connection, number, 0, LATER)).rows()
        waiting = await read_dirty(connection, DirtyStretch(device=number, from_us=0, to_us=LATER))
        stored.dirty += [DirtyStretch(device=number, from_us=start, to_us=end - 1) for start, end in waiting]
    worker.crash()


async def replayed(connection: AsyncConnection, replay: Replay, target: Target, device: Replayed) -> list[Outcome]:
    found: list[Outcome] = []
    from_us = FROM_US
    while from_us <= TO_US:
        async with connection.transaction():
            await target.begin(device)
            portion = await replay.portion(device, from_us, TO_US)
            outcomes = await replay.outcomes(portion)
            await target.take(outcomes)
        found += outcomes
        from_us = portion.stretch.to_us + replay.engine.policy.cut_us + 1
    return found


@pytest.fixture(autouse=True)
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many in a night of a few minutes, and several goes at the fixes of a track."""
    monkeypatch.setattr(replay_tracks, "PORTION_US", 200 * SECOND)
    monkeypatch.setattr(replay_tracks, "FIXES_AT_ONCE", 3)


HARD = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


@HARD
@given(LIVES, st.sampled_from(POLICIES))
async def test_what_a_worker_has_settled_so_far_is_what_a_replay_finds(
    clean_database: str,
    life: Life,
    policy: EnginePolicy,
) -> None:
    """But for what waits to be computed again. No stretch is looked at twice."""
    worker = lived(life, policy)
    async with connect(clean_database, name="test") as connection:
        await store(connection, worker)
        replay = Replay(connection, Engine(NETWORK, policy), StoredFixes(connection), archived=False)
        for device in DEVICES:
            outcomes = await replayed(connection, replay, Nowhere(), device)
            for outcome in outcomes:
                pair = outcome.pair
                if pair.before.rows(tracks=False) != pair.after.rows(tracks=False):
                    assert Reason.WAITING in [reason for reason, _ in outcome.differs]
            stretches = [outcome.pair.stretch for outcome in outcomes]
            assert all(one.to_us < other.from_us for one, other in pairwise(stretches))


@HARD
@given(LIVES, st.sampled_from(POLICIES), st.sampled_from(POLICIES))
async def test_a_worker_whose_results_were_replaced_under_it_comes_to_the_same_in_the_end(
    clean_database: str,
    life: Life,
    policy: EnginePolicy,
    before: EnginePolicy,
) -> None:
    """Nothing is noted of any track here, so that all is replaced, and all that is open is marked."""
    worker = lived(life, policy)
    async with connect(clean_database, name="test") as connection:
        await store(connection, worker)
        # Somebody replaced it by other settings once, and somebody puts that right.
        for one in (before, policy):
            engine = Engine(NETWORK, one)
            replay = Replay(connection, engine, StoredFixes(connection), archived=False)
            for device in DEVICES:
                await replayed(connection, replay, InPlace(connection, engine), device)
        await go_on_with(connection, worker)
    worker.finish()
    assert worker.results() == worker.final()


@HARD
@given(LIVES, st.sampled_from(POLICIES), st.booleans())
async def test_an_archive_of_all_fixes_comes_to_what_is_final(
    clean_database: str,
    tmp_path: Path,
    life: Life,
    policy: EnginePolicy,
    numbered: bool,
) -> None:
    worker = lived(life, policy, numbered=numbered)
    # Two archives that overlap.
    archives = []
    for name, part in (("evening", slice(0, -2)), ("morning", slice(3, None))):
        with writing_archive(tmp_path / name) as writer:
            for device in DEVICES:
                fixes = worker.stored.fixes_of(device.number)
                writer.add(device.id, fixes if len(fixes) < 6 else in_order(fixes).take(part))
        archives.append(open_archive(tmp_path / name))
    source = ArchivedFixes(archives)
    passes, activities = [], []
    async with connect(clean_database, name="test") as connection:
        await connection.execute(EMPTY)
        replay = Replay(connection, Engine(NETWORK, policy), source, archived=True)
        for device in DEVICES:
            for outcome in await replayed(connection, replay, Nowhere(), device):
                passes += outcome.pair.after.passes.rows()
                activities += outcome.pair.after.activities.rows()
    assert (sorted(passes), sorted(activities)) == worker.final()


@given(BATCHES)
async def test_the_clocks_of_a_device_learn_from_all_its_fixes_in_archives(fixes: FixBatch) -> None:
    own = fixes.take(fixes.device == 1)
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("one", "again")]
        for path in paths:
            with writing_archive(path) as writer:
                writer.add(DEVICES[0].id, own)
        found = await ArchivedFixes([open_archive(path) for path in paths]).of_device(DEVICES[0])
        observed = await found.observed(DirtyStretch(device=1, from_us=0, to_us=2**60))
    assert ordered_rows(observed) == ordered_rows(final_track(own))


def ordered_rows(fixes: ObservedBatch) -> list[tuple[int, ...]]:
    """In observed order, but for digests: an archive leaves out those that decide nothing."""
    ordered = observed_order(fixes)
    return replace(ordered, digest=np.zeros_like(ordered.digest)).rows()
