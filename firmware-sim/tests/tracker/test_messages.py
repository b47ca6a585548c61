"""The window of messages without PUBACK."""

from math import inf

from ploughsim.tracker.messages import PUBACK_WITHIN_S, WINDOW_LOG_MESSAGES, WINDOW_MESSAGES, Lane, Window


def test_the_window_has_a_bound() -> None:
    window = Window()
    sent = [window.launch(Lane.UP, b"x", 0.0) for _ in range(WINDOW_MESSAGES)]
    assert not window.has_room(Lane.STATUS)
    assert window.acknowledged(sent[3].number) is Lane.UP
    assert window.has_room(Lane.STATUS)


def test_the_backlog_leaves_room_for_what_is_live() -> None:
    window = Window()
    for _ in range(WINDOW_LOG_MESSAGES):
        window.launch(Lane.UP, b"x", 0.0)
    assert window.has_room(Lane.LOG)
    sent = [window.launch(Lane.LOG, b"x", 0.0) for _ in range(WINDOW_LOG_MESSAGES)]
    assert not window.has_room(Lane.LOG)
    assert window.has_room(Lane.UP)
    window.acknowledged(sent[0].number)
    assert window.has_room(Lane.LOG)


def test_a_puback_counts_once() -> None:
    window = Window()
    sent = window.launch(Lane.ACK, b"x", 0.0)
    assert window.acknowledged(sent.number) is Lane.ACK
    assert window.acknowledged(sent.number) is None


def test_a_puback_of_an_earlier_connection_is_none_of_ours() -> None:
    window = Window()
    earlier = window.launch(Lane.UP, b"x", 0.0)
    window.forget_all()
    later = window.launch(Lane.LOG, b"x", 1.0)
    assert window.acknowledged(earlier.number) is None
    assert window.acknowledged(later.number) is Lane.LOG


def test_the_oldest_message_without_puback_says_when_to_give_up() -> None:
    window = Window()
    assert window.gives_up_at() == inf
    first, _ = window.launch(Lane.UP, b"x", 5.0), window.launch(Lane.UP, b"x", 9.0)
    assert window.gives_up_at() == 5.0 + PUBACK_WITHIN_S
    window.acknowledged(first.number)
    assert window.gives_up_at() == 9.0 + PUBACK_WITHIN_S


def test_only_the_status_is_retained() -> None:
    window = Window()
    assert [lane for lane in Lane if window.launch(lane, b"", 0.0).retained] == [Lane.STATUS]
