"""The tracker's machines joined, driven by hand with a hand-moved clock."""

from math import inf
from pathlib import Path

import orjson
import pytest
from tracker.rows import FAMILY, row_of

from ploughsim.sentences.families import ALL_KINDS, KEPT_KINDS
from ploughsim.sentences.write import write_epoch
from ploughsim.tracker.configuration import Configuration, Kept
from ploughsim.tracker.flash import FileFlash, MemoryFlash
from ploughsim.tracker.messages import WINDOW_MESSAGES, Lane, Outgoing
from ploughsim.tracker.recorder import Inputs
from ploughsim.tracker.settings import TrackerSettings
from ploughsim.tracker.tracker import DURABLE_BYTES_MAX, FIRMWARE, OFFLINE, Tracker


def _tracker(flash: MemoryFlash | None = None, seed: int = 1, **settings: object) -> Tracker:
    chosen = {"compression": "none", "ring_hours": 1.0} | settings
    return Tracker(flash or MemoryFlash(), TrackerSettings(**chosen), FAMILY, seed)  # type: ignore[arg-type]


def _text(number: int, kinds: int = ALL_KINDS, step_ms: int = 1000) -> bytes:
    row = row_of(number, boot=0, seq=0)
    row["clock_ms"] = 55_800_000 + number * step_ms
    return write_epoch(row, FAMILY, own=False, kinds=kinds)


def _hear(tracker: Tracker, count: int, *, step_ms: int = 1000) -> list[int]:
    start = tracker.ring.next_seq
    numbers = range(start, start + count)
    return [seq for at in numbers for _, seq in tracker.hear(_text(at, step_ms=step_ms), at * step_ms, Inputs(blade=1))]


def _sent(tracker: Tracker, now: float) -> list[Outgoing]:
    """And acknowledged."""
    sent = []
    while (message := tracker.next(now)) is not None:
        sent.append(message)
        tracker.acknowledged(message.number, now)
    return sent


def _status(message: Outgoing) -> dict[str, object]:
    assert message.lane is Lane.STATUS
    assert message.retained
    status = orjson.loads(message.payload)
    assert isinstance(status, dict)
    return status


def _durable(*marks: tuple[int, int]) -> bytes:
    return orjson.dumps([{"boot": boot, "seq": seq} for boot, seq in marks])


def test_an_epoch_is_the_trackers_sentence_and_then_the_receivers() -> None:
    tracker = _tracker(epochs_per_message=1)
    tracker.connected(0.0)
    assert _hear(tracker, 1) == [1]
    assert _sent(tracker, 0.0)[1].payload == b"$PSNOW,1,1,1000,D,,,,,,,,0*20\r\n" + _text(1, KEPT_KINDS)


def test_raw_storage_keeps_everything_that_the_receiver_says() -> None:
    tracker = _tracker(epochs_per_message=1, storage="raw")
    tracker.connected(0.0)
    assert _hear(tracker, 1) == [1]
    assert _sent(tracker, 0.0)[1].payload.endswith(b"0*20\r\n" + _text(1))


def test_a_tracker_whose_flash_is_a_file_is_found_again(tmp_path: Path) -> None:
    flash = FileFlash(tmp_path / "plough.flash")
    settings = TrackerSettings(ring_hours=1.0, storage="raw")
    tracker = Tracker(flash, settings, FAMILY, seed=1)
    _hear(tracker, 100)
    tracker.on_message(Lane.DOWN, b'{"id":"s-1","settings":{"rate_hz":5}}', 0.0)
    flash.close()
    flash = FileFlash(tmp_path / "plough.flash")
    again = Tracker(flash, settings, FAMILY, seed=1)
    assert (again.ring.boot, again.ring.held, again.settings.rate_hz) == (2, 100, 5)
    flash.close()


def test_nothing_is_sent_without_a_connection() -> None:
    tracker = _tracker()
    _hear(tracker, 5)
    assert tracker.next(100.0) is None
    assert tracker.due(100.0) == inf
    assert tracker.ring.held == 5


def test_the_first_word_is_the_status() -> None:
    flash = MemoryFlash()
    _hear(_tracker(flash), 3)
    tracker = _tracker(flash)
    tracker.on_message(Lane.DURABLE, _durable((1, 1)), 0.0)
    tracker.connected(5.0)
    assert tracker.due(5.0) == 5.0
    assert _status(_sent(tracker, 5.0)[0]) == {
        "state": "online",
        "boot": 2,
        "oldest": {"boot": 1, "seq": 2},
        "firmware": FIRMWARE,
        "uptime": 0,
        "held": 2,
        "overwritten": 0,
        "unreadable": 0,
        "wear": 1,
        "restarts": 0,
        "dropped_bytes": 0,
        "ignored_orders": 0,
    }


def test_the_status_is_said_again_after_its_interval() -> None:
    tracker = _tracker(status_interval_s=20.0)
    tracker.connected(0.0)
    _sent(tracker, 0.0)
    assert tracker.due(0.0) == 20.0
    assert _sent(tracker, 19.9) == []
    assert [message.lane for message in _sent(tracker, 20.0)] == [Lane.STATUS]


def test_the_last_will_says_that_it_is_offline() -> None:
    assert OFFLINE == b'{"state":"offline"}'


def test_what_is_confirmed_is_freed_and_stays_so_when_its_sector_is_full() -> None:
    flash = MemoryFlash()
    tracker = _tracker(flash)
    _hear(tracker, 200)
    tracker.on_message(Lane.DURABLE, _durable((1, 180)), 0.0)
    assert (tracker.ring.held, tracker.ring.oldest) == (20, (1, 181))
    assert _tracker(flash).ring.oldest == (1, 181)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"null",
        b'{"boot":1,"seq":9}',
        b"[1]",
        b'[{"boot":1}]',
        b'[{"boot":1,"seq":"2"}]',
        b'[{"boot":true,"seq":1}]',
        b'[{"boot":1,"seq":-1}]',
        b'[{"boot":1,"seq":2.5}]',
        b'[{"boot":1,"seq":1},{"boot":1}]',
        _durable((1, 4)),
        _durable((2, 1)),
        _durable((1, 1)).ljust(DURABLE_BYTES_MAX + 1),
        b"\xff",
    ],
)
def test_a_confirmation_that_is_none_or_of_what_was_never_written_frees_nothing(payload: bytes) -> None:
    tracker = _tracker()
    _hear(tracker, 3)
    tracker.on_message(Lane.DURABLE, payload, 0.0)
    assert tracker.ring.held == 3


def test_what_comes_on_other_topics_is_ignored() -> None:
    tracker = _tracker()
    _hear(tracker, 3)
    for lane in (Lane.UP, Lane.LOG, Lane.STATUS, Lane.ACK):
        tracker.on_message(lane, _durable((1, 3)), 0.0)
    assert tracker.ring.held == 3


def test_it_connects_at_once_and_then_later_and_later() -> None:
    tracker = _tracker()
    assert tracker.connect_at(3.0) == 3.0
    for longest_s in (1, 2, 4, 8):
        tracker.disconnected(100.0)
        assert 100 + longest_s / 2 < tracker.connect_at(100.0) <= 100 + longest_s
    assert tracker.connect_at(200.0) == 200.0


def test_a_connection_of_which_nothing_came_is_no_success() -> None:
    tracker = _tracker()
    for _ in range(4):
        tracker.disconnected(0.0)
    tracker.connected(10.0)
    tracker.disconnected(10.0)
    assert tracker.connect_at(10.0) > 18.0
    tracker.connected(30.0)
    _sent(tracker, 30.0)
    tracker.disconnected(30.0)
    assert tracker.connect_at(30.0) <= 31.0


def test_trackers_that_lost_their_network_together_do_not_come_back_in_step() -> None:
    trackers = [_tracker(seed=seed) for seed in range(20)]
    for tracker in trackers:
        tracker.disconnected(0.0)
    assert len({tracker.connect_at(0.0) for tracker in trackers}) == 20


def test_a_connection_without_pubacks_is_given_up_after_20_seconds() -> None:
    tracker = _tracker()
    tracker.connected(0.0)
    message = tracker.next(0.0)
    assert message is not None
    assert tracker.due(0.0) == 20.0
    assert not tracker.gives_up(19.9)
    assert tracker.gives_up(20.0)
    tracker.acknowledged(message.number, 20.0)
    assert not tracker.gives_up(20.0)


def test_a_puback_of_nothing_is_no_success() -> None:
    tracker = _tracker(watchdog_min=1)
    for _ in range(4):
        tracker.disconnected(0.0)
    tracker.connected(10.0)
    assert not tracker.restart_if_stuck(0.0)
    tracker.acknowledged(999, 59.0)
    assert tracker.restart_if_stuck(60.0)
    tracker.disconnected(60.0)
    assert tracker.connect_at(60.0) > 68.0


def test_a_new_connection_begins_with_an_empty_window() -> None:
    tracker = _tracker(epochs_per_message=1)
    tracker.connected(0.0)
    for _ in range(WINDOW_MESSAGES + 1):
        _hear(tracker, 1)
        tracker.next(0.0)
    tracker.disconnected(19.0)
    tracker.connected(21.0)
    assert not tracker.gives_up(21.0)
    assert [message.lane for message in _sent(tracker, 21.0)] == [Lane.STATUS, Lane.LOG]


def test_no_more_than_a_window_of_messages_waits_for_pubacks() -> None:
    tracker = _tracker(epochs_per_message=1)
    tracker.connected(0.0)
    numbers = []
    for _ in range(WINDOW_MESSAGES + 5):
        _hear(tracker, 1)
        if (message := tracker.next(0.0)) is not None:
            numbers.append(message.number)
    assert len(numbers) == WINDOW_MESSAGES
    assert tracker.due(0.0) == 20.0
    tracker.acknowledged(numbers[0], 0.0)
    assert tracker.next(0.0) is not None


def test_an_order_is_answered_before_live_epochs_go_on() -> None:
    tracker = _tracker(epochs_per_message=1, driver_answer_s=0.0, driver_refuses=0.0)
    tracker.connected(0.0)
    _hear(tracker, 3)
    tracker.on_message(Lane.DOWN, b'{"id":"o-1","order":{}}', 0.0)
    sent = _sent(tracker, 0.0)
    assert [message.lane for message in sent] == [Lane.STATUS, Lane.ACK, Lane.ACK, Lane.UP]
    assert sent[1].payload == b'{"id":"o-1","boot":1,"uptime":3000,"state":"received"}'
    assert sent[2].payload == b'{"id":"o-1","boot":1,"uptime":3000,"state":"accepted"}'


def test_a_driver_of_a_scenario_in_which_all_refuse_refuses() -> None:
    tracker = _tracker(driver_answer_s=10.0, driver_refuses=1.0)
    tracker.connected(0.0)
    tracker.on_message(Lane.DOWN, b'{"id":"o-1","order":{}}', 0.0)
    assert len(_sent(tracker, 0.0)) == 2
    assert 5.0 <= tracker.due(0.0) <= 20.0
    (answer,) = _sent(tracker, 20.0)
    assert orjson.loads(answer.payload)["state"] == "refused"


def test_an_answer_without_puback_is_said_again_on_the_next_connection() -> None:
    tracker = _tracker(driver_answer_s=60.0)
    tracker.connected(0.0)
    _sent(tracker, 0.0)
    tracker.on_message(Lane.DOWN, b'{"id":"o-1","order":{}}', 0.0)
    assert tracker.due(0.0) == 0.0
    first = tracker.next(0.0)
    assert first is not None
    tracker.disconnected(1.0)
    tracker.connected(2.0)
    assert [message.payload for message in _sent(tracker, 2.0) if message.lane is Lane.ACK] == [first.payload]


def test_settings_that_came_over_the_network_work_at_once_and_after_a_reboot() -> None:
    flash = MemoryFlash()
    tracker = _tracker(flash, epochs_per_message=10, message_wait_s=60.0)
    tracker.connected(0.0)
    _hear(tracker, 3)
    assert [message.lane for message in _sent(tracker, 0.0)] == [Lane.STATUS]
    tracker.on_message(Lane.DOWN, b'{"id":"s-1","settings":{"epochs_per_message":3}}', 0.0)
    sent = _sent(tracker, 0.0)
    assert [message.lane for message in sent] == [Lane.ACK, Lane.UP]
    assert orjson.loads(sent[0].payload)["state"] == "accepted"
    tracker.on_message(Lane.DOWN, b'{"id":"s-2","settings":{"status_interval_s":7}}', 0.0)
    again = _tracker(flash, epochs_per_message=10)
    assert (again.settings.epochs_per_message, again.settings.status_interval_s) == (3, 7)


def test_wrong_settings_change_nothing() -> None:
    flash = MemoryFlash()
    tracker = _tracker(flash)
    tracker.connected(0.0)
    _sent(tracker, 0.0)
    tracker.on_message(Lane.DOWN, b'{"id":"s-1","settings":{"rate_hz":1,"epochs_per_message":99}}', 0.0)
    (answer,) = _sent(tracker, 0.0)
    assert orjson.loads(answer.payload)["why"] == "epochs_per_message: expected a whole number from 1 to 10"
    assert tracker.settings.rate_hz == _tracker(flash).settings.rate_hz == 10


@pytest.mark.parametrize(
    ("rate_hz", "kept"), [(1, [1, 6]), (2, [1, 4, 6, 9]), (5, [*range(1, 11)]), (10, [*range(1, 11)])]
)
def test_of_the_epochs_of_a_second_the_rate_says_how_many_are_kept(rate_hz: int, kept: list[int]) -> None:
    """Five of them come, at full fifths."""
    tracker = _tracker(rate_hz=rate_hz, epochs_per_message=10, message_wait_s=0)
    tracker.connected(0.0)
    for number in range(10):
        tracker.hear(_text(number, step_ms=200), 0, Inputs())
    (_, message) = _sent(tracker, 60.0)
    times = [line.split(b",")[1] for line in message.payload.split(b"\r\n") if line[3:6] == b"RMC"]
    assert times == [_text(number - 1, step_ms=200).split(b",")[1] for number in kept]


def test_epochs_without_a_time_of_day_are_thinned_by_uptime() -> None:
    tracker = _tracker(rate_hz=1)
    void = b"$GPRMC,,V,,,,,,,,,,N*53\r\n$GPGGA,,,,,,0,00,99.99,,,,,,*48\r\n"
    written = [tracker.hear(void, 100 * at, Inputs()) for at in range(21)]
    assert [at for at, seqs in enumerate(written) if seqs] == [0, 10, 20]


def test_a_tracker_without_pubacks_is_restarted_by_its_watchdog_and_that_is_counted() -> None:
    flash = MemoryFlash()
    tracker = _tracker(flash, watchdog_min=10)
    tracker.connected(0.0)
    assert not tracker.restart_if_stuck(0.0)
    _sent(tracker, 100.0)
    assert not tracker.restart_if_stuck(699.9)
    assert tracker.restart_if_stuck(700.0)
    again = _tracker(flash, watchdog_min=10)
    again.connected(0.0)
    status = _status(_sent(again, 0.0)[0])
    assert (status["restarts"], status["boot"]) == (1, 2)


def test_a_tracker_without_a_receiver_is_restarted_by_its_watchdog() -> None:
    tracker = _tracker(watchdog_min=10)
    tracker.connected(0.0)
    tracker.hear(b"", 0, Inputs())
    tracker.hear(b"$", 60_000, Inputs())
    _sent(tracker, 600.0)
    tracker.hear(b"", 659_000, Inputs())
    assert not tracker.restart_if_stuck(600.0)
    tracker.hear(b"", 660_000, Inputs())
    assert tracker.restart_if_stuck(600.0)


def test_a_restart_by_the_watchdog_keeps_the_settings() -> None:
    flash = MemoryFlash()
    tracker = _tracker(flash, watchdog_min=1)
    tracker.on_message(Lane.DOWN, b'{"id":"s-1","settings":{"rate_hz":5}}', 0.0)
    tracker.restart_if_stuck(0.0)
    assert tracker.restart_if_stuck(60.0)
    assert _tracker(flash).settings.rate_hz == 5


def test_settings_of_an_older_firmware_that_are_none_any_more_are_left_out() -> None:
    flash = MemoryFlash()
    Configuration(flash).keep(Kept(settings={"colour": "red"}))
    assert _tracker(flash).settings.rate_hz == 10
