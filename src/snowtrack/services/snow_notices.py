"""Sending what the snow watch wrote down: each notice at least once, tried for hours, failures kept for all to see."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from psycopg import AsyncConnection

from snowtrack.model.calendar import SECOND_US
from snowtrack.model.errors import ConfigError, StoreError
from snowtrack.notices import NotSentError
from snowtrack.notices.mail import MailServer, send_mail
from snowtrack.notices.webhook import call_webhook
from snowtrack.services.stopping import stopped_within
from snowtrack.settings import Notices, Settings
from snowtrack.store.database import connect, store_errors
from snowtrack.store.notices import Notice, end_notice, next_notice, put_off_notice
from snowtrack.wall_clock import now_us

LOOK_S = 5.0
RETRY_S = 10.0
ATTEMPTS_MAX = 12
FIRST_WAIT_US = 30 * SECOND_US
LONGEST_WAIT_US = 3_600 * SECOND_US
SENT_AT_ONCE = 100

log = structlog.get_logger()
Clock = Callable[[], int]


async def send_notices(settings: Settings, stopping: asyncio.Event) -> None:
    """Until told to stop; a database that is away is waited for."""
    ways = Ways(settings.notices)
    while not stopping.is_set():
        try:
            async with connect(settings.database.url, name="notices") as connection:
                while not stopping.is_set():
                    if not await send_due(connection, ways, now_us):
                        await stopped_within(stopping, LOOK_S)
        except StoreError as error:
            log.warning("notices: waiting", reason=str(error))
            await stopped_within(stopping, RETRY_S)


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
        await asyncio.to_thread(send_mail, server, notice)

    async def _webhook(self, notice: Notice) -> None:
        await call_webhook(notice, self.settings.webhook_secret)


async def send_due(connection: AsyncConnection, ways: Ways, clock: Clock) -> int:
    """Try those whose time has come, some at a time; how many were tried."""
    for tried in range(SENT_AT_ONCE):
        if not await _send_next(connection, ways, clock):
            return tried
    return SENT_AT_ONCE


async def _send_next(connection: AsyncConnection, ways: Ways, clock: Clock) -> bool:
    """One, inside a transaction that holds it: when the process dies, it is sent again."""
    with store_errors("cannot send notices"):
        async with connection.transaction():
            notice = await next_notice(connection, clock())
            if notice is None:
                return False
            try:
                await ways.send(notice)
            except NotSentError as error:
                await _note_fault(connection, notice, str(error), clock())
            else:
                await end_notice(connection, notice.number, clock(), None)
                log.info("notice sent", notice=notice.number, way=notice.way, agency=notice.agency)
    return True


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
