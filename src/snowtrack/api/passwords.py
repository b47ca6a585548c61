"""Passwords: hashed by argon2id, a few at a time, and locked after too many wrong ones."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from fastapi import HTTPException

from snowtrack import wall_clock
from snowtrack.api.errors import RETRY
from snowtrack.model.calendar import MINUTE_US
from snowtrack.settings import Access
from snowtrack.store.access import Account, Entry, find_account, note, note_failures
from snowtrack.store.database import StorePool

SIGNS_MIN, SIGNS_MAX = 12, 200
# A hash takes some 64 MB of memory and 50 ms of a core.
AT_ONCE = 2
WAITING_MAX = 64


@dataclass(slots=True)
class Passwords:
    """One per application."""

    settings: Access
    hasher: PasswordHasher = field(default_factory=PasswordHasher)
    room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    waiting: int = 0
    nobodys: str = ""

    async def hash(self, password: str) -> str:
        async with self._turn():
            return await asyncio.to_thread(self.hasher.hash, password)

    async def fits(self, pool: StorePool, name: str, password: str) -> str | None:
        """The hash that fits, when this is the password of an account that is open and not locked. To look takes as
        long when there is none.

        No connection and no row is held meanwhile, so that whoever goes on has to see that it is still the account's;
        of those who try at once each counts. What is refused is written down where there is such an account: what is
        no name may be a password, typed in the wrong place.
        """
        now_us = wall_clock.now_us()
        async with pool.connection() as connection:
            account = await find_account(connection, name)
        known = account.password if account is not None and not _is_locked(account, now_us) else None
        if not await self._verify(known, password):
            await self._note(pool, name, now_us)
            return None
        async with pool.connection() as connection, connection.transaction():
            account = await find_account(connection, name)
            if account is None or account.password != known or _is_locked(account, now_us):
                return None
            await note_failures(connection, name, 0, None)
        return known

    async def _verify(self, known: str | None, password: str) -> bool:
        async with self._turn():
            if not self.nobodys:
                self.nobodys = await asyncio.to_thread(self.hasher.hash, "")
            try:
                await asyncio.to_thread(self.hasher.verify, known or self.nobodys, password)
            except (VerifyMismatchError, InvalidHashError):
                return False
        return known is not None

    async def _note(self, pool: StorePool, name: str, now_us: int) -> None:
        async with pool.connection() as connection, connection.transaction():
            account = await find_account(connection, name)
            if account is None or account.password is None or _is_locked(account, now_us):
                return
            failures = account.failures + 1
            locked = failures >= self.settings.failures_max
            until_us = now_us + round(self.settings.locked_min * MINUTE_US) if locked else None
            await note_failures(connection, name, 0 if locked else failures, until_us)
            await note(connection, Entry(who=name, action="refused", agencies=(), what="a wrong password"), now_us)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Room for one hash; who comes when many wait is sent away."""
        if self.waiting >= WAITING_MAX:
            raise HTTPException(503, "many are signing in just now", RETRY)
        self.waiting += 1
        try:
            async with self.room:
                yield
        finally:
            self.waiting -= 1


def _is_locked(account: Account, now_us: int) -> bool:
    return account.locked_until_us is not None and now_us < account.locked_until_us
