"""`snowtrack accounts` and `keys`: who is let in, and for which agencies."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import orjson
from psycopg import AsyncConnection

from snowtrack import wall_clock
from snowtrack.model.access import EVERY, Right, Role
from snowtrack.model.calendar import DAY_US, HOUR_US, tokyo_minute, utc_text
from snowtrack.model.errors import ConfigError
from snowtrack.services.console import note_at_console
from snowtrack.services.instance import database_url
from snowtrack.settings import Settings
from snowtrack.store.accounts import (
    AccountRow,
    KeyRow,
    close_account,
    end_keys,
    give_role,
    invite,
    make_key,
    open_account,
    read_accounts,
    read_keys,
    withdraw_roles,
)
from snowtrack.store.database import connect, store_errors
from snowtrack.store.fleet import read_tables
from snowtrack.store.secrets import hashed, make_secret

ACCOUNT = re.compile(r"[a-z0-9][a-z0-9._@-]{0,99}")
KEY = re.compile(r"[A-Za-z0-9._-]{1,100}")
FIRST_ACCOUNT, FIRST_H = "admin", 24
UP_KEY, UP_DAYS = "snowtrack-up", 366


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """What a person becomes for an agency."""

    role: Role
    agency: str
    contractor: str | None = None


async def invite_account(settings: Settings, name: str, appointment: Appointment | None, hours: int) -> None:
    """Give a role, and print an address at which the person chooses a password, once."""
    if not ACCOUNT.fullmatch(name):
        raise ConfigError(f"account {name!r}: expected 1 to 100 of a-z 0-9 . _ @ -, not a sign first")
    async with _deciding(settings) as connection:
        if appointment is not None:
            await _check(connection, appointment.agency, appointment.contractor)
        link = await make_invitation(connection, settings, name, appointment, hours)
    print(f"{name} chooses a password here, once, within {hours} hours:\n{link}")


async def make_invitation(
    connection: AsyncConnection, settings: Settings, name: str, appointment: Appointment | None, hours: int
) -> str:
    """The address; its secret stands behind a '#', so that no server and no log sees it."""
    now_us, secret = wall_clock.now_us(), make_secret()
    await open_account(connection, name, now_us)
    agencies: tuple[str, ...] = ()
    if appointment is not None:
        agencies = (appointment.agency,)
        await give_role(connection, name, appointment.role, appointment.agency, appointment.contractor)
    await invite(connection, name, hashed(secret), now_us + hours * HOUR_US)
    said = f"{name} {appointment.role if appointment else ''}".strip()
    await note_at_console(connection, "invite", agencies, said)
    return f"{settings.api.url}/sign-in.html#invitation={secret}"


async def invite_first(connection: AsyncConnection, settings: Settings) -> str | None:
    """Somebody has to be let in first: the address, as long as nobody ever came in."""
    if any(row.has_come or row.is_closed for row in await read_accounts(connection)):
        return None
    administrator = Appointment(role=Role.ADMINISTRATOR, agency=EVERY)
    return await make_invitation(connection, settings, FIRST_ACCOUNT, administrator, FIRST_H)


async def withdraw_account(settings: Settings, name: str, agency: str) -> None:
    """Take away all that an account is for an agency."""
    async with _deciding(settings) as connection:
        count = await withdraw_roles(connection, name, agency)
        if not count:
            raise ConfigError(f"{name} is nothing for {agency}; 'snowtrack accounts list' lists them")
        await note_at_console(connection, "withdraw", (agency,), name)
    print(f"{name} is nothing for {agency} any more")


async def end_account(settings: Settings, name: str) -> None:
    """Let nobody in by an account; what it did stays written down."""
    async with _deciding(settings) as connection:
        if not await close_account(connection, name, wall_clock.now_us()):
            raise ConfigError(f"there is no open account {name}; 'snowtrack accounts list' lists them")
        await note_at_console(connection, "close", (), name)
    print(f"{name} is closed, and its sessions have ended")


async def show_accounts(settings: Settings, *, as_json: bool) -> None:
    async with _deciding(settings) as connection:
        rows = await read_accounts(connection)
    if as_json:
        print(orjson.dumps([_account_json(row) for row in rows]).decode())
        return
    now_us = wall_clock.now_us()
    for row in rows:
        print(f"{row.name}: {', '.join(row.roles) or 'no role'}{_state(row, now_us)}")
    if not rows:
        print("there is no account; 'snowtrack accounts invite' makes one")


async def issue_key(settings: Settings, name: str, agency: str, rights: list[Right], days: int) -> None:
    """Print a new key; it is not kept, only its hash."""
    if not KEY.fullmatch(name):
        raise ConfigError(f"key {name!r}: expected 1 to 100 of A-Z a-z 0-9 . _ -")
    async with _deciding(settings) as connection:
        await _check(connection, agency, None)
        if any(row.name == name for row in await read_keys(connection, wall_clock.now_us())):
            raise ConfigError(f"there is a key {name}; 'snowtrack keys renew' puts another one in its place")
        secret = await _make(connection, name, agency, rights, days)
    _tell_key(secret)


async def renew_key(settings: Settings, name: str, days: int, overlap_h: int) -> None:
    """Print a key in place of one; that one is good for some hours more."""
    now_us = wall_clock.now_us()
    async with _deciding(settings) as connection:
        ended = await end_keys(connection, name, until_us=now_us + overlap_h * HOUR_US, now_us=now_us)
        if not ended:
            raise ConfigError(f"there is no key {name}; 'snowtrack keys list' lists them")
        rights, agency = ended[-1]
        secret = await _make(connection, name, agency, list(rights), days)
    _tell_key(secret)


async def revoke_key(settings: Settings, name: str) -> None:
    """Let a key open nothing any more."""
    now_us = wall_clock.now_us()
    async with _deciding(settings) as connection:
        ended = await end_keys(connection, name, until_us=now_us, now_us=now_us)
        if not ended:
            raise ConfigError(f"there is no key {name}; 'snowtrack keys list' lists them")
        await note_at_console(connection, "revoke key", tuple({agency for _, agency in ended}), name)
    print(f"key {name} opens nothing any more")


async def show_keys(settings: Settings, *, as_json: bool) -> None:
    async with _deciding(settings) as connection:
        rows = await read_keys(connection, wall_clock.now_us())
    if as_json:
        print(orjson.dumps([_key_json(row) for row in rows]).decode())
        return
    for row in rows:
        print(f"{row.name}: {', '.join(row.rights)} of {row.agency}, until {tokyo_minute(row.expires_us)}")
    if not rows:
        print("there is no key; 'snowtrack keys make' makes one")


async def key_of_up(connection: AsyncConnection) -> str:
    """A key by which `snowtrack up` itself looks at the figures; the one of its last run is good no more."""
    now_us = wall_clock.now_us()
    await end_keys(connection, UP_KEY, until_us=now_us, now_us=now_us)
    return await _make(connection, UP_KEY, EVERY, [Right.LOOK, Right.OPERATE], UP_DAYS)


@asynccontextmanager
async def _deciding(settings: Settings) -> AsyncIterator[AsyncConnection]:
    async with connect(database_url(settings), name="accounts") as connection:
        with store_errors("cannot change who is let in"):
            async with connection.transaction():
                yield connection


async def _check(connection: AsyncConnection, agency: str, contractor: str | None) -> None:
    tables = await read_tables(connection)
    if agency != EVERY and agency not in [row["agency"] for row in tables["agencies"]]:
        raise ConfigError(f"agency {agency!r} is not registered ('snowtrack fleet show'); '*' stands for all")
    known = [(row["agency"], row["contractor"]) for row in tables["contractors"]]
    if contractor is not None and (agency, contractor) not in known:
        raise ConfigError(f"contractor {contractor!r} of {agency} is not registered ('snowtrack fleet show')")


async def _make(connection: AsyncConnection, name: str, agency: str, rights: list[Right], days: int) -> str:
    now_us, secret = wall_clock.now_us(), make_secret()
    key = KeyRow(name=name, rights=tuple(rights), agency=agency, made_us=now_us, expires_us=now_us + days * DAY_US)
    await make_key(connection, key, hashed(secret))
    await note_at_console(connection, "make key", (agency,), name)
    return secret


def _tell_key(secret: str) -> None:
    print(f"{secret}\nThis is shown once. Send it with each request: 'Authorization: Bearer …'")


def _state(row: AccountRow, now_us: int) -> str:
    if row.is_closed:
        return "; closed"
    if not row.has_come:
        return "; has not come in yet"
    if row.locked_until_us is not None and now_us < row.locked_until_us:
        return f"; locked until {tokyo_minute(row.locked_until_us)}"
    return ""


def _account_json(row: AccountRow) -> dict[str, object]:
    locked = None if row.locked_until_us is None else utc_text(row.locked_until_us)
    return {
        "account": row.name,
        "roles": row.roles,
        "has_come": row.has_come,
        "locked_until": locked,
        "closed": row.is_closed,
    }


def _key_json(row: KeyRow) -> dict[str, object]:
    return {
        "key": row.name,
        "rights": row.rights,
        "agency": row.agency,
        "made_at": utc_text(row.made_us),
        "expires_at": utc_text(row.expires_us),
    }
