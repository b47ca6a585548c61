"""Messages set aside: as they came, newest first, within a size and an age, tried again when asked."""

import time

import pytest
from psycopg import AsyncConnection

from snowtrack.model.calendar import DAY_US, SECOND_US
from snowtrack.model.fixes import Message, Reject, RejectReason
from snowtrack.model.ids import DeviceId
from snowtrack.store.devices import device_number
from snowtrack.store.instants import to_instant
from snowtrack.store.quarantine import (
    ask_for_retry,
    count_rejects,
    leave_quarantine,
    read_quarantine,
    read_reject_counts,
    read_retries,
    set_aside,
    stay_in_quarantine,
    trim_quarantine,
)

pytestmark = pytest.mark.anyio
ONE, OTHER = DeviceId("kanazawa", "d1"), DeviceId("hakusan", "d1")
NO_BOUND = 2**40
ALL = range(64)


def now_us() -> int:
    """The database's own clock decides what is old, so these messages are of today."""
    return int(time.time()) * SECOND_US


async def keep(connection: AsyncConnection, *payloads: bytes, received_us: int = 0, device: DeviceId = ONE) -> int:
    """Each as a message of its own with one bad line, which is all of it."""
    number = await device_number(connection, device)
    at_us = received_us or now_us()
    messages = [Message(device=number, received_us=at_us, payload=payload) for payload in payloads]
    rejects = [reject(message, at) for at, message in enumerate(messages)]
    return await set_aside(connection, dict(enumerate(messages)), rejects)


def reject(message: Message, at: int, reason: RejectReason = RejectReason.BAD_CHECKSUM, raw: bytes = b"") -> Reject:
    return Reject(
        message=at,
        at=0,
        device=message.device,
        received_us=message.received_us,
        reason=reason,
        raw=raw or message.payload,
    )


async def lines(connection: AsyncConnection, limit: int = 100) -> list[bytes]:
    return [each.first_line for each in await read_quarantine(connection, limit)]


async def test_a_message_is_kept_whole_with_its_reasons_and_the_first_line_that_is_bad(
    connection: AsyncConnection,
) -> None:
    at_us = now_us()
    number = await device_number(connection, ONE)
    good, bad = (Message(device=number, received_us=at_us, payload=payload) for payload in (b"good", b"a\0\xff\nb"))
    reasons = (RejectReason.NO_START, RejectReason.BAD_FIELD, RejectReason.NO_START)
    rejects = [reject(bad, 1, reason, line) for reason, line in zip(reasons, (b"a\0\xff", b"b", b"b"), strict=True)]
    assert await set_aside(connection, {0: good, 1: bad}, rejects) == len(bad.payload)
    (kept,) = await read_quarantine(connection, 9)
    assert (kept.device, kept.received_at, kept.size, kept.retry) == (ONE, to_instant(at_us), 5, False)
    assert kept.reasons == (RejectReason.NO_START, RejectReason.BAD_FIELD)
    assert kept.first_line == b"a\0\xff"
    await ask_for_retry(connection)
    assert await read_retries(connection, ALL, 9) == [(kept.number, ONE, at_us, bad.payload)]


async def test_nothing_bad_keeps_nothing(connection: AsyncConnection) -> None:
    number = await device_number(connection, ONE)
    assert await set_aside(connection, {0: Message(device=number, received_us=0, payload=b"good")}, []) == 0
    assert await read_quarantine(connection, 9) == []


async def test_the_newest_come_first_up_to_a_limit(connection: AsyncConnection) -> None:
    for payload in (b"1", b"2", b"3"):
        await keep(connection, payload)
    assert await lines(connection) == [b"3", b"2", b"1"]
    assert await lines(connection, 2) == [b"3", b"2"]


async def test_the_oldest_leave_until_the_size_is_small_enough(connection: AsyncConnection) -> None:
    await keep(connection, b"1" * 60, b"2" * 30, b"3" * 40, b"4" * 30)
    await trim_quarantine(connection, bytes_max=100, days_max=1)
    assert await lines(connection) == [b"4" * 30, b"3" * 40, b"2" * 30]
    await trim_quarantine(connection, bytes_max=99, days_max=1)
    assert await lines(connection) == [b"4" * 30, b"3" * 40]
    await trim_quarantine(connection, bytes_max=29, days_max=1)
    assert await lines(connection) == []


async def test_a_payload_counts_as_it_came_however_well_the_store_packs_it(connection: AsyncConnection) -> None:
    await keep(connection, bytes(200_000), bytes(200_000))
    await trim_quarantine(connection, bytes_max=300_000, days_max=1)
    assert len(await lines(connection)) == 1


async def test_what_is_too_old_leaves_however_little_it_is(connection: AsyncConnection) -> None:
    await keep(connection, b"old", received_us=now_us() - 31 * DAY_US)
    await keep(connection, b"younger", received_us=now_us() - 29 * DAY_US)
    await keep(connection, b"new")
    await trim_quarantine(connection, bytes_max=NO_BOUND, days_max=30)
    assert await lines(connection) == [b"new", b"younger"]
    await trim_quarantine(connection, bytes_max=NO_BOUND, days_max=0.5)
    assert await lines(connection) == [b"new"]


async def test_all_are_tried_again_the_oldest_first_and_some_at_a_time(connection: AsyncConnection) -> None:
    await keep(connection, b"1", b"2", b"3")
    await keep(connection, b"4", device=OTHER)
    assert await read_retries(connection, ALL, 9) == []
    assert await ask_for_retry(connection) == 4
    assert [payload for *_, payload in await read_retries(connection, ALL, 3)] == [b"1", b"2", b"3"]
    assert [device for _, device, *_ in await read_retries(connection, ALL, 9)] == [ONE, ONE, ONE, OTHER]
    assert await ask_for_retry(connection) == 0


async def test_what_was_read_leaves_and_what_was_not_waits_until_asked_again(connection: AsyncConnection) -> None:
    await keep(connection, b"1", b"2", b"3")
    await ask_for_retry(connection)
    first, second, _ = [number for number, *_ in await read_retries(connection, ALL, 9)]
    await leave_quarantine(connection, [first])
    await stay_in_quarantine(connection, [second])
    assert [payload for *_, payload in await read_retries(connection, ALL, 9)] == [b"3"]
    assert [(each.first_line, each.retry) for each in await read_quarantine(connection, 9)] == [
        (b"3", True),
        (b"2", False),
    ]
    assert await ask_for_retry(connection) == 1


async def test_counts_add_up_by_device_and_reason(connection: AsyncConnection) -> None:
    one, other = await device_number(connection, ONE), await device_number(connection, OTHER)
    assert await read_reject_counts(connection) == {}
    await count_rejects(connection, {(one, RejectReason.NO_START): 2, (other, RejectReason.NO_START): 5}, 0)
    await count_rejects(connection, {(one, RejectReason.NO_START): 3, (one, RejectReason.UNKNOWN_SENTENCE): 1}, 9)
    assert await read_reject_counts(connection) == {
        one: {"no_start": 5, "unknown_sentence": 1},
        other: {"no_start": 5},
    }
