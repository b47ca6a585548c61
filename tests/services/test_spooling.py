"""While the database is away messages go to the disk, are durable there, and are all in the database in the end."""

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from snowtrack.store.embedded import EmbeddedServer
from tests.mosquitto import RunningBroker
from tests.postgres import running
from tests.services.held_commits import held_commits
from tests.services.line import Line, make_line
from tests.services.listener import Listener
from tests.services.test_crashes import assert_all_stored_once, epochs_to_come, work_until_confirmed
from tests.services.tracker import Tracker
from tests.services.waiting import await_true
from tests.store.databases import prepare, rows

STORED = "select count(*) from fix"
READ_ONLY = "alter database {} set default_transaction_read_only = {}"


@dataclass(slots=True)
class Outage:
    """A database of the test's own that can be stopped, and what stands on it."""

    server: EmbeddedServer
    broker: RunningBroker
    network: Path
    folder: Path
    url: str = ""

    def line(self, *flags: str) -> Line:
        return make_line(self.broker, self.url, self.network, self.folder, *flags)

    @contextmanager
    def database(self) -> Iterator[None]:
        with running(self.server) as started:
            self.url = started.url
            prepare(started.url)
            yield


@pytest.fixture
def outage(mosquitto: RunningBroker, network_folder: Path, tmp_path: Path) -> Iterator[Outage]:
    server = EmbeddedServer(instance_folder=tmp_path / "postgres")
    yield Outage(server, mosquitto, network_folder, tmp_path)
    server.remove()


@contextmanager
def patient(line: Line) -> Iterator[Tracker]:
    with line.tracker("patient") as tracker:
        tracker.patient = True
        yield tracker


def await_stored(tracker: Tracker, url: str) -> None:
    await_true(lambda: rows(url, STORED) == [(len(tracker.all),)], "all is in the database")
    assert_all_stored_once(tracker, url)


def said(listener: Listener) -> dict[str, Any]:
    """What ingest said last of itself."""
    await_true(lambda: listener.of("ingest"), "it says something")
    return listener.of("ingest")[-1]


def test_a_database_that_goes_and_comes_back_loses_nothing(outage: Outage, now_us: int) -> None:
    chance, fixes = random.Random(now_us), epochs_to_come(now_us)
    print("seed", now_us)
    with ExitStack() as stack:
        with outage.database():
            line = outage.line()
            stack.enter_context(line.service("ingest"))
            listener = stack.enter_context(Listener(outage.broker.address))
            tracker = stack.enter_context(patient(line))
            work_until_confirmed(tracker, fixes, 5, chance)
        tracker.send_again()
        tracker.await_empty()
        seen = len(listener.heads_of("kanazawa/patient"))
        work_until_confirmed(tracker, fixes, 20, chance)
        tracker.send_again()
        tracker.await_empty()
        assert len(listener.heads_of("kanazawa/patient")) > seen, "who watches sees it go on"
        await_true(lambda: said(listener)["spool_bytes"] > 0, "it says that messages are on the disk")
        with outage.database():
            work_until_confirmed(tracker, fixes, 5, chance)
            tracker.send_again()
            tracker.await_empty()
            await_stored(tracker, line.url)
            await_true(lambda: said(listener)["spool_bytes"] == 0, "the disk is free again")
            await_true(lambda: said(listener)["store_fault"] is None, "all is well again")


def test_ingest_killed_while_the_database_is_away_keeps_its_word(outage: Outage, now_us: int) -> None:
    chance, fixes = random.Random(now_us), epochs_to_come(now_us)
    print("seed", now_us)
    with ExitStack() as stack:
        with outage.database():
            line = outage.line()
            ingest = line.service("ingest")
            ingest.start()
            tracker = stack.enter_context(patient(line))
            tracker.await_engine()
            work_until_confirmed(tracker, fixes, 3, chance)
        work_until_confirmed(tracker, fixes, 10, chance)
        ingest.kill()
        tracker.live([next(fixes)])
        with outage.database(), line.service("ingest"):
            tracker.send_again()
            tracker.await_empty()
            await_stored(tracker, line.url)


def test_a_database_for_reading_alone_is_as_good_as_away(outage: Outage, now_us: int) -> None:
    chance, fixes = random.Random(now_us), epochs_to_come(now_us)
    print("seed", now_us)
    with outage.database():
        line = outage.line()
        with line.service("ingest"), patient(line) as tracker, Listener(outage.broker.address) as listener:
            tracker.await_engine()
            work_until_confirmed(tracker, fixes, 3, chance)
            set_read_only(line.url, "on")
            work_until_confirmed(tracker, fixes, 10, chance)
            await_true(lambda: "read-only" in str(said(listener)["store_fault"]), "it says why")
            set_read_only(line.url, "off")
            tracker.send_again()
            tracker.await_empty()
            await_stored(tracker, line.url)


def test_a_database_that_is_too_slow_is_as_good_as_away(outage: Outage, now_us: int) -> None:
    chance, fixes = random.Random(now_us), epochs_to_come(now_us)
    with outage.database():
        line = outage.line("ingest.commit_s=0.5")
        with line.service("ingest"), patient(line) as tracker, Listener(outage.broker.address) as listener:
            tracker.await_engine()
            work_until_confirmed(tracker, fixes, 3, chance)
            with held_commits(line.url):
                work_until_confirmed(tracker, fixes, 10, chance)
                await_true(lambda: "within 0.5 s" in str(said(listener)["store_fault"]), "it says why")
            tracker.send_again()
            tracker.await_empty()
            await_stored(tracker, line.url)


def test_a_full_spool_stops_the_confirmations_and_says_so(outage: Outage, now_us: int) -> None:
    fixes = epochs_to_come(now_us)
    with ExitStack() as stack:
        with outage.database():
            line = outage.line("ingest.spool_mb=1")
            stack.enter_context(line.service("ingest"))
            listener = stack.enter_context(Listener(outage.broker.address))
            tracker = stack.enter_context(patient(line))
            tracker.await_engine()
            tracker.live([next(fixes)])
            tracker.await_durable()
        for _ in range(60):
            tracker.live([next(fixes) for _ in range(300)])
        await_true(lambda: "it is full" in str(said(listener)["spool_fault"]), "it says that it is full")
        held = len(tracker.ring)
        assert held
        tracker.live([next(fixes)])
        assert len(tracker.ring) == held + 1
        with outage.database():
            tracker.await_empty(60)
            await_stored(tracker, line.url)
            await_true(lambda: said(listener)["spool_fault"] is None, "it is not any more")


def set_read_only(url: str, to: str) -> None:
    """For who connects from now on; those who are connected have to come again."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("set default_transaction_read_only = off")
        connection.execute(READ_ONLY.format("snowtrack", to).encode())
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'snowtrack ingest%'"
        )
