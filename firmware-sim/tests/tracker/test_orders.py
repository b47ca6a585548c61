"""Orders and settings that come on `down`, and what is said to them on `ack`."""

from math import inf
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ploughsim.tracker.orders import (
    ANSWERS_MAX,
    BYTES_MAX,
    DOWN_BYTES_MAX,
    DRIVERS_ORDERS_MAX,
    IDS_MAX,
    Driver,
    Orders,
    State,
)


def _orders(*, answer_s: float = 10.0, refuses: float = 0.0, configured: list[dict[str, Any]] | None = None) -> Orders:
    def configure(values: dict[str, Any]) -> str | None:
        if "bad" in values:
            return "unknown key bad"
        if configured is not None:
            configured.append(values)
        return None

    return Orders(Driver(answer_s, refuses, seed=1), configure, lambda: (7, 12_345))


def _down(name: object = "o-1", **rest: object) -> bytes:
    return orjson.dumps({"id": name} | (rest or {"order": {"text": "除雪"}}))


def _said(orders: Orders, now: float) -> list[tuple[str, str]]:
    """All that is said and acknowledged now: ids and states."""
    said = []
    while (answer := orders.next_answer(now)) is not None:
        told = orjson.loads(answer)
        assert (told["boot"], told["uptime"]) == (7, 12_345)
        said.append((told["id"], told["state"]))
        orders.acknowledged()
    return said


def test_an_order_is_received_at_once_and_accepted_by_the_driver_after_a_while() -> None:
    orders = _orders()
    orders.take(_down(), 100.0)
    assert _said(orders, 100.0) == [("o-1", "received")]
    due = orders.due()
    assert 105.0 <= due <= 120.0
    assert _said(orders, due - 0.001) == []
    assert _said(orders, due) == [("o-1", "accepted")]
    assert orders.due() == inf
    assert orders.shown == 1


def test_the_answer_is_exact_to_the_byte() -> None:
    orders = _orders()
    orders.take(_down(), 0.0)
    assert orders.next_answer(0.0) == b'{"id":"o-1","boot":7,"uptime":12345,"state":"received"}'


def test_a_driver_may_refuse() -> None:
    orders = _orders(refuses=1.0)
    orders.take(_down(), 0.0)
    assert _said(orders, 60.0) == [("o-1", "received"), ("o-1", "refused")]


def test_of_many_orders_the_driver_refuses_the_stated_share_after_the_stated_time() -> None:
    driver = Driver(8.0, 0.25, seed=3)
    decisions = [driver.decides(number) for number in range(2000)]
    assert 0.22 < decisions.count(State.REFUSED) / 2000 < 0.28
    waits = [driver.answers_after_s(number) for number in range(2000)]
    assert 4.0 <= min(waits) < 4.1
    assert 15.9 < max(waits) <= 16.0


def test_answers_wait_for_each_other_and_are_said_again_until_the_broker_has_them() -> None:
    orders = _orders(answer_s=0.0)
    orders.take(_down(), 0.0)
    first = orders.next_answer(1.0)
    assert first is not None
    assert orders.next_answer(1.0) is None
    orders.disconnect()
    assert orders.due() == -inf
    assert orders.next_answer(2.0) == first
    orders.acknowledged()
    assert _said(orders, 2.0) == [("o-1", "accepted")]


def test_an_order_that_comes_again_is_answered_as_it_was_and_not_shown_again() -> None:
    orders = _orders()
    orders.take(_down(), 0.0)
    orders.take(_down(), 0.0)
    assert _said(orders, 0.0) == [("o-1", "received")]
    assert _said(orders, 60.0) == [("o-1", "accepted")]
    orders.take(_down(), 70.0)
    assert _said(orders, 70.0) == [("o-1", "accepted")]
    assert orders.shown == 1


def test_an_order_that_the_driver_has_is_remembered_whatever_else_comes() -> None:
    orders = _orders()
    orders.take(_down("o-1"), 0.0)
    for number in range(2 * IDS_MAX):
        orders.take(_down(f"s-{number}", settings={}), 0.0)
        _said(orders, 0.0)
    orders.take(_down("o-1"), 0.0)
    assert orders.shown == 1
    assert _said(orders, 60.0)[-1] == ("o-1", "accepted")


def test_settings_are_applied_and_answered() -> None:
    configured: list[dict[str, Any]] = []
    orders = _orders(configured=configured)
    orders.take(_down("s-1", settings={"rate_hz": 1}), 0.0)
    orders.take(_down("s-1", settings={"rate_hz": 1}), 0.0)
    assert configured == [{"rate_hz": 1}]
    assert _said(orders, 0.0) == [("s-1", "accepted")]


def test_wrong_settings_are_refused_and_it_says_why() -> None:
    orders = _orders()
    orders.take(_down("s-2", settings={"bad": 1}), 0.0)
    answer = orders.next_answer(0.0)
    assert answer == b'{"id":"s-2","boot":7,"uptime":12345,"state":"refused","why":"unknown key bad"}'


@pytest.mark.parametrize("rest", [{"else": 1}, {"settings": [1]}, {"settings": None}])
def test_what_is_neither_order_nor_settings_is_refused(rest: dict[str, object]) -> None:
    orders = _orders()
    orders.take(_down("x", **rest), 0.0)
    answer = orders.next_answer(0.0)
    assert answer is not None
    assert orjson.loads(answer)["why"] == "neither order nor settings"


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"null",
        b"[1]",
        b'{"order":{}}',
        b'{"id":7,"order":{}}',
        b'{"id":"","order":{}}',
        b'{"id":"a b","order":{}}',
        _down("x" * 65),
        _down("x", order="y" * DOWN_BYTES_MAX),
        b"\xff",
    ],
)
def test_what_cannot_be_answered_is_counted(payload: bytes) -> None:
    orders = _orders()
    orders.take(payload, 0.0)
    assert (orders.ignored, orders.shown) == (1, 0)
    assert orders.next_answer(0.0) is None


def test_more_orders_than_a_driver_can_look_at_are_refused() -> None:
    orders = _orders()
    for number in range(DRIVERS_ORDERS_MAX + 1):
        orders.take(_down(f"o-{number}"), 0.0)
    assert _said(orders, 0.0)[-1] == (f"o-{DRIVERS_ORDERS_MAX}", "refused")
    assert orders.shown == DRIVERS_ORDERS_MAX


@given(
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from(["order", "order", "settings", "say", "cut"])), max_size=99)
)
def test_whatever_comes_the_bounds_are_kept_and_it_knows_when_it_has_something_to_say(
    steps: list[tuple[int, str]],
) -> None:
    orders = _orders(answer_s=3.0)
    for now, (name, step) in enumerate(steps):
        if step in ("order", "settings"):
            orders.take(_down(f"o-{name}", **{step: {}}), now)
        elif step == "cut":
            orders.disconnect()
            due = orders.due()
            assert (orders.next_answer(now) is not None) == (due <= now)
        else:
            orders.acknowledged()
            _said(orders, now)
        assert orders.bytes_kept <= BYTES_MAX
    orders.acknowledged()
    _said(orders, 1000)
    assert orders.due() == inf


def test_of_answers_that_nobody_takes_the_oldest_are_lost() -> None:
    orders = _orders()
    for number in range(ANSWERS_MAX + 5):
        orders.take(_down(f"s-{number}", settings={}), 0.0)
        orders.next_answer(0.0)
    orders.disconnect()
    again = orders.next_answer(0.0)
    assert again is not None
    assert orjson.loads(again)["id"] == "s-0"
    orders.acknowledged()
    names = [name for name, _ in _said(orders, 0.0)]
    assert names == [f"s-{number}" for number in range(6, ANSWERS_MAX + 5)]
