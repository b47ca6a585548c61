"""Alerts and notices in the database: each is there until it was sent or given up, for one sender at a time."""

from datetime import time

import pytest
from psycopg import AsyncConnection

from snowtrack.model.snow import AlertRule, Measure
from snowtrack.snow.alerts import AlertEvent, AlertState
from snowtrack.store.database import connect
from snowtrack.store.notices import (
    Notice,
    add_alert_events,
    add_notices,
    count_notices,
    end_notice,
    next_notice,
    put_off_notice,
    read_alert_states,
    read_notices,
    read_rules,
    save_alert_states,
)
from tests.store.databases import rows

pytestmark = pytest.mark.anyio
AT = 1_768_338_000_000_000
RULE = """
insert into alert_rule (agency, rule, sensor, measure, threshold_mm, clear_mm, quiet_from, quiet_to, mail, webhook)
values ('kahoku', %s, %s, %s, 300, 250, %s, %s, %s, %s)
"""


@pytest.fixture
async def agency(connection: AsyncConnection) -> None:
    await connection.execute("insert into agency (agency, name, manages) values ('kahoku', 'かほく市', 'municipality')")
    await connection.execute(
        "insert into sensor (agency, sensor, name, lat_e7, lon_e7) values ('kahoku', 's1', '高松', 0, 0)"
    )


def notice(made_us: int = AT, way: str = "mail", target: str = "a@b") -> Notice:
    return Notice(agency="kahoku", way=way, target=target, content={"rule": "雪", "events": []}, made_us=made_us)


@pytest.mark.usefixtures("agency")
async def test_rules_come_as_the_registry_has_them(connection: AsyncConnection) -> None:
    await connection.execute(RULE, ["b", "s1", "depth", time(22), time(6, 30), ["a@b", "c@d"], "https://e"])
    await connection.execute(RULE, ["a", None, "new_24h", time(22), None, [], None])
    common = {"agency": "kahoku", "threshold_mm": 300, "clear_mm": 250}
    assert await read_rules(connection) == [
        AlertRule(rule="a", measure=Measure.NEW_24H, **common),  # type: ignore[arg-type]
        AlertRule(
            rule="b", sensor="s1", measure=Measure.DEPTH, quiet=(1320, 390), mail=("a@b", "c@d"), webhook="https://e",
            **common,  # type: ignore[arg-type]
        ),
    ]  # fmt: skip


@pytest.mark.usefixtures("agency")
async def test_states_come_back_and_go_with_their_rule(connection: AsyncConnection, database: str) -> None:
    await connection.execute(RULE, ["a", None, "depth", None, None, [], None])
    key = ("kahoku", "a", "s1")
    for state in (
        AlertState(looked_us=AT),
        AlertState(looked_us=AT + 7, holds=True, told=False, since_us=AT + 3, value_mm=311),
    ):
        await save_alert_states(connection, {key: state})
        assert await read_alert_states(connection) == {key: state}
    event = AlertEvent(raised=True, since_us=AT, told_us=AT + 1, value_mm=311)
    await add_alert_events(connection, [(key, event)])
    assert rows(database, "select agency, rule, sensor, raised, value_mm from alert_event") == [(*key, True, 311)]
    await connection.execute("delete from alert_rule")
    assert await read_alert_states(connection) == {}


async def test_the_notice_that_waited_longest_is_next_when_its_time_has_come(connection: AsyncConnection) -> None:
    await add_notices(connection, [notice(AT + 5, target="later"), notice(AT)])
    assert await next_notice(connection, AT - 1) is None
    first = await next_notice(connection, AT + 10)
    assert first is not None
    assert (first.number, first.target, first.made_us, first.attempts) == (2, "a@b", AT, 0)
    assert first.content == {"rule": "雪", "events": []}


async def test_one_that_failed_waits_and_one_that_ended_is_never_next(connection: AsyncConnection) -> None:
    await add_notices(connection, [notice()])
    await put_off_notice(connection, 1, AT + 30, "no answer")
    assert await next_notice(connection, AT + 29) is None
    again = await next_notice(connection, AT + 30)
    assert again is not None
    assert again.attempts == 1
    await end_notice(connection, 1, AT + 31, None)
    assert await next_notice(connection, 2 * AT) is None
    (row,) = await read_notices(connection, 10)
    assert (row.attempts, row.sent_us, row.ended_us, row.fault) == (2, AT + 31, AT + 31, None)


async def test_one_that_was_given_up_says_why(connection: AsyncConnection) -> None:
    await add_notices(connection, [notice(), notice(way="webhook")])
    await end_notice(connection, 1, AT + 1, "refused")
    newest, given_up = await read_notices(connection, 10)
    assert (given_up.sent_us, given_up.ended_us, given_up.fault) == (None, AT + 1, "refused")
    assert (newest.number, newest.ended_us) == (2, None)
    assert await count_notices(connection, AT, AT + 1) == {
        ("kahoku", "mail"): (1, 0, 1),
        ("kahoku", "webhook"): (1, 0, 0),
    }
    assert await count_notices(connection, AT + 1, 2 * AT) == {}
    assert len(await read_notices(connection, 1)) == 1


async def test_two_senders_never_have_the_same_one(connection: AsyncConnection, database: str) -> None:
    await add_notices(connection, [notice(), notice(AT + 1)])
    async with connect(database, name="other") as other, connection.transaction(), other.transaction():
        one, two = await next_notice(connection, 2 * AT), await next_notice(other, 2 * AT)
        assert one is not None
        assert two is not None
        assert (one.number, two.number) == (1, 2)
        assert await next_notice(other, AT) is None
