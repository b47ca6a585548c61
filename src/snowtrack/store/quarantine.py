"""Messages that could not be read, or not wholly: kept as they came, within a size and an age, and counted."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg import AsyncConnection

from snowtrack.model.fixes import Message, Reject, RejectReason
from snowtrack.model.ids import DeviceId
from snowtrack.store.instants import to_instant, to_us
from snowtrack.store.queries import query


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A message in quarantine."""

    number: int
    device: DeviceId
    received_at: datetime
    size: int
    reasons: tuple[RejectReason, ...]
    first_line: bytes
    retry: bool


async def set_aside(connection: AsyncConnection, messages: Mapping[int, Message], rejects: Iterable[Reject]) -> int:
    """Keep the messages that these rejects are of; `messages` by their place in the call. How many bytes they have."""
    by_message: dict[int, list[Reject]] = {}
    for reject in rejects:
        by_message.setdefault(reject.message, []).append(reject)
    rows = [
        {
            "device": messages[place].device,
            "received_at": to_instant(messages[place].received_us),
            "payload": messages[place].payload,
            "reasons": sorted({int(reject.reason) for reject in own}),
            "first_line": own[0].raw,
        }
        for place, own in by_message.items()
    ]
    async with connection.cursor() as cursor:
        await cursor.executemany(query("set_aside"), rows)
    return sum(len(messages[place].payload) for place in by_message)


async def trim_quarantine(connection: AsyncConnection, *, bytes_max: int, days_max: float) -> None:
    """Drop the oldest, until what is left is small and young enough."""
    await connection.execute(query("trim_quarantine"), {"bytes": bytes_max, "age": timedelta(days=days_max)})


async def read_quarantine(connection: AsyncConnection, limit: int) -> list[Quarantined]:
    """The newest first."""
    rows = await (await connection.execute(query("quarantine"), {"limit": limit})).fetchall()
    return [
        Quarantined(
            number=number,
            device=DeviceId(agency, name),
            received_at=received_at,
            size=size,
            reasons=tuple(RejectReason(reason) for reason in reasons),
            first_line=first_line,
            retry=retry,
        )
        for number, agency, name, received_at, size, reasons, first_line, retry in rows
    ]


async def ask_for_retry(connection: AsyncConnection) -> int:
    """Have ingest try all of them again; how many."""
    return (await connection.execute(query("ask_for_retry"))).rowcount


async def read_retries(
    connection: AsyncConnection, partitions: Collection[int], limit: int
) -> list[tuple[int, DeviceId, int, bytes]]:
    """Some that are to be tried again, of devices of some partitions: number, device, when received, payload."""
    asked = {"partitions": list(partitions), "limit": limit}
    rows = await (await connection.execute(query("retries"), asked)).fetchall()
    return [
        (number, DeviceId(agency, name), to_us(received_at), payload)
        for number, agency, name, received_at, payload in rows
    ]


async def stay_in_quarantine(connection: AsyncConnection, numbers: Sequence[int]) -> None:
    """These wait for the next time."""
    await connection.execute(query("stay_in_quarantine"), {"numbers": list(numbers)})


async def leave_quarantine(connection: AsyncConnection, numbers: Sequence[int]) -> None:
    """These could be read now."""
    if numbers:
        await connection.execute(query("leave_quarantine"), {"numbers": list(numbers)})


async def count_rejects(
    connection: AsyncConnection, counts: Mapping[tuple[int, RejectReason], int], at_us: int
) -> None:
    """Add to the counts of devices."""
    rows = [
        {"device": device, "reason": int(reason), "count": count, "at": to_instant(at_us)}
        for (device, reason), count in sorted(counts.items())
    ]
    async with connection.cursor() as cursor:
        await cursor.executemany(query("count_rejects"), rows)


async def read_reject_counts(connection: AsyncConnection) -> dict[int, dict[str, int]]:
    """By device and reason."""
    found: dict[int, dict[str, int]] = {}
    for device, reason, count in await (await connection.execute(query("reject_counts"))).fetchall():
        found.setdefault(device, {})[RejectReason(reason).name.lower()] = count
    return found
