"""Acknowledged means durable: what trackers are told, and what never stops ingest. Each test takes its own device."""

import orjson
import pytest

from tests.services.epochs import SECOND_US, Fix, blade, epoch, rmc, sentence
from tests.services.line import Line
from tests.services.waiting import await_true
from tests.store.databases import rows

pytestmark = pytest.mark.slow
STORED = "select boot, seq from {} join device using (device) where name = %s order by boot, seq"


def stored(line: Line, device: str, table: str = "fix") -> list[tuple[int, int]]:
    return [(boot, seq) for boot, seq in rows(line.url, STORED.format(table), device)]


def seconds(now_us: int, count: int) -> list[Fix]:
    return [Fix(time_us=now_us - (count - at) * SECOND_US) for at in range(count)]


def test_live_and_backlog_epochs_are_confirmed_and_stored_once(shared_line: Line, now_us: int) -> None:
    with shared_line.tracker("both") as tracker:
        fixes = seconds(now_us, 20)
        tracker.live(fixes[:5])
        tracker.record(fixes[5:15])
        tracker.live(fixes[15:])
        tracker.await_durable(5)
        tracker.send_again(at_once=4)
        tracker.await_empty()
    assert stored(shared_line, "both") == [(1, seq) for seq in range(1, 21)]
    tracker.assert_word_kept()


def test_a_duplicate_is_dropped_and_the_confirmation_repeated(shared_line: Line, now_us: int) -> None:
    with shared_line.tracker("twice") as tracker:
        payload = b"".join(tracker.record(seconds(now_us, 3)))
        tracker.publish("up", payload)
        tracker.await_durable()
        said = len(tracker.news)
        tracker.publish("log", payload)
        await_true(lambda: len(tracker.news) > said, "the confirmation is repeated")
        assert tracker.durable() == 3
    assert stored(shared_line, "twice") == [(1, 1), (1, 2), (1, 3)]


def test_the_confirmation_is_retained_for_a_tracker_that_comes_later(shared_line: Line, now_us: int) -> None:
    with shared_line.tracker("later") as tracker:
        tracker.live(seconds(now_us, 3))
        tracker.await_durable()
    with shared_line.tracker("later") as again:
        await_true(lambda: again.durable(1) == 3, "the retained confirmation comes")


def test_a_gap_holds_the_confirmation_until_the_tracker_says_that_it_holds_nothing_older(
    shared_line: Line, now_us: int
) -> None:
    with shared_line.tracker("gap") as tracker:
        one, two, _, *rest = tracker.record(seconds(now_us, 6))
        tracker.publish("up", one + two + b"".join(rest))
        tracker.await_durable(2)
        assert tracker.durable() == 2
        tracker.lost = 1
        del tracker.ring[1, 3]
        tracker.tell_status()
        tracker.await_durable(6)
    tracker.assert_word_kept()


def test_a_gap_is_passed_over_when_it_was_sent_three_times_and_cannot_be_read(shared_line: Line, now_us: int) -> None:
    with shared_line.tracker("unreadable") as tracker:
        good = tracker.record(seconds(now_us, 4))
        tracker.lost = 1
        payload = good[0] + good[1].replace(b"PSNOW", b"PSN0W") + b"".join(good[2:])
        tracker.publish("up", payload)
        tracker.await_durable(1)
        for sent in range(1, 4):
            assert tracker.durable() == 1, f"passed over after {sent} times"
            said = len(tracker.news)
            tracker.publish("log", payload)
            await_true(lambda said=said: len(tracker.news) > said, "the confirmation is repeated")  # type: ignore[misc]
        tracker.await_durable(4)


def test_void_and_undated_epochs_count_as_stored(shared_line: Line, now_us: int) -> None:
    with shared_line.tracker("void") as tracker:
        void = [blade(1, seq) + sentence("GPRMC,,V,,,,,,,,,,N") for seq in (1, 2)]
        tracker.publish("up", void[0] + void[1] + epoch(1, 3, Fix(time_us=now_us)) + blade(1, 4))
        tracker.await_durable(4)
    assert stored(shared_line, "void") == [(1, 3)]
    assert stored(shared_line, "void", "fix_undated") == [(1, 1), (1, 2), (1, 4)]


def test_each_boot_that_may_still_be_held_is_confirmed(shared_line: Line, now_us: int) -> None:
    with shared_line.tracker("boots") as tracker:
        fixes = seconds(now_us, 9)
        tracker.live(fixes[:3])
        tracker.start_again()
        tracker.live(fixes[3:])
        tracker.await_durable()
        assert tracker.news[-1] == [{"boot": 1, "seq": 3}, {"boot": 2, "seq": 6}]
        tracker.tell_status()
        await_true(lambda: tracker.news[-1] == [{"boot": 2, "seq": 6}], "the freed boot is left out")


@pytest.mark.parametrize("dated", [True, False])
def test_a_copy_of_a_freed_boot_stops_nothing_and_is_not_stored_again(
    shared_line: Line, now_us: int, *, dated: bool
) -> None:
    """A broker may deliver once more what was committed long ago, after the tracker has freed it."""
    device = f"copy-{dated}"
    with shared_line.tracker(device) as tracker:
        fixes = seconds(now_us, 3) if dated else [Fix(time_us=at * SECOND_US) for at in range(3)]
        payload = b"".join(tracker.record(fixes))
        tracker.publish("log", payload)
        tracker.await_durable(3)
        tracker.start_again()
        tracker.tell_status()
        await_true(lambda: [entry["boot"] for entry in tracker.news[-1]] == [2], "boot 1 is freed")
        tracker.publish("log", payload)
        tracker.live([Fix(time_us=now_us)])
        tracker.await_durable(1)
    everything = stored(shared_line, device) + stored(shared_line, device, "fix_undated")
    assert sorted(everything) == [(1, 1), (1, 2), (1, 3), (2, 1)]


def test_epochs_without_numbers_are_known_by_their_bytes(shared_line: Line, now_us: int) -> None:
    with shared_line.tracker("plain") as tracker:
        lines = [rmc(fix) for fix in seconds(now_us, 4)]
        for payload in (lines[0] + lines[1], lines[1] + lines[2] + lines[2], b"".join(lines)):
            tracker.publish("up", payload)
        await_true(lambda: len(stored(shared_line, "plain")) == 4, "all four are stored")
        tracker.publish("up", b"".join(lines))
        tracker.publish("up", epoch(1, 1, Fix(time_us=now_us)))
        tracker.await_durable(1)
    assert stored(shared_line, "plain") == [(0, 0)] * 4 + [(1, 1)]


NO_NUMBERS: list[tuple[object, object]] = [
    (True, True),
    (None, None),
    ("1", "1"),
    (1.5, 1),
    (0, 0),
    (-1, -1),
    (2**63, 2**63),
    (2**40, 1),
    (1, 2**60),
    ({}, []),
]
GARBAGE_STATUS: list[bytes] = [
    b"",
    b"\xff\xfe",
    b"null",
    b"[]",
    b"7",
    b"{}",
    b'{"oldest": null}',
    b'{"oldest": []}',
    *(orjson.dumps({"state": "online", "boot": 1, "oldest": {"boot": boot, "seq": seq}}) for boot, seq in NO_NUMBERS),
    b"[" * 5000,
]
GARBAGE_EPOCHS: list[bytes] = [
    b"",
    b"\x00" * 300,
    b"\xff" * 1000,
    b"$",
    b"$*00",
    b"hello",
    sentence("PSNOW,4294967295,9007199254740991,9007199254740991,D"),
    sentence("PSNOW,4294967296,1,1,D"),
    sentence("PSNOW,1,9007199254740992,1,D"),
    sentence("PSNOW,,,,"),
    sentence("PSNOW,٣,1,1,D"),
    sentence("GPRMC,235960.999999999,A,9000.000,N,18000.0000,E,9999999999,360.0,311299,,,A"),
    sentence("GPRMC,120000,A,9000.000,S,18000.0000,W,0,0,010180,,,A"),
    sentence("GPRMC,120000,A,9000.000,S,18000.0000,W,0,0,311279,,,A"),
    sentence("GPRMC,120000,A,9060.000,N,18000.0000,E,0,0,300226,,,A"),
    sentence("GPGGA,120000,3634.0000,N,13639.0000,E,8,999,21474836.47,100000.0,M,,M,,"),
    sentence("GPGGA,120000,3634.0000,N,13639.0000,E,1,12,0.9,-1000.0,M,,M,,"),
    sentence("GPGGA,120000,3634.0000,N"),
    b"$GPRMC,1" * 40_000,
    b"\n" * 300_000,
]


def test_garbage_never_stops_ingest(shared_line: Line, now_us: int) -> None:
    """Whatever a device says, it and all others are heard."""
    with shared_line.tracker("garbage") as garbage, shared_line.tracker("neighbour") as neighbour:
        for payload in GARBAGE_STATUS:
            garbage.publish("status", payload)
        for payload in GARBAGE_EPOCHS:
            garbage.publish("up", payload)
            garbage.publish("log", payload)
        garbage.client.publish("snow/v1/a b/c/up", b"x", qos=1).wait_for_publish(10)
        garbage.client.publish("snow/v1/雪/c/status", b"x", qos=1).wait_for_publish(10)
        garbage.publish("status", b"", retain=True)
        neighbour.live(seconds(now_us, 3))
        neighbour.await_durable(3)
        garbage.boot = 77
        garbage.live(seconds(now_us, 3))
        garbage.await_durable(3)
    assert stored(shared_line, "neighbour") == [(1, 1), (1, 2), (1, 3)]
    assert [key for key in stored(shared_line, "garbage") if key[0] == 77] == [(77, 1), (77, 2), (77, 3)]
