"""Whatever is killed or stopped in mid-stream: nothing that was confirmed is lost, and nothing is stored twice."""

import random
import time
from collections.abc import Iterator
from functools import partial

import pytest

from tests.mosquitto import RunningBroker
from tests.services.epochs import SECOND_US, Fix
from tests.services.held_commits import COMMITTING, NEXT, held_commits
from tests.services.line import Line
from tests.services.listener import Listener
from tests.services.tracker import Tracker
from tests.services.waiting import await_true
from tests.store.databases import rows

pytestmark = pytest.mark.slow
# A tracker's own rhythm, much faster than in earnest.
PACE_S = 0.004
# Longer than what is done once a second waits without holding anything up.
HELD_S = 8.0


def epochs_to_come(now_us: int) -> Iterator[Fix]:
    """A day of them, all in the past."""
    return (Fix(time_us=now_us - (86_400 - at) * SECOND_US) for at in range(86_400))


def work_until_confirmed(tracker: Tracker, fixes: Iterator[Fix], times: int, chance: random.Random) -> None:
    """Send on while the engine confirms; returns in the middle of what it is doing."""
    wanted = len(tracker.news) + times
    deadline = time.monotonic() + 30
    while len(tracker.news) < wanted:
        assert time.monotonic() < deadline, "the engine confirms nothing"
        tracker.live([next(fixes) for _ in range(chance.randint(1, 5))])
        if chance.random() < 0.1:
            tracker.send_again(at_once=chance.randint(1, 50))
        time.sleep(PACE_S)


def assert_all_stored_once(tracker: Tracker, url: str) -> None:
    stored = rows(url, "select boot, seq from fix order by boot, seq")
    assert stored == sorted(tracker.all)
    tracker.assert_word_kept()


def test_ingest_killed_at_any_moment_keeps_its_word(line: Line, now_us: int) -> None:
    chance = random.Random(now_us)
    fixes = epochs_to_come(now_us)
    print("seed", now_us)
    with line.tracker("killed") as tracker:
        for _ in range(4):
            ingest = line.service("ingest")
            ingest.start()
            tracker.tell_status()
            tracker.send_again()
            work_until_confirmed(tracker, fixes, chance.randint(1, 6), chance)
            ingest.kill()
            tracker.start_again()
        with line.service("ingest"):
            tracker.tell_status()
            tracker.send_again()
            tracker.await_empty()
    assert_all_stored_once(tracker, line.url)


def test_nothing_is_told_before_the_commit_is_over(quick_line: Line, now_us: int) -> None:
    """The commit itself is held up; then ingest is killed in the middle of it, and the database completes it while the
    next ingest is there already."""
    fixes = epochs_to_come(now_us)
    with quick_line.tracker("early") as tracker:
        ingest = quick_line.service("ingest")
        with ingest:
            tracker.await_engine()
            tracker.live([next(fixes)])
            tracker.await_durable(1)  # and so is all that was sent before
            with held_commits(quick_line.url):
                tracker.live([next(fixes) for _ in range(3)])
                await_true(lambda: rows(quick_line.url, COMMITTING), "the commit is under way")
                with pytest.raises(AssertionError, match="not within"):
                    tracker.await_durable(2, within_s=0.5)
                ingest.kill()
                ingest.start()
                tracker.send_again()
                await_true(lambda: rows(quick_line.url, NEXT), "the next one waits for the end of the one before")
                assert tracker.durable() == 1
            tracker.await_empty()
    assert_all_stored_once(tracker, quick_line.url)


def is_seen_since(listener: Listener, heads: int) -> bool:
    return len(listener.heads_of("kanazawa/seen")) > heads


def test_who_watches_does_not_wait_for_a_commit_that_takes_long(quick_line: Line, now_us: int) -> None:
    fixes = epochs_to_come(now_us)
    with quick_line.service("ingest"), quick_line.tracker("seen") as tracker:
        tracker.await_engine()
        tracker.live([next(fixes)])
        tracker.await_durable(1)
        with Listener(quick_line.broker.address) as listener, held_commits(quick_line.url):
            over_s = time.monotonic() + HELD_S
            while time.monotonic() < over_s:  # each a batch of its own behind the one that is held
                before = len(listener.heads_of("kanazawa/seen"))
                tracker.live([next(fixes)])
                await_true(partial(is_seen_since, listener, before), "it is seen at once")
                time.sleep(HELD_S / 20)
            assert tracker.durable() == 1
        tracker.await_empty()
    assert_all_stored_once(tracker, quick_line.url)


def test_what_comes_again_of_a_boot_that_the_tracker_no_longer_holds_is_not_new(quick_line: Line, now_us: int) -> None:
    fixes = epochs_to_come(now_us)
    with quick_line.tracker("freed") as tracker, quick_line.service("ingest") as ingest:
        tracker.await_engine()
        tracker.live([next(fixes) for _ in range(10)])
        tracker.await_durable()
        tracker.start_again()
        tracker.tell_status()
        for number in (8, 3, 5):
            tracker.publish("log", tracker.all[1, number])
            tracker.live([next(fixes)])
            tracker.await_durable()
        ingest.kill()
        ingest.start()
        for number in (9, 2, 4):
            tracker.publish("log", tracker.all[1, number])
            tracker.live([next(fixes)])
            tracker.await_durable()
    assert_all_stored_once(tracker, quick_line.url)
    assert rows(quick_line.url, "select count(*) from quarantine") == [(0,)]
    assert "error" not in ingest.log_path.read_text()


def test_a_broker_that_starts_again_loses_nothing(mosquitto: RunningBroker, quick_line: Line, now_us: int) -> None:
    chance, fixes = random.Random(now_us), epochs_to_come(now_us)
    with quick_line.service("ingest"), quick_line.tracker("steady") as tracker:
        work_until_confirmed(tracker, fixes, 3, chance)
        mosquitto.restart()
        await_true(tracker.client.is_connected, "the tracker is connected again")
        work_until_confirmed(tracker, fixes, 3, chance)
        tracker.send_again()
        tracker.await_empty()
    assert_all_stored_once(tracker, quick_line.url)
