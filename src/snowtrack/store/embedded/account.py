"""Whom the server runs as: the caller, or, since PostgreSQL refuses to run as root, an existing unprivileged user."""

import os
import pwd
from dataclasses import dataclass

from snowtrack.model.errors import StoreError


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user of this machine."""

    name: str
    uid: int
    gid: int


def caller() -> Account:
    try:
        entry = pwd.getpwuid(os.geteuid())
    except KeyError:
        raise StoreError(
            f"user id {os.geteuid()} has no name on this machine, and PostgreSQL needs one; "
            "start snowtrack as a user listed in /etc/passwd, or give a database by URL"
        ) from None
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)


def server_account(run_as: str) -> Account:
    """The caller, or `run_as` when the caller is root."""
    if os.geteuid() != 0:
        return caller()
    try:
        entry = pwd.getpwnam(run_as)
    except KeyError:
        raise StoreError(
            f"user {run_as!r}, whom PostgreSQL should run as, does not exist; name an existing unprivileged user"
        ) from None
    if entry.pw_uid == 0:
        raise StoreError("PostgreSQL refuses to run as root; name an existing unprivileged user")
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)
