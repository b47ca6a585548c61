"""Notices from the database to real servers: at least once, tried again, and given up for all to see."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from psycopg import AsyncConnection
from structlog.testing import capture_logs

from snowtrack.model.errors import StoreError
from snowtrack.notices import NotSentError
from snowtrack.services.snow_notices import (
    ATTEMPTS_MAX,
    LONGEST_WAIT_US,
    STOP_S_MAX,
    Ways,
    send_next,
    send_notices,
    sending_notices,
)
from snowtrack.settings import Notices, Settings, load_settings
from snowtrack.store.database import connect
from snowtrack.store.notices import Notice, add_notices, read_notices
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


async def send_due(connection: AsyncConnection, ways: Ways, clock: Callable[[], int]) -> int:
    """All whose time has come; how many were tried."""
    tried = 0
    while await send_next(connection, ways, clock):
        tried += 1
    return tried


def settings_for(url: str, *given: str) -> Settings:
    return load_settings(None, {"SNOWTRACK_CONFIG": ""}, [f"database.url={url}", *given])


@contextmanager
def silent_server() -> Iterator[int]:
    """Connections are taken, and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


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
            async def send(self, notice: Notice) -> None:
                await super().send(notice)
                await connection.execute("select pg_terminate_backend(%s)", [dying.info.backend_pid])

        async with connect(clean_database, name="dying") as dying:
            with pytest.raises(StoreError):
                await send_next(dying, Dying(ways(box.port).settings), Clock())
        assert await send_due(connection, ways(box.port), Clock()) == 1
    assert len(box.mails) == 2
    assert len({mail["Message-ID"] for mail in box.mails}) == 1


@pytest.mark.parametrize("target", ["https://127.0.0.1:99999/hook", "https://xn--/", "https://a..b/", "http://[", ""])
async def test_an_address_that_nobody_can_be_called_at_is_a_fault_of_its_notice(
    connection: AsyncConnection, target: str
) -> None:
    with mail_server() as box:
        await add_notices(connection, [notice(target, way="webhook"), notice()])
        assert await send_due(connection, ways(box.port), Clock()) == 2
    assert len(box.mails) == 1
    _, wrong = await read_notices(connection, 10)
    assert (wrong.attempts, wrong.ended_us) == (1, None)
    assert wrong.fault is not None
    assert wrong.fault.startswith("webhook: ")


async def test_whatever_breaks_in_the_sending_is_a_fault_of_its_notice(connection: AsyncConnection) -> None:
    class Broken(Ways):
        async def send(self, notice: Notice) -> None:
            raise ZeroDivisionError(notice.target)

    await add_notices(connection, [notice()])
    assert await send_due(connection, Broken(Notices()), Clock()) == 1
    (row,) = await read_notices(connection, 1)
    assert (row.attempts, row.fault) == (1, "mail: ZeroDivisionError")


async def test_the_service_sends_what_comes_until_it_is_stopped(
    connection: AsyncConnection, clean_database: str
) -> None:
    with mail_server() as box:
        settings = settings_for(
            clean_database, f"notices.smtp_url=smtp://127.0.0.1:{box.port}", f"notices.mail_from={MAIL_FROM}"
        )
        stopping = asyncio.Event()
        service = asyncio.create_task(send_notices(settings, stopping))
        await add_notices(connection, [notice()])
        await until(lambda: box.mails)
        stopping.set()
        async with asyncio.timeout(5):
            await service


async def test_a_target_that_says_nothing_holds_up_no_other_and_not_the_end(
    connection: AsyncConnection, clean_database: str
) -> None:
    loop = asyncio.get_running_loop()
    with silent_server() as silent, web_server() as hook:
        settings = settings_for(
            clean_database, f"notices.smtp_url=smtp://127.0.0.1:{silent}", f"notices.mail_from={MAIL_FROM}"
        )
        await add_notices(connection, [notice(), replace(notice(hook.url, way="webhook"), made_us=MADE_US + 1)])
        async with sending_notices(settings, asyncio.Event()):
            await until(lambda: hook.calls)
            ends_at = loop.time()
        assert loop.time() - ends_at < STOP_S_MAX + 5
    _, waiting = await read_notices(connection, 10)
    assert (waiting.attempts, waiting.ended_us) == (0, None)


async def test_what_is_being_sent_at_the_end_gets_a_moment(connection: AsyncConnection, clean_database: str) -> None:
    with mail_server() as box:
        box.pause_s = 0.5
        settings = settings_for(
            clean_database, f"notices.smtp_url=smtp://127.0.0.1:{box.port}", f"notices.mail_from={MAIL_FROM}"
        )
        await add_notices(connection, [notice()])
        async with sending_notices(settings, asyncio.Event()):
            await until(lambda: box.begun)
    (row,) = await read_notices(connection, 1)
    assert row.sent_us is not None


async def test_a_database_without_our_tables_does_not_end_what_goes_on_beside(database_url: str) -> None:
    with capture_logs() as said:
        async with sending_notices(settings_for(database_url), asyncio.Event()):
            await until(lambda: said)
    assert "notice" in said[0]["reason"]


async def test_no_address_comes_into_the_logs_or_the_faults(connection: AsyncConnection) -> None:
    """A server says the address again that it refuses."""
    refused, hook = "taro.yamada@private.example", f"http://127.0.0.1:{free_port()}/services/secret"

    class Telling(Ways):
        async def send(self, notice: Notice) -> None:
            if notice.way == "mail":
                raise NotSentError(f"mail server: refused the address: 550 <{notice.target.upper()}>: unknown")
            await super().send(notice)

    await add_notices(connection, [notice(refused), notice("taro..y@private.example"), notice(hook, way="webhook")])
    with capture_logs() as said:
        await send_due(connection, Telling(Notices()), Clock())
        await connection.execute("update notice set next_at = made_at")
        await send_due(connection, ways(free_port()), Clock())
    faults = [row.fault for row in await read_notices(connection, 10)]
    assert len(said) == 6
    assert all(faults)
    for secret in ("taro", "yamada", "secret"):
        assert secret not in f"{said} {faults}".lower()
    assert "t…@private.example" in str(said)


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
