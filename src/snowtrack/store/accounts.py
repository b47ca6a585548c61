"""Who is let in, as the owner of the database decides: accounts, what they are for whom, and keys."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from psycopg import AsyncConnection

from snowtrack.model.access import Right, Role
from snowtrack.store.instants import to_instant, to_us, to_us_or_none
from snowtrack.store.queries import query


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """One account as a list shows it."""

    name: str
    has_come: bool
    locked_until_us: int | None
    is_closed: bool
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """One key as a list shows it; its secret is nowhere."""

    name: str
    rights: tuple[Right, ...]
    agency: str
    made_us: int
    expires_us: int


async def read_accounts(connection: AsyncConnection) -> list[AccountRow]:
    rows = await (await connection.execute(query("accounts"))).fetchall()
    return [
        AccountRow(
            name=name,
            has_come=has_come,
            locked_until_us=to_us_or_none(locked_until),
            is_closed=closed_at is not None,
            roles=tuple(roles),
        )
        for name, has_come, locked_until, closed_at, roles in rows
    ]


async def open_account(connection: AsyncConnection, name: str, now_us: int) -> None:
    """Make an account, or open it again."""
    await connection.execute(query("make_account"), {"account": name, "now": to_instant(now_us)})
    await connection.execute(query("open_again"), {"account": name})


async def give_role(connection: AsyncConnection, name: str, role: Role, agency: str, contractor: str | None) -> None:
    asked = {"account": name, "role": role, "agency": agency, "contractor": contractor}
    await connection.execute(query("give_role"), asked)


async def withdraw_roles(connection: AsyncConnection, name: str, agency: str) -> int:
    """Take away all that an account is for an agency; how many roles that were."""
    asked = {"account": name, "agency": agency}
    return len(await (await connection.execute(query("withdraw_roles"), asked)).fetchall())


async def invite(connection: AsyncConnection, name: str, secret: bytes, expires_us: int) -> None:
    """Whoever has the secret may choose the account's password once."""
    asked = {"account": name, "secret": secret, "expires_at": to_instant(expires_us)}
    await connection.execute(query("invite"), asked)


async def close_account(connection: AsyncConnection, name: str, now_us: int) -> bool:
    """Let nobody in by this account, which is nothing for anybody any more; was it open?"""
    asked = {"account": name, "now": to_instant(now_us)}
    closed = await (await connection.execute(query("close_account"), asked)).fetchone()
    await connection.execute(query("end_sessions"), {"account": name})
    await connection.execute(query("end_invitations"), {"account": name})
    await connection.execute(query("end_roles"), {"account": name})
    return closed is not None


async def read_keys(connection: AsyncConnection, now_us: int) -> list[KeyRow]:
    """All that are good."""
    rows = await (await connection.execute(query("api_keys"), {"now": to_instant(now_us)})).fetchall()
    return [
        KeyRow(
            name=name,
            rights=tuple(map(Right, rights)),
            agency=agency,
            made_us=to_us(made_at),
            expires_us=to_us(expires_at),
        )
        for name, rights, agency, made_at, expires_at in rows
    ]


async def make_key(connection: AsyncConnection, key: KeyRow, secret: bytes) -> None:
    asked: dict[str, str | bytes | list[str] | datetime] = {
        "secret": secret,
        "name": key.name,
        "rights": sorted(key.rights),
        "agency": key.agency,
        "now": to_instant(key.made_us),
        "expires_at": to_instant(key.expires_us),
    }
    await connection.execute(query("make_key"), asked)


async def end_keys(
    connection: AsyncConnection, name: str, *, until_us: int, now_us: int
) -> list[tuple[Iterable[Right], str]]:
    """Let the keys of a name be good until then at most; what they open, and of which agency."""
    asked = {"name": name, "now": to_instant(now_us), "expires_at": to_instant(until_us)}
    await connection.execute(query("forget_keys"), asked)
    rows = await (await connection.execute(query("shorten_keys"), asked)).fetchall()
    return [(tuple(map(Right, rights)), agency) for rights, agency in rows]
