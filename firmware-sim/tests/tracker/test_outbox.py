"""What is sent when, driven by hand with a hand-moved clock."""

import gzip
from itertools import pairwise
from math import inf

import pytest
from backports import zstd
from tracker.rows import FAMILY, row_of

from ploughsim.sentences.write import write_epoch
from ploughsim.tracker.assembler import Heard
from ploughsim.tracker.flash import MemoryFlash
from ploughsim.tracker.messages import WINDOW_LOG_MESSAGES, WINDOW_MESSAGES, Lane, Outgoing, Window
from ploughsim.tracker.outbox import FLIGHTS_MAX, LIVE_BYTES_MAX, MESSAGE_BYTES_MAX, Outbox
from ploughsim.tracker.recorder import Inputs, Recorder
from ploughsim.tracker.ring import Name, Ring
from ploughsim.tracker.settings import TrackerSettings

_LOG_FLIGHTS_MAX = 8


class Sender:
    """A ring and its outbox, with a broker that acknowledges at once unless told otherwise."""

    def __init__(self, flash: MemoryFlash | None = None, sectors: int = 60, **settings: object) -> None:
        self.flash = flash or MemoryFlash()
        self.ring = Ring(self.flash, 0, sectors, FAMILY)
        self.window = Window()
        chosen = {"epochs_per_message": 2, "message_wait_s": 1.0, "compression": "none"} | settings
        self.outbox = Outbox(self.ring, self.window, TrackerSettings(**chosen), seed=1)  # type: ignore[arg-type]
        self._recorder = Recorder(self.ring, FAMILY)

    def record(self, count: int, junk_bytes: int = 0) -> None:
        for _ in range(count):
            seq = self.ring.next_seq
            text = write_epoch(row_of(seq, boot=0, seq=0), FAMILY, own=False) + (
                b"x" * junk_bytes + b"\r\n" if junk_bytes else b""
            )
            self.outbox.take(self._recorder.record(Heard(text, b"", 1000 * seq), Inputs(blade=1)))

    def sent(self, now: float, *, acknowledge: bool = True) -> list[Outgoing]:
        sent = []
        while (message := self.outbox.next(now)) is not None:
            sent.append(message)
            if acknowledge:
                self.window.acknowledged(message.number)
        return sent

    def confirm(self, **of_boot: int) -> None:
        if self.ring.free({int(boot[1:]): seq for boot, seq in of_boot.items()}):
            self.outbox.confirmed()


def _names(message: Outgoing) -> list[Name]:
    lines = [line.split(b",") for line in message.payload.split(b"\r\n") if line.startswith(b"$PSNOW")]
    return [(int(line[1]), int(line[2])) for line in lines]


def _on(lane: Lane, messages: list[Outgoing]) -> list[list[Name]]:
    return [_names(message) for message in messages if message.lane is lane]


def _span(boot: int, first: int, last: int) -> list[Name]:
    return [(boot, seq) for seq in range(first, last + 1)]


def test_a_live_message_goes_out_when_it_is_full() -> None:
    sender = Sender(epochs_per_message=3)
    sender.outbox.connect()
    sender.record(2)
    assert sender.sent(0.0) == []
    sender.record(1)
    assert _on(Lane.UP, sender.sent(0.0)) == [_span(1, 1, 3)]


def test_a_live_message_goes_out_when_its_oldest_epoch_has_waited_long_enough() -> None:
    sender = Sender(epochs_per_message=3, message_wait_s=2.0)
    sender.outbox.connect()
    sender.record(1)
    assert sender.outbox.due(5.0) == 7.0
    sender.record(1)
    assert sender.sent(6.9) == []
    assert sender.outbox.due(6.9) == 7.0
    assert _on(Lane.UP, sender.sent(7.0)) == [_span(1, 1, 2)]
    assert sender.outbox.due(7.0) == 37.0


def test_a_link_too_slow_to_be_live_moves_epochs_to_the_log() -> None:
    sender = Sender()
    sender.outbox.connect()
    sender.record(25)
    sent = sender.sent(0.0)
    assert _on(Lane.UP, sent) == [_span(1, 16, 25)]
    assert _on(Lane.LOG, sent) == [_span(1, 1, 15)]


def test_long_epochs_make_shorter_live_messages() -> None:
    sender = Sender(epochs_per_message=10, message_wait_s=60)
    sender.outbox.connect()
    sent: list[Outgoing] = []
    for _ in range(12):
        sender.record(1, junk_bytes=500)
        sent += sender.sent(0.0)
    assert [len(names) for names in _on(Lane.UP, sent)] == [4, 4, 4]
    assert max(len(message.payload) for message in sent) <= LIVE_BYTES_MAX
    assert _on(Lane.LOG, sent) == []


def test_nothing_waits_to_be_live_without_a_connection() -> None:
    sender = Sender()
    sender.record(5)
    assert sender.outbox.due(0.0) == inf
    sender.outbox.connect()
    sent = sender.sent(0.0)
    assert (_on(Lane.UP, sent), _on(Lane.LOG, sent)) == ([], [_span(1, 1, 5)])


def test_on_connecting_everything_held_goes_out_on_the_log_oldest_first() -> None:
    first = Sender()
    first.record(3)
    sender = Sender(first.flash)
    sender.record(2)
    sender.outbox.connect()
    sender.record(2)
    sent = sender.sent(0.0)
    assert [message.lane for message in sent] == [Lane.UP, Lane.LOG]
    assert _on(Lane.LOG, sent) == [[*_span(1, 1, 3), *_span(2, 1, 2)]]


def test_a_new_connection_sends_again_what_was_not_confirmed() -> None:
    sender = Sender()
    sender.outbox.connect()
    sender.record(4)
    sender.sent(0.0)
    sender.confirm(b1=2)
    sender.outbox.disconnect()
    sender.record(1)
    sender.outbox.connect()
    assert _on(Lane.LOG, sender.sent(1.0)) == [_span(1, 3, 5)]


@pytest.mark.parametrize(("compression", "opened"), [("gzip", gzip.decompress), ("zstd", zstd.decompress)])
def test_the_backlog_is_compressed(compression: str, opened: object) -> None:
    sender, plain = Sender(compression=compression), Sender(compression="none", log_epochs=20)
    for one in (sender, plain):
        one.record(20)
        one.outbox.connect()
    (message,), (expected,) = sender.sent(0.0), plain.sent(0.0)
    assert callable(opened)
    assert opened(message.payload) == expected.payload
    assert len(message.payload) < len(expected.payload) / 2


def test_a_message_of_the_backlog_has_no_more_epochs_than_asked_for() -> None:
    sender = Sender(log_epochs=7, compression="gzip")
    sender.record(20)
    sender.outbox.connect()
    sizes = [len(_unzipped(message)) for message in sender.sent(0.0)]
    assert sizes == [7, 7, 6]


def _unzipped(message: Outgoing) -> list[Name]:
    return _names(Outgoing(lane=message.lane, payload=gzip.decompress(message.payload), number=0))


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_a_message_of_the_backlog_fits_into_memory(compression: str) -> None:
    sender = Sender(compression=compression, log_epochs=500)
    sender.record(400)
    sender.outbox.connect()
    sent = sender.sent(0.0)
    assert len(sent) > 1
    assert all(MESSAGE_BYTES_MAX // 2 < len(message.payload) <= MESSAGE_BYTES_MAX for message in sent[:-1])


def test_newest_first_sends_the_end_of_the_backlog_first() -> None:
    sender = Sender(log_order="newest", log_epochs=10)
    sender.record(25)
    sender.outbox.connect()
    assert _on(Lane.LOG, sender.sent(0.0)) == [_span(1, 16, 25), _span(1, 6, 15), _span(1, 1, 5)]


def test_newest_first_leaves_out_nothing_when_messages_are_cut_short() -> None:
    sender = Sender(log_order="newest", log_epochs=100)
    sender.record(100)
    sender.outbox.connect()
    sent = _on(Lane.LOG, sender.sent(0.0))
    assert sent[0][-1] == (1, 100)
    assert sorted(name for names in sent for name in names) == _span(1, 1, 100)
    assert len(sent) > 2


def test_interleaved_takes_turns() -> None:
    sender = Sender(log_order="interleaved", log_epochs=10)
    sender.record(35)
    sender.outbox.connect()
    assert _on(Lane.LOG, sender.sent(0.0)) == [_span(1, 1, 10), _span(1, 26, 35), _span(1, 11, 20), _span(1, 21, 25)]


def test_while_the_engine_is_away_no_more_of_the_backlog_is_sent() -> None:
    sender = Sender(log_epochs=10)
    sender.record(200)
    sender.outbox.connect()
    assert len(sender.sent(0.0)) == _LOG_FLIGHTS_MAX
    assert sender.outbox.due(0.0) == 30.0
    sender.confirm(b1=10)
    assert _on(Lane.LOG, sender.sent(1.0)) == [_span(1, 81, 90)]


def test_while_the_broker_is_slow_the_backlog_leaves_room_for_what_is_live() -> None:
    sender = Sender(log_epochs=10)
    sender.record(200)
    sender.outbox.connect()
    assert len(sender.sent(0.0, acknowledge=False)) == WINDOW_LOG_MESSAGES
    for _ in range(WINDOW_MESSAGES):
        sender.record(2)
        sender.sent(0.0, acknowledge=False)
    assert len(sender.window) == WINDOW_MESSAGES
    assert sender.outbox.due(0.0) == 30.0


def test_what_is_not_confirmed_within_30_seconds_goes_out_again_on_the_log_a_moment_later() -> None:
    sender = Sender(epochs_per_message=4)
    sender.outbox.connect()
    sender.record(4)
    sender.sent(10.0)
    sender.confirm(b1=1)
    assert sender.outbox.due(20.0) == 40.0
    assert sender.sent(40.0) == []
    again = sender.outbox.due(40.0)
    assert 40.5 <= again <= 41.0
    assert sender.sent(again - 0.01) == []
    assert _on(Lane.LOG, sender.sent(again)) == [_span(1, 2, 4)]


def test_an_engine_that_stays_away_is_tried_less_and_less_often() -> None:
    sender = Sender(message_wait_s=0)
    sender.outbox.connect()
    tries = []
    for now in range(3600):
        sender.record(1)
        if any(message.lane is Lane.LOG for message in sender.sent(float(now))):
            tries.append(now)
    waits = [later - earlier for earlier, later in pairwise(tries)]
    assert 8 < len(tries) < 40
    assert max(waits) > 150
    sender.confirm(b1=1)
    sender.record(1)
    assert _on(Lane.LOG, sender.sent(3600.0) + sender.sent(3601.0))


def test_what_was_confirmed_is_not_sent_again() -> None:
    sender = Sender()
    sender.outbox.connect()
    sender.record(4)
    sender.sent(0.0)
    sender.confirm(b1=4)
    assert sender.outbox.due(0.0) == inf
    assert sender.sent(3600.0) == []


def test_a_gap_holds_back_only_what_lies_above_it() -> None:
    sender = Sender()
    sender.outbox.connect()
    sender.record(6)
    sender.sent(0.0)
    sender.confirm(b1=2)
    sender.sent(30.0)
    assert _on(Lane.LOG, sender.sent(31.0)) == [_span(1, 3, 6)]
    sender.confirm(b1=6)
    assert sender.sent(99.0) == []


def test_overwritten_epochs_are_not_sent() -> None:
    sender = Sender(sectors=2, log_epochs=500, compression="gzip")
    sender.record(1)
    sender.outbox.connect()
    sender.outbox.disconnect()
    sender.outbox.connect()
    sender.record(400)
    names = [name for message in sender.sent(0.0) if message.lane is Lane.LOG for name in _unzipped(message)]
    assert sender.ring.overwritten > 200
    assert names == _span(1, sender.ring.oldest[1], 391)


def test_ten_epochs_a_second_do_not_fill_the_memory_while_the_engine_is_away() -> None:
    sender = Sender(epochs_per_message=1)
    sender.outbox.connect()
    for at in range(1000):
        sender.record(1)
        sender.sent(at / 10)
        assert sender.outbox.flights <= FLIGHTS_MAX
    sender.confirm(b1=1000)
    assert sender.outbox.flights == 0


def test_whatever_an_engine_has_lost_is_sent_again_without_another_connection() -> None:
    sender = Sender(epochs_per_message=1, compression="gzip")
    sender.outbox.connect()
    for at in range(1000):
        sender.record(1)
        sender.sent(at / 10)
    again: set[Name] = set()
    for now in range(100, 600, 5):
        again |= {name for message in sender.sent(float(now)) for name in _unzipped(message)}
        sender.confirm(b1=next(seq for seq in range(1, 1002) if (1, seq) not in again) - 1)
    assert sorted(again) == _span(1, 1, 1000)
    assert sender.ring.held == 0


@pytest.mark.parametrize("order", ["oldest", "newest", "interleaved"])
def test_nothing_is_sent_again_while_older_epochs_still_wait_for_their_first_time(order: str) -> None:
    """A backlog that takes more than a minute to send, beside live epochs, to an engine that confirms what it can."""
    sender = Sender(log_order=order, log_epochs=1, epochs_per_message=1)
    sender.record(300)
    sender.outbox.connect()
    sent: list[Name] = []
    for now in range(200):
        sender.record(1)
        messages = sender.sent(float(now), acknowledge=False)
        for message in messages:
            sender.window.acknowledged(message.number)
            sent += _names(message)
        sender.confirm(b1=next(seq for seq in range(1, 999) if (1, seq) not in set(sent)) - 1)
        if len(set(sent)) == sender.ring.next_seq - 1:
            break
    assert now > 60
    assert sorted(sent) == _span(1, 1, sender.ring.next_seq - 1)
    assert sender.ring.held == 0


@pytest.mark.parametrize(("order", "following"), [("newest", (51, 60)), ("interleaved", (21, 30))])
def test_a_pass_through_the_backlog_that_is_held_up_goes_on_where_it_was(
    order: str, following: tuple[int, int]
) -> None:
    sender = Sender(log_order=order, log_epochs=10)
    sender.record(100)
    sender.outbox.connect()
    messages = sender.sent(0.0, acknowledge=False)
    assert len(messages) == WINDOW_LOG_MESSAGES
    sender.confirm(b1=20 if order == "interleaved" else 0)
    assert sender.outbox.due(40.0) == inf
    for message in messages:
        sender.window.acknowledged(message.number)
    assert _on(Lane.LOG, sender.sent(40.0))[0] == _span(1, *following)


def test_newest_first_sends_everything_once_before_it_sends_anything_again() -> None:
    sender = Sender(log_order="newest", log_epochs=1, epochs_per_message=1)
    sender.record(200)
    sender.outbox.connect()
    sent = [name for now in range(60) for message in sender.sent(now / 10) for name in _names(message)]
    assert sorted(sent) == _span(1, 1, 200)
    assert sender.outbox.flights <= FLIGHTS_MAX
    again = sender.outbox.due(10.0)
    assert 30.0 <= again < 36.0
    sender.sent(36.0)
    assert _on(Lane.LOG, sender.sent(37.0))[0] == _span(1, 200, 200)
