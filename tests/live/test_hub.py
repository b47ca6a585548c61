"""One process's subscribers: each gets all events in order, or a snapshot that stands for what it missed."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.live.hub import QUEUED_MAX, Event, Hub, Reader, TooManySubscribersError
from snowtrack.live.sight import Sight
from snowtrack.model.access import ALL

pytestmark = pytest.mark.anyio
IDLE = b"idle"
SUMMARY = Event(lambda _sight: b"summary")
WITHIN_S = 10.0


def _said(content: bytes, _sight: Sight) -> bytes:
    return content


class Road:
    """What the events are about: a number that goes up; the snapshot is the number itself."""

    def __init__(self, *, subscribers_max: int = 10, of_one_max: int = 10, kept_max: int = 4) -> None:
        self.number = 0
        self.hub = Hub(
            snapshot=lambda _sight: b"=%d" % self.number,
            latest=lambda _sight: b"heads",
            subscribers_max=subscribers_max,
            of_one_max=of_one_max,
            kept_max=kept_max,
        )

    def change(self, times: int = 1) -> None:
        for _ in range(times):
            self.number += 1
            self.hub.publish(Event(partial(_said, b"+%d" % self.number), self.number))

    def miss(self) -> None:
        """A number was not heard; the state was read again."""
        self.number += 1
        self.hub.begin_anew()

    def subscribe(
        self, last_number: int | None = None, idle_s: float = WITHIN_S, name: str = "one"
    ) -> AsyncGenerator[bytes, None]:
        return self.hub.events(Reader(name, Sight(ALL)), last_number, idle_s, IDLE)


async def following(events: AsyncGenerator[bytes, None], count: int) -> list[bytes]:
    async with asyncio.timeout(WITHIN_S):
        return [await anext(events) for _ in range(count)]


async def leave(events: AsyncGenerator[bytes, None]) -> None:
    await events.aclose()


async def test_a_newcomer_gets_a_snapshot_then_what_is_new() -> None:
    road = Road()
    road.change(2)
    events = road.subscribe()
    assert await following(events, 2) == [b"=2", b"heads"]
    road.change(2)
    assert await following(events, 2) == [b"+3", b"+4"]
    await leave(events)


async def test_who_comes_back_by_number_gets_only_what_it_missed() -> None:
    road = Road()
    road.change(4)
    for number, missed in ((4, []), (3, [b"+4"]), (1, [b"+2", b"+3", b"+4"])):
        events = road.subscribe(number)
        assert await following(events, len(missed) + 1) == [*missed, b"heads"]
        await leave(events)


@pytest.mark.parametrize("number", [0, 1, 9, 10**17])
async def test_who_comes_back_with_a_number_that_is_not_kept_gets_a_snapshot(number: int) -> None:
    road = Road(kept_max=4)
    road.change(6)
    events = road.subscribe(number)
    assert await following(events, 2) == [b"=6", b"heads"]
    await leave(events)


async def test_events_without_a_number_are_not_kept() -> None:
    road = Road()
    road.change()
    road.hub.publish(SUMMARY)
    events = road.subscribe(1)
    assert await following(events, 1) == [b"heads"]
    await leave(events)


async def test_what_happens_while_the_first_events_are_sent_follows_them() -> None:
    road = Road()
    road.change(3)
    events = road.subscribe(1)
    assert await anext(events) == b"+2"
    road.change()
    assert await following(events, 3) == [b"+3", b"heads", b"+4"]
    await leave(events)


async def test_a_slow_reader_loses_its_queue_and_gets_a_snapshot() -> None:
    road = Road(kept_max=1_000)
    slow, fast = road.subscribe(), road.subscribe()
    await following(slow, 2)
    await following(fast, 2)
    read = []
    for _ in range(3 * QUEUED_MAX):
        road.change()
        read.extend(await following(fast, 1))
    assert read == [b"+%d" % number for number in range(1, 3 * QUEUED_MAX + 1)]
    assert await following(slow, 1) == [b"=%dheads" % road.number]
    road.change()
    assert await following(slow, 1) == [b"+%d" % road.number]
    assert max(subscriber.queue.qsize() for subscriber in road.hub.subscribers) <= QUEUED_MAX
    await leave(slow)
    await leave(fast)


async def test_after_missed_numbers_all_get_a_snapshot_at_once_and_nobody_resumes_over_the_hole() -> None:
    road = Road()
    road.change(2)
    waiting, behind = road.subscribe(), road.subscribe()
    await following(waiting, 2)
    await following(behind, 2)
    pending = asyncio.create_task(following(waiting, 1))
    await asyncio.sleep(0)
    road.change()
    road.miss()
    assert await pending == [b"=4heads"]
    assert await following(behind, 1) == [b"=4heads"]
    road.change()
    assert await following(behind, 1) == await following(waiting, 1) == [b"+5"]
    back = road.subscribe(2)
    assert await following(back, 2) == [b"=%d" % road.number, b"heads"]
    for events in (waiting, behind, back):
        await leave(events)


async def test_a_quiet_stream_says_that_it_lives() -> None:
    events = Road().subscribe(idle_s=0.01)
    assert await following(events, 4) == [b"=0", b"heads", IDLE, IDLE]
    await leave(events)


async def test_there_is_a_bound_on_subscribers_and_who_leaves_makes_room() -> None:
    road = Road(subscribers_max=2)
    one, other, third = road.subscribe(), road.subscribe(), road.subscribe()
    await following(one, 1)
    await following(other, 1)
    with pytest.raises(TooManySubscribersError):
        await anext(third)
    await leave(one)
    assert len(road.hub.subscribers) == 1
    again = road.subscribe()
    await following(again, 1)
    for events in (other, again):
        await leave(events)
    assert len(road.hub.subscribers) == 0


async def test_a_subscriber_that_is_cancelled_while_it_waits_is_gone() -> None:
    road = Road()
    events = road.subscribe()
    await following(events, 2)
    waiting = asyncio.create_task(following(events, 1))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert len(road.hub.subscribers) == 0


STEPS = st.lists(st.sampled_from(["change", "burst", "miss", "read", "come back", "news"]), min_size=1, max_size=40)


def understood(state: int | None, event: bytes) -> int | None:
    """What a client knows after an event: snapshots replace, deltas must follow on one another."""
    if event.startswith(b"="):
        return int(event.removeprefix(b"=").removesuffix(b"heads"))
    if event.startswith(b"+"):
        number = int(event[1:])
        assert state is not None
        assert number == state + 1, f"{number} after {state}"
        return number
    return state


@given(STEPS, st.integers(1, 6))
async def test_a_client_never_sees_a_hole_and_in_the_end_knows_all(steps: list[str], kept_max: int) -> None:
    """Whatever happens, however slowly it reads, whenever it comes back with its last number."""
    road = Road(kept_max=kept_max)
    events, state = road.subscribe(idle_s=0.001), None
    actions: dict[str, Callable[[], None]] = {
        "change": road.change,
        "burst": lambda: road.change(QUEUED_MAX + 1),
        "miss": road.miss,
        "news": lambda: road.hub.publish(SUMMARY),
    }
    for step in steps:
        if step == "read":
            state = understood(state, (await following(events, 1))[0])
        elif step == "come back":
            await leave(events)
            events = road.subscribe(state, idle_s=0.001)
        else:
            actions[step]()
    while (event := (await following(events, 1))[0]) != IDLE:
        state = understood(state, event)
    assert state == road.number
    await leave(events)
    assert len(road.hub.subscribers) == 0


async def test_nobody_takes_all_the_room() -> None:
    road = Road(subscribers_max=3, of_one_max=1)
    one, other = road.subscribe(name="one"), road.subscribe(name="other")
    for events in (one, other):
        await following(events, 1)
    with pytest.raises(TooManySubscribersError):
        await following(road.subscribe(name="one"), 1)
    await leave(one)
    again = road.subscribe(name="one")
    await following(again, 1)
    for events in (other, again):
        await leave(events)


async def test_what_is_told_to_those_who_come_back_is_not_kept_for_good() -> None:
    road = Road()
    road.change(3)
    events = road.subscribe(1)
    await following(events, 3)
    assert [event.encoded for event in road.hub.kept] == [{}, {}, {}]
    await leave(events)
