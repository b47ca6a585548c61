"""The tracker's protocol, driven by hand with a hand-moved clock."""

from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest

from ploughsim.thin.flash import FileFlash
from ploughsim.thin.ring import Ring
from ploughsim.thin.tracker import FIRMWARE, Lane, Outgoing, SendingRules, Tracker

PowerUp = Callable[..., Tracker]


@pytest.fixture
def power_up(tmp_path: Path) -> Iterator[PowerUp]:
    """Each call is a new boot on the same flash."""
    flash = FileFlash(tmp_path / "ring")

    def start(*, slots: int = 5000, epochs_per_message: int = 2, message_wait_s: float = 1.0) -> Tracker:
        rules = SendingRules(epochs_per_message=epochs_per_message, message_wait_s=message_wait_s)
        return Tracker(Ring(flash, slots), rules)

    yield start
    flash.close()


def _record(tracker: Tracker, count: int, now: float = 0.0) -> None:
    for _ in range(count):
        tracker.record(b"$GPRMC,fix\r\n", uptime_ms=1000 * tracker.ring.next_seq, blade_down=True, now=now)


def _sent(tracker: Tracker, now: float) -> list[Outgoing]:
    return list(iter(lambda: tracker.next_message(now), None))


def _names(message: Outgoing) -> list[tuple[int, int]]:
    lines = [line.split(b",") for line in message.payload.split(b"\r\n") if line.startswith(b"$PSNOW")]
    return [(int(line[1]), int(line[2])) for line in lines]


def _epochs(messages: list[Outgoing], lane: Lane) -> list[list[tuple[int, int]]]:
    return [_names(message) for message in messages if message.lane is lane]


def _status(message: Outgoing) -> object:
    assert message.retained
    return orjson.loads(message.payload)


def _durable(**of_boot: int) -> bytes:
    return orjson.dumps([{"boot": int(boot[1:]), "seq": seq} for boot, seq in of_boot.items()])


def test_nothing_is_sent_without_a_connection(power_up: PowerUp) -> None:
    tracker = power_up()
    _record(tracker, 5)
    assert tracker.next_message(100.0) is None
    assert tracker.ring.held == 5


def test_the_first_word_is_the_status(power_up: PowerUp) -> None:
    tracker = power_up()
    tracker.connect(0.0)
    (message,) = _sent(tracker, 0.0)
    oldest = {"boot": 1, "seq": 1}
    assert message.lane is Lane.STATUS
    assert _status(message) == {"state": "online", "boot": 1, "oldest": oldest, "firmware": FIRMWARE}


def test_the_status_is_said_again_each_minute(power_up: PowerUp) -> None:
    tracker = power_up()
    tracker.connect(0.0)
    _sent(tracker, 0.0)
    assert tracker.due_at(0.0) == 60.0
    assert _sent(tracker, 59.9) == []
    assert [message.lane for message in _sent(tracker, 60.0)] == [Lane.STATUS]


def test_an_epoch_is_the_blade_and_then_the_fix(power_up: PowerUp) -> None:
    tracker = power_up(epochs_per_message=1)
    tracker.connect(0.0)
    _record(tracker, 1)
    assert _sent(tracker, 0.0)[1].payload == b"$PSNOW,1,1,1000,D*10\r\n$GPRMC,fix\r\n"


def test_a_live_message_goes_out_when_it_is_full(power_up: PowerUp) -> None:
    tracker = power_up(epochs_per_message=3)
    tracker.connect(0.0)
    _record(tracker, 2)
    assert _epochs(_sent(tracker, 0.0), Lane.LIVE) == []
    _record(tracker, 1)
    assert _epochs(_sent(tracker, 0.0), Lane.LIVE) == [[(1, 1), (1, 2), (1, 3)]]


def test_a_live_message_goes_out_when_its_oldest_epoch_has_waited_long_enough(power_up: PowerUp) -> None:
    tracker = power_up(epochs_per_message=3)
    tracker.connect(0.0)
    _sent(tracker, 0.0)
    _record(tracker, 1, now=5.0)
    _record(tracker, 1, now=5.9)
    assert tracker.due_at(5.9) == 6.0
    assert _epochs(_sent(tracker, 6.0), Lane.LIVE) == [[(1, 1), (1, 2)]]


def test_a_link_too_slow_to_be_live_moves_epochs_to_the_log(power_up: PowerUp) -> None:
    tracker = power_up()
    tracker.connect(0.0)
    _record(tracker, 25)
    sent = _sent(tracker, 0.0)
    live, log = _epochs(sent, Lane.LIVE), _epochs(sent, Lane.LOG)
    assert [len(epochs) for epochs in live] == [5]
    assert log == [[(1, seq) for seq in range(1, 21)]]


def test_on_connecting_everything_held_goes_out_on_the_log_oldest_first(power_up: PowerUp) -> None:
    _record(power_up(), 3)
    tracker = power_up()
    _record(tracker, 2)
    tracker.connect(0.0)
    _record(tracker, 2)
    sent = _sent(tracker, 0.0)
    assert [message.lane for message in sent] == [Lane.STATUS, Lane.LIVE, Lane.LOG]
    assert _epochs(sent, Lane.LOG) == [[(1, 1), (1, 2), (1, 3), (2, 1), (2, 2)]]
    assert _epochs(sent, Lane.LIVE) == [[(2, 3), (2, 4)]]


def test_a_new_connection_sends_again_what_was_not_confirmed(power_up: PowerUp) -> None:
    tracker = power_up()
    tracker.connect(0.0)
    _record(tracker, 4)
    _sent(tracker, 0.0)
    assert tracker.on_durable(_durable(b1=2))
    tracker.disconnect()
    _record(tracker, 1)
    tracker.connect(1.0)
    assert _epochs(_sent(tracker, 1.0), Lane.LOG) == [[(1, 3), (1, 4), (1, 5)]]


def test_log_payloads_and_the_window_are_bounded(power_up: PowerUp) -> None:
    tracker = power_up()
    _record(tracker, 3100)
    tracker.connect(0.0)
    sent = _sent(tracker, 0.0)
    assert [len(epochs) for epochs in _epochs(sent, Lane.LOG)] == [500] * 4
    assert max(len(message.payload) for message in sent) <= 256 * 1024
    assert tracker.on_durable(_durable(b1=700))
    assert _epochs(_sent(tracker, 1.0), Lane.LOG) == [[(1, seq) for seq in range(2001, 2501)]]


def test_what_is_not_confirmed_within_30_seconds_goes_out_again_on_the_log(power_up: PowerUp) -> None:
    tracker = power_up()
    tracker.connect(0.0)
    _sent(tracker, 0.0)
    _record(tracker, 4, now=10.0)
    _sent(tracker, 10.0)
    tracker.on_durable(_durable(b1=1))
    assert tracker.due_at(20.0) == 40.0
    assert _sent(tracker, 39.9) == []
    assert _epochs(_sent(tracker, 40.0), Lane.LOG) == [[(1, 2), (1, 3), (1, 4)]]
    assert tracker.due_at(40.0) == 60.0
    assert _epochs(_sent(tracker, 70.0), Lane.LOG) == [[(1, 2), (1, 3), (1, 4)]]


def test_what_was_confirmed_is_not_sent_again(power_up: PowerUp) -> None:
    tracker = power_up()
    tracker.connect(0.0)
    _record(tracker, 4)
    _sent(tracker, 0.0)
    assert tracker.on_durable(_durable(b1=4))
    assert tracker.ring.held == 0
    assert _epochs(_sent(tracker, 59.0), Lane.LOG) == []


def test_a_gap_holds_back_only_what_lies_above_it(power_up: PowerUp) -> None:
    tracker = power_up()
    tracker.connect(0.0)
    _record(tracker, 6)
    _sent(tracker, 0.0)
    assert tracker.on_durable(_durable(b1=2))
    assert _epochs(_sent(tracker, 30.0), Lane.LOG) == [[(1, 3), (1, 4), (1, 5), (1, 6)]]
    assert tracker.on_durable(_durable(b1=6))
    assert _sent(tracker, 59.0) == []


def test_boots_are_confirmed_apart(power_up: PowerUp) -> None:
    _record(power_up(), 5)
    tracker = power_up()
    _record(tracker, 5)
    tracker.connect(0.0)
    _sent(tracker, 0.0)
    assert tracker.on_durable(_durable(b1=2, b2=4))
    assert tracker.ring.held == 4
    assert _epochs(_sent(tracker, 30.0), Lane.LOG) == [[(1, 3), (1, 4), (1, 5), (2, 5)]]
    assert tracker.on_durable(_durable(b2=5))
    assert tracker.ring.oldest == (1, 3)
    assert tracker.on_durable(_durable(b1=5, b2=5))
    assert tracker.ring.oldest == (2, 6)


def test_what_is_confirmed_stays_confirmed_over_a_restart(power_up: PowerUp) -> None:
    tracker = power_up()
    _record(tracker, 5)
    tracker.connect(0.0)
    assert tracker.on_durable(_durable(b1=3))
    again = power_up()
    again.connect(0.0)
    sent = _sent(again, 0.0)
    assert _epochs(sent, Lane.LOG) == [[(1, 4), (1, 5)]]


def test_the_status_names_the_oldest_epoch_that_was_not_overwritten(power_up: PowerUp) -> None:
    tracker = power_up(slots=100)
    _record(tracker, 130)
    tracker.connect(0.0)
    sent = _sent(tracker, 0.0)
    status = _status(sent[0])
    assert isinstance(status, dict)
    assert status["oldest"] == {"boot": 1, "seq": 31}
    assert tracker.ring.overwritten == 30
    assert _epochs(sent, Lane.LOG) == [[(1, seq) for seq in range(31, 131)]]


def test_overwritten_epochs_are_not_sent_again(power_up: PowerUp) -> None:
    tracker = power_up(slots=100)
    tracker.connect(0.0)
    _record(tracker, 10)
    _sent(tracker, 0.0)
    tracker.disconnect()
    tracker.connect(1.0)
    for _ in range(11):
        _record(tracker, 10, now=1.0)
        tracker.next_message(1.0)
    assert all(seq > 20 for epochs in _epochs(_sent(tracker, 1.0), Lane.LOG) for _, seq in epochs)


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
        b"\xff",
    ],
)
def test_a_confirmation_that_is_none_frees_nothing(power_up: PowerUp, payload: bytes) -> None:
    tracker = power_up()
    _record(tracker, 3)
    assert not tracker.on_durable(payload)
    assert tracker.ring.held == 3


def test_a_confirmation_of_what_was_never_written_frees_nothing(power_up: PowerUp) -> None:
    tracker = power_up()
    _record(tracker, 3)
    assert not tracker.on_durable(_durable(b1=4))
    assert not tracker.on_durable(_durable(b2=1))
    _record(tracker, 3)
    assert tracker.ring.held == 6
