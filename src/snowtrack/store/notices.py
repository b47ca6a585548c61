"""Where alerts stand, what they said, and the notices that are to be sent: written together, sent later."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from snowtrack.model.snow import AlertRule, Measure
from snowtrack.snow.alerts import AlertEvent, AlertState
from snowtrack.store.instants import to_instant, to_us, to_us_or_none
from snowtrack.store.queries import query

AlertKey = tuple[str, str, str]
"""Agency, rule, sensor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something to be sent to one target: `content` is what a webhook gets, and what a mail is written from."""

    number: int = 0
    agency: str
    way: str
    target: str
    content: Mapping[str, Any]
    made_us: int
    attempts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRow:
    """What became of a notice."""

    number: int
    agency: str
    way: str
    target: str
    made_us: int
    attempts: int
    sent_us: int | None
    ended_us: int | None
    fault: str | None


async def read_rules(connection: AsyncConnection) -> list[AlertRule]:
    """All rules, by agency and name."""
    rows = await (await connection.execute(query("alert_rules"))).fetchall()
    return [
        AlertRule(
            agency=agency,
            rule=rule,
            sensor=sensor,
            measure=Measure(measure),
            threshold_mm=threshold_mm,
            clear_mm=clear_mm,
            quiet=None if quiet_from is None or quiet_to is None else (_minute(quiet_from), _minute(quiet_to)),
            mail=tuple(mail),
            webhook=webhook,
        )
        for agency, rule, sensor, measure, threshold_mm, clear_mm, quiet_from, quiet_to, mail, webhook in rows
    ]


def _minute(of_day: time) -> int:
    return of_day.hour * 60 + of_day.minute


async def read_alert_states(connection: AsyncConnection) -> dict[AlertKey, AlertState]:
    rows = await (await connection.execute(query("alert_states"))).fetchall()
    return {
        (agency, rule, sensor): AlertState(
            looked_us=to_us(looked_at), holds=holds, told=told, since_us=to_us(since), value_mm=value_mm
        )
        for agency, rule, sensor, looked_at, holds, told, since, value_mm in rows
    }


async def save_alert_states(connection: AsyncConnection, states: Mapping[AlertKey, AlertState]) -> None:
    rows = [
        {
            **_named(key),
            "looked_at": to_instant(state.looked_us),
            "holds": state.holds,
            "told": state.told,
            "since": to_instant(state.since_us),
            "value_mm": state.value_mm,
        }
        for key, state in states.items()
    ]
    async with connection.cursor() as cursor:
        await cursor.executemany(query("save_alert_state"), rows)


async def add_alert_events(connection: AsyncConnection, events: Iterable[tuple[AlertKey, AlertEvent]]) -> None:
    rows = [
        {
            **_named(key),
            "raised": event.raised,
            "since": to_instant(event.since_us),
            "told_at": to_instant(event.told_us),
            "value_mm": event.value_mm,
        }
        for key, event in events
    ]
    async with connection.cursor() as cursor:
        await cursor.executemany(query("add_alert_event"), rows)


def _named(key: AlertKey) -> dict[str, object]:
    return dict(zip(("agency", "rule", "sensor"), key, strict=True))


async def add_notices(connection: AsyncConnection, notices: Iterable[Notice]) -> None:
    rows = [
        {
            "agency": notice.agency,
            "way": notice.way,
            "target": notice.target,
            "content": Jsonb(dict(notice.content)),
            "made_at": to_instant(notice.made_us),
        }
        for notice in notices
    ]
    async with connection.cursor() as cursor:
        await cursor.executemany(query("add_notice"), rows)


async def next_notice(connection: AsyncConnection, now_us: int) -> Notice | None:
    """The next one whose time has come. Until the transaction ends, nobody else gets it."""
    row = await (await connection.execute(query("next_notice"), {"now": to_instant(now_us)})).fetchone()
    if row is None:
        return None
    number, agency, way, target, content, made_at, attempts = row
    return Notice(
        number=number,
        agency=agency,
        way=way,
        target=target,
        content=content,
        made_us=to_us(made_at),
        attempts=attempts,
    )


async def end_notice(connection: AsyncConnection, number: int, now_us: int, fault: str | None) -> None:
    """It was sent; or with a fault, given up."""
    now = to_instant(now_us)
    ended = {"notice": number, "now": now, "sent_at": None if fault else now, "fault": fault}
    await connection.execute(query("end_notice"), ended)


async def put_off_notice(connection: AsyncConnection, number: int, next_us: int, fault: str) -> None:
    """It could not be sent; try again then."""
    again = {"notice": number, "next_at": to_instant(next_us), "fault": fault}
    await connection.execute(query("put_off_notice"), again)


async def read_notices(connection: AsyncConnection, limit: int) -> list[NoticeRow]:
    """The newest first."""
    rows = await (await connection.execute(query("notices"), {"limit": limit})).fetchall()
    return [
        NoticeRow(
            number=number,
            agency=agency,
            way=way,
            target=target,
            made_us=to_us(made_at),
            attempts=attempts,
            sent_us=to_us_or_none(sent_at),
            ended_us=to_us_or_none(ended_at),
            fault=fault,
        )
        for number, agency, way, target, made_at, attempts, sent_at, ended_at, fault in rows
    ]


async def count_notices(
    connection: AsyncConnection, from_us: int, to_us_: int
) -> dict[tuple[str, str], tuple[int, int, int]]:
    """By agency and way: made, sent, given up."""
    asked = {"from_time": to_instant(from_us), "to_time": to_instant(to_us_)}
    rows = await (await connection.execute(query("notice_counts"), asked)).fetchall()
    return {(agency, way): (made, sent, given_up) for agency, way, made, sent, given_up in rows}
