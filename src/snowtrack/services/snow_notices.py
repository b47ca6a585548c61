"""Sending what the snow watch wrote down: each notice at least once, tried for hours, failures kept for all to see.

Some are sent at once, so that a target that does not answer holds up no other. Whatever becomes of it, a notice ends
neither the sending nor the fold beside which it runs.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import structlog
from psycopg import AsyncConnection

from snowtrack.background import running
from snowtrack.model.calendar import SECOND_US
from snowtrack.model.errors import ConfigError, StoreError
from snowtrack.notices import NotSentError
from snowtrack.notices.mail import MailServer, send_mail
from snowtrack.notices.targets import without_target
from snowtrack.notices.webhook import call_webhook
from snowtrack.services.own_thread import in_own_thread
from snowtrack.services.stopping import stopped_within
from snowtrack.settings import Notices, Settings
from snowtrack.store.database import StorePool, connection_pool, store_errors
from snowtrack.store.notices import Notice, end_notice, next_notice, put_off_notice
from snowtrack.wall_clock import now_us

LOOK_S = 5.0
RETRY_S = 10.0
AT_ONCE = 8
TRY_S_MAX = 60.0
STOP_S_MAX = 3.0
ATTEMPTS_MAX = 12
FIRST_WAIT_US = 30 * SECOND_US
LONGEST_WAIT_US = 3_600 * SECOND_US

log = structlog.get_logger()
Clock = Callable[[], int]


@asynccontextmanager
async def sending_notices(settings: Settings, stopping: asyncio.Event) -> AsyncIterator[None]:
    """Beside other work. At its end what is being sent gets a moment; then it is left, and sent again another time."""
    ended = asyncio.Event()

    async def send() -> None:
        await send_notices(settings, stopping)
        ended.set()

    async with running(send()):
        yield
        stopping.set()
        await stopped_within(ended, STOP_S_MAX)


async def send_notices(settings: Settings, stopping: asyncio.Event) -> None:
    """Until told to stop. A database that is away is waited for; what breaks is said, and begins again."""
    ways = Ways(settings.notices)
    while not stopping.is_set():
        try:
            async with connection_pool(settings.database.url, name="notices", size=AT_ONCE) as pool:
                idle = asyncio.Lock()
                async with asyncio.TaskGroup() as group:
                    for number in range(AT_ONCE):
                        group.create_task(_send_on(pool, ways, idle, stopping, LOOK_S if number else 0.0))
        except StoreError as error:
            log.warning("notices: waiting", reason=str(error))
        except Exception as error:  # noqa: BLE001 - the fold has to go on, and whatever it was may pass
            log.error("notices: broken, to begin again", reason=repr(error))
        await stopped_within(stopping, RETRY_S)


async def _send_on(pool: StorePool, ways: "Ways", idle: asyncio.Lock, stopping: asyncio.Event, pause_s: float) -> None:
    """One after the other until told to stop. Of those that have nothing to do, one at a time looks again."""
    while not stopping.is_set():
        if pause_s:
            async with idle:
                await stopped_within(stopping, pause_s)
        if stopping.is_set():
            return
        try:
            with store_errors("cannot send notices"):
                async with pool.connection() as connection:
                    pause_s = 0.0 if await send_next(connection, ways, now_us) else LOOK_S
        except StoreError as error:
            log.warning("notices: waiting", reason=str(error))
            pause_s = RETRY_S


class Ways:
    """How a notice goes to its target, by the settings."""

    def __init__(self, settings: Notices) -> None:
        self.settings = settings
        self.ways: dict[str, Callable[[Notice], Awaitable[None]]] = {"mail": self._mail, "webhook": self._webhook}

    async def send(self, notice: Notice) -> None:
        await self.ways[notice.way](notice)

    async def _mail(self, notice: Notice) -> None:
        if self.settings.smtp_url is None:
            raise NotSentError("no mail server: notices.smtp_url is not set")
        try:
            server = MailServer.parse(self.settings.smtp_url, self.settings.mail_from, self.settings.smtp_ca)
        except ConfigError as error:
            raise NotSentError(str(error)) from error
        await in_own_thread(partial(send_mail, server, notice))

    async def _webhook(self, notice: Notice) -> None:
        await call_webhook(notice, self.settings.webhook_secret)


async def send_next(connection: AsyncConnection, ways: Ways, clock: Clock) -> bool:
    """Try the one that has waited longest; whether there was one.

    The transaction holds it meanwhile: when the process dies, it is sent again.
    """
    with store_errors("cannot send notices"):
        async with connection.transaction():
            notice = await next_notice(connection, clock())
            if notice is None:
                return False
            fault = await _send(ways, notice)
            if fault is not None:
                await _note_fault(connection, notice, without_target(fault, notice.target), clock())
            else:
                await end_notice(connection, notice.number, clock(), None)
                log.info("notice sent", notice=notice.number, way=notice.way, agency=notice.agency)
    return True


async def _send(ways: Ways, notice: Notice) -> str | None:
    """Why it could not be sent, if so."""
    try:
        async with asyncio.timeout(TRY_S_MAX):
            await ways.send(notice)
    except NotSentError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it, it is this notice's fault, and the next is tried
        return f"{notice.way}: {type(error).__name__}"  # its words may hold the address
    return None


async def _note_fault(connection: AsyncConnection, notice: Notice, fault: str, now_us: int) -> None:
    """Try again after a while that doubles; at last, give up."""
    attempts = notice.attempts + 1
    final = attempts >= ATTEMPTS_MAX
    log.warning(
        "notice not sent", notice=notice.number, way=notice.way, reason=fault, attempts=attempts, given_up=final
    )
    if final:
        await end_notice(connection, notice.number, now_us, fault)
    else:
        wait_us = min(FIRST_WAIT_US << notice.attempts, LONGEST_WAIT_US)
        await put_off_notice(connection, notice.number, now_us + wait_us, fault)
