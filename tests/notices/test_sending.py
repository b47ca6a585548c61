"""Notices from the database to real servers: at least once, tried again, and given up for all to see."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from psycopg import AsyncConnection
from structlog.testing import capture_logs

from snowtrack.services.snow_notices import ATTEMPTS_MAX, LONGEST_WAIT_US, Ways, send_due, send_notices
from snowtrack.settings import Notices, load_settings
from snowtrack.store.database import connect
from snowtrack.store.notices import add_notices, read_notices
from tests.notices.examples import MADE_US, notice
from tests.notices.servers import REFUSED, mail_server, web_server
from tests.ports import free_port
from tests.services.waiting import until

pytestmark = pytest.mark.anyio
MAIL_FROM = "snow@city.example"


class Clock:
    """Time is what the test says."""

    def __init__(self) -> None:
        self.now_us = MADE_US

    def __call__(self) -> int:
        return self.now_us


@pytest.fixture
async def connection(clean_database: str) -> AsyncIterator[AsyncConnection]:
    async with connect(clean_database, name="test") as connection:
        yield connection


def ways(port: int = 0) -> Ways:
    return Ways(Notices(smtp_url=f"smtp://127.0.0.1:{port}" if port else None, mail_from=MAIL_FROM, webhook_secret="k"))


async def test_each_notice_goes_its_way_once(connection: AsyncConnection) -> None:
    with mail_server() as box, web_server() as hook:
        await add_notices(connection, [notice(), notice(hook.url, way="webhook")])
        assert await send_due(connection, ways(box.port), Clock()) == 2
        assert await send_due(connection, ways(box.port), Clock()) == 0
    assert (len(box.mails), len(hook.calls)) == (1, 1)
    assert "snowtrack-signature" in hook.calls[0].headers
    assert all(row.sent_us == MADE_US and row.fault is None for row in await read_notices(connection, 10))


async def test_one_that_fails_does_not_hold_up_the_others_and_is_tried_again_later(connection: AsyncConnection) -> None:
    clock = Clock()
    with mail_server() as box:
        await add_notices(connection, [notice(REFUSED), notice()])
        assert await send_due(connection, ways(box.port), clock) == 2
        assert len(box.mails) == 1
        clock.now_us += 29_000_000
        assert await send_due(connection, ways(box.port), clock) == 0
        clock.now_us += 1_000_000
        assert await send_due(connection, ways(box.port), clock) == 1
    refused = next(row for row in await read_notices(connection, 10) if row.target == REFUSED)
    assert (refused.attempts, refused.ended_us) == (2, None)
    assert refused.fault is not None
    assert "550" in refused.fault


async def test_it_waits_longer_each_time_and_at_last_gives_up(connection: AsyncConnection) -> None:
    clock, waits = Clock(), []
    await add_notices(connection, [notice()])
    for _ in range(ATTEMPTS_MAX):
        assert await send_due(connection, ways(), clock) == 1
        (row,) = await read_notices(connection, 1)
        next_at = await (await connection.execute("select extract(epoch from next_at) from notice")).fetchone()
        assert next_at is not None
        waits.append(int(next_at[0] * 1_000_000) - clock.now_us)
        clock.now_us += max(waits[-1], 0)
    assert waits[:4] == [30_000_000, 60_000_000, 120_000_000, 240_000_000]
    assert max(waits) == LONGEST_WAIT_US
    assert (row.attempts, row.sent_us, row.ended_us) == (ATTEMPTS_MAX, None, clock.now_us)
    assert row.fault == "no mail server: notices.smtp_url is not set"
    clock.now_us += 100 * LONGEST_WAIT_US
    assert await send_due(connection, ways(), clock) == 0


async def test_a_sender_that_dies_after_sending_sends_again(connection: AsyncConnection, clean_database: str) -> None:
    """The connection is lost between the server's answer and the commit."""
    with mail_server() as box:
        await add_notices(connection, [notice()])

        class Dying(Ways):
            async def send(self, one: object) -> None:
                await super().send(one)  # type: ignore[arg-type]
                raise ConnectionAbortedError

        async with connect(clean_database, name="dying") as dying:
            with pytest.raises(ConnectionAbortedError):
                await send_due(dying, Dying(ways(box.port).settings), Clock())
        assert await send_due(connection, ways(box.port), Clock()) == 1
    assert len(box.mails) == 2
    assert len({mail["Message-ID"] for mail in box.mails}) == 1


async def test_the_service_sends_what_comes_until_it_is_stopped(
    connection: AsyncConnection, clean_database: str
) -> None:
    with mail_server() as box:
        given = (f"notices.smtp_url=smtp://127.0.0.1:{box.port}", f"notices.mail_from={MAIL_FROM}")
        settings = load_settings(None, {"SNOWTRACK_CONFIG": ""}, [f"database.url={clean_database}", *given])
        stopping = asyncio.Event()
        service = asyncio.create_task(send_notices(settings, stopping))
        await add_notices(connection, [notice()])
        await until(lambda: box.mails)
        stopping.set()
        async with asyncio.timeout(5):
            await service


async def test_no_secret_comes_into_the_logs_or_the_faults(connection: AsyncConnection) -> None:
    settings = Notices(
        smtp_url=f"smtp://snow:topsecret@127.0.0.1:{free_port()}", mail_from=MAIL_FROM, webhook_secret="topsecret"
    )
    await add_notices(connection, [notice(), notice(f"http://127.0.0.1:{free_port()}/", way="webhook")])
    with capture_logs() as said:
        await send_due(connection, Ways(settings), Clock())
        await send_due(connection, Ways(Notices(smtp_url="smtp://snow:topsecret@")), Clock())
    assert len(said) == 2
    assert "topsecret" not in str(said)
    assert all("topsecret" not in str(row.fault) for row in await read_notices(connection, 10))
