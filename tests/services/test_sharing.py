"""Workers of a cluster share the devices: whoever comes, goes, dies or is held up, nothing confirmed is lost, and
nothing is stored twice."""

import random
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from snowtrack.sources.partitions import PARTITIONS, partition_of
from tests.faults.proxy import Proxy
from tests.nats import nats_in
from tests.ports import free_port
from tests.services.epochs import Fix
from tests.services.line import Line, make_line
from tests.services.processes import Service
from tests.services.test_crashes import epochs_to_come
from tests.services.tracker import Tracker
from tests.services.waiting import await_true
from tests.store.databases import fresh_database, prepare, rows

pytestmark = pytest.mark.slow
HOLDERS = "select worker, count(*) from ingest_partition where expires_at > now() group by worker order by worker"
STORED = "select boot, seq from fix join device using (device) where name = %s order by 1, 2"
# A worker that died is to be replaced within this.
REPLACED_S_MAX = 15.0
PACE_S = 0.01


@pytest.fixture
def shared(tmp_path: Path, postgres_url: str, network_folder: Path) -> Iterator[Line]:
    """At a NATS server with its stream."""
    nats = nats_in(tmp_path / "nats")
    nats.running.start()
    stream = (f"stream.url=nats://127.0.0.1:{nats.nats_port}", "stream.replicas=1", "stream.mb=200")
    with fresh_database(postgres_url) as url:
        prepare(url)
        line = make_line(nats.running, url, network_folder, tmp_path, *stream)
        with worker(line, "earliest"):  # makes the stream, before NATS makes another for the first that calls
            await_shares(line, PARTITIONS)
        yield line
    nats.running.stop()


def held(line: Line) -> list[int]:
    """How many partitions each worker holds."""
    return [count for _, count in rows(line.url, HOLDERS)]


def await_shares(line: Line, *counts: int, within_s: float = 30.0) -> None:
    await_true(lambda: sorted(held(line)) == sorted(counts), f"shares of {counts}, are {held(line)}", within_s)


def work(trackers: Sequence[Tracker], fixes: Iterator[Fix], seconds: float, chance: random.Random) -> None:
    """Send on, whatever is answered."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        tracker = chance.choice(trackers)
        tracker.live([next(fixes) for _ in range(chance.randint(1, 5))])
        if chance.random() < 0.05:
            tracker.send_again(at_once=chance.randint(1, 50))
        time.sleep(PACE_S)


def await_all_confirmed(trackers: Sequence[Tracker]) -> None:
    for tracker in trackers:
        tracker.send_again()
    for tracker in trackers:
        tracker.await_empty(60)


def assert_all_stored_once(trackers: Sequence[Tracker], line: Line) -> None:
    for tracker in trackers:
        stored = rows(line.url, STORED, tracker.device.device)
        assert stored == sorted(tracker.all)
        tracker.assert_word_kept()


def through(line: Line, proxy: Proxy) -> Line:
    """The same, with the stream behind a proxy."""
    stream = line.settings.stream.model_copy(update={"url": f"nats://127.0.0.1:{proxy.port}"})
    return replace(line, settings=line.settings.model_copy(update={"stream": stream}))


def test_a_worker_that_cannot_reach_the_stream_leaves_its_share_to_others(
    shared: Line, trackers: list[Tracker], now_us: int
) -> None:
    """And has it again when it can; one that never could takes none."""
    chance, fixes = random.Random(now_us), epochs_to_come(now_us)
    print("seed", now_us)
    port = shared.settings.stream_addresses[0].port
    with Proxy(port, chance) as proxy:
        behind = through(shared, proxy)
        with worker(shared, "lasting"), worker(behind, "behind"):
            await_shares(shared, 32, 32)
            work(trackers, fixes, 2, chance)
            proxy.target_port = free_port()  # where nobody is
            proxy.cut_now()
            with worker(behind, "never"):
                await_shares(shared, PARTITIONS, within_s=2 * REPLACED_S_MAX)
                work(trackers, fixes, 2, chance)
                await_all_confirmed(trackers)
                assert held(shared) == [PARTITIONS]
            proxy.target_port = port
            await_shares(shared, 32, 32)
            work(trackers, fixes, 2, chance)
            await_all_confirmed(trackers)
    assert_all_stored_once(trackers, shared)


@pytest.fixture
def trackers(shared: Line) -> Iterator[list[Tracker]]:
    """Enough that each of three workers has some."""
    with ExitStack() as stack:
        made = [stack.enter_context(shared.tracker(f"plough-{number}")) for number in range(12)]
        assert len({partition_of(tracker.device) for tracker in made}) > len(made) // 2
        for tracker in made:
            tracker.patient = True  # who looks at once would hold up the other trackers
        yield made


def worker(line: Line, name: str) -> Service:
    return line.service("ingest", name)


def test_workers_that_come_and_go_share_evenly_and_lose_nothing(
    shared: Line, trackers: list[Tracker], now_us: int
) -> None:
    chance, fixes = random.Random(now_us), epochs_to_come(now_us)
    print("seed", now_us)
    with worker(shared, "first"):
        await_shares(shared, PARTITIONS)
        work(trackers, fixes, 2, chance)
        with worker(shared, "second"), worker(shared, "third"):
            await_shares(shared, 22, 22, 20)
            work(trackers, fixes, 4, chance)
        await_shares(shared, PARTITIONS)
        work(trackers, fixes, 2, chance)
        await_all_confirmed(trackers)
    assert held(shared) == []
    assert_all_stored_once(trackers, shared)
    assert rows(shared.url, "select count(*) from quarantine") == [(0,)]


def test_a_worker_that_dies_is_replaced(shared: Line, trackers: list[Tracker], now_us: int) -> None:
    chance, fixes = random.Random(now_us), epochs_to_come(now_us)
    print("seed", now_us)
    with worker(shared, "lasting"):
        doomed = worker(shared, "doomed")
        doomed.start()
        await_shares(shared, 32, 32)
        work(trackers, fixes, 3, chance)
        doomed.kill()
        died = time.monotonic()
        work(trackers, fixes, 1, chance)
        await_shares(shared, PARTITIONS, within_s=REPLACED_S_MAX)
        await_all_confirmed(trackers)
        print(f"replaced, and all confirmed, after {time.monotonic() - died:.1f} s")
    assert_all_stored_once(trackers, shared)


def test_what_a_worker_does_that_was_held_up_for_too_long_is_refused(
    shared: Line, trackers: list[Tracker], now_us: int
) -> None:
    chance, fixes = random.Random(now_us), epochs_to_come(now_us)
    print("seed", now_us)
    with worker(shared, "lasting"):
        held_up = worker(shared, "held-up")
        with held_up:
            await_shares(shared, 32, 32)
            work(trackers, fixes, 2, chance)
            assert held_up.process is not None
            held_up.process.send_signal(signal.SIGSTOP)
            try:
                work(trackers, fixes, 2, chance)
                await_shares(shared, PARTITIONS, within_s=REPLACED_S_MAX)
                work(trackers, fixes, 1, chance)
            finally:
                held_up.process.send_signal(signal.SIGCONT)
            work(trackers, fixes, 1, chance)
            await_shares(shared, 32, 32)
            work(trackers, fixes, 1, chance)
            await_all_confirmed(trackers)
    assert_all_stored_once(trackers, shared)
