"""Who comes in: sessions, keys and invitations, and the log of what was done and looked at."""

from collections.abc import Iterable
from dataclasses import dataclass

from psycopg import AsyncConnection

from snowtrack.model.access import RIGHTS, Grant, Principal, Right, Role, Scope
from snowtrack.model.calendar import SECOND_US
from snowtrack.model.ids import DeviceId
from snowtrack.store.instants import to_instant, to_instant_or_none, to_us, to_us_or_none
from snowtrack.store.queries import query

# A session's last use is noted no more often.
NOTED_US = 60 * SECOND_US


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """How an account can be signed in to just now."""

    name: str
    password: str | None
    failures: int
    locked_until_us: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What somebody did or looked at; of which agencies, where that can be said."""

    who: str
    action: str
    agencies: tuple[str, ...]
    what: str
    number: int = 0
    at_us: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetime:
    """How long a session is good: since it began, and since it was last used."""

    whole_us: int
    idle_us: int


async def find_by_session(
    connection: AsyncConnection, secret: bytes, lifetime: Lifetime, now_us: int
) -> Principal | None:
    """Whose session this is, as long as it is good; that it is used is noted."""
    asked = {
        "secret": secret,
        "made_after": to_instant(now_us - lifetime.whole_us),
        "used_after": to_instant(now_us - lifetime.idle_us),
    }
    found = await (await connection.execute(query("session_account"), asked)).fetchone()
    if found is None:
        return None
    account, used_at = found
    if now_us - to_us(used_at) > NOTED_US:
        await connection.execute(query("use_session"), {"secret": secret, "now": to_instant(now_us)})
    return Principal(account, await _grants(connection, account))


async def find_by_key(connection: AsyncConnection, secret: bytes, now_us: int) -> Principal | None:
    """Whose key this is, as long as it is good."""
    asked = {"secret": secret, "now": to_instant(now_us)}
    found = await (await connection.execute(query("key_rights"), asked)).fetchone()
    if found is None:
        return None
    name, rights, agency = found
    return Principal(f"key {name}", (Grant(frozenset(map(Right, rights)), agency),))


async def find_account(connection: AsyncConnection, name: str) -> Account | None:
    """An account that is not closed. It is held until the transaction ends."""
    found = await (await connection.execute(query("open_account"), {"account": name})).fetchone()
    if found is None:
        return None
    password, failures, locked_until = found
    return Account(name=name, password=password, failures=failures, locked_until_us=to_us_or_none(locked_until))


async def is_password(connection: AsyncConnection, name: str, password: str) -> bool:
    """Is this still the hashed password of an open account? It stays so until the transaction ends."""
    account = await find_account(connection, name)
    return account is not None and account.password == password


async def is_invitation(connection: AsyncConnection, secret: bytes, now_us: int) -> bool:
    """Is there such an invitation, that is good?"""
    asked = {"secret": secret, "now": to_instant(now_us)}
    return await (await connection.execute(query("is_invitation"), asked)).fetchone() is not None


async def note_failures(connection: AsyncConnection, name: str, failures: int, locked_until_us: int | None) -> None:
    """How often in a row a password was wrong, and until when none is looked at."""
    asked = {"account": name, "failures": failures, "locked_until": to_instant_or_none(locked_until_us)}
    await connection.execute(query("note_failures"), asked)


async def claim_account(connection: AsyncConnection, name: str, subject: str, now_us: int) -> bool:
    """Is this open account that of a person whom a provider names so? Who is invited makes it theirs the first time;
    from then on it is, whoever gets their name later."""
    if await (await connection.execute(query("own_account"), {"account": name, "subject": subject})).fetchone():
        return True
    asked = {"account": name, "subject": subject, "now": to_instant(now_us)}
    return await (await connection.execute(query("claim_account"), asked)).fetchone() is not None


async def take_invitation(connection: AsyncConnection, secret: bytes, now_us: int) -> str | None:
    """Whom this invites; it is good no more."""
    asked = {"secret": secret, "now": to_instant(now_us)}
    found = await (await connection.execute(query("take_invitation"), asked)).fetchone()
    return str(found[0]) if found else None


async def set_password(connection: AsyncConnection, name: str, password: str) -> None:
    """Put a hashed password in place of the one of before; all sessions end."""
    await connection.execute(query("set_password"), {"account": name, "password": password})
    await connection.execute(query("end_sessions"), {"account": name})


async def begin_session(connection: AsyncConnection, name: str, secret: bytes, lifetime: Lifetime, now_us: int) -> None:
    """Begin one, and forget those of this account that are over."""
    asked = {"account": name, "secret": secret, "now": to_instant(now_us)}
    over = {
        "account": name,
        "made_before": to_instant(now_us - lifetime.whole_us),
        "used_before": to_instant(now_us - lifetime.idle_us),
    }
    await connection.execute(query("forget_sessions"), over)
    await connection.execute(query("begin_session"), asked)


async def end_session(connection: AsyncConnection, secret: bytes) -> None:
    await connection.execute(query("end_session"), {"secret": secret})


async def note(connection: AsyncConnection, entry: Entry, now_us: int) -> None:
    """Write down what was done or looked at."""
    asked = {
        "at": to_instant(now_us),
        "who": entry.who,
        "action": entry.action,
        "agencies": list(entry.agencies),
        "what": entry.what,
    }
    await connection.execute(query("note_audit"), asked)


async def read_audit(connection: AsyncConnection, scope: Scope, *, before: int, limit: int) -> list[Entry]:
    """The newest entries before a number; those of all agencies too, of none only for who may see all."""
    asked = {"agencies": scope.listed, "before": before, "limit": limit}
    rows = await (await connection.execute(query("audit_entries"), asked)).fetchall()
    return [
        Entry(number=number, at_us=to_us(at), who=who, action=action, agencies=tuple(told), what=what)
        for number, at, who, action, told, what in rows
    ]


async def is_of_contractors(
    connection: AsyncConnection, device: DeviceId, contractors: Iterable[str], span_us: tuple[int, int]
) -> bool:
    """Was a device all of a time on machines that are these contractors'?"""
    asked = {
        "agency": device.agency,
        "device": device.device,
        "contractors": list(contractors),
        "from": to_instant(span_us[0]),
        "to": to_instant(span_us[1]),
    }
    found = await (await connection.execute(query("is_of_contractors"), asked)).fetchone()
    return bool(found and found[0])


async def _grants(connection: AsyncConnection, account: str) -> tuple[Grant, ...]:
    rows = await (await connection.execute(query("account_roles"), {"account": account})).fetchall()
    return tuple(Grant(RIGHTS[Role(role)], agency, contractor) for role, agency, contractor in rows)
