"""What is decided at the console is in the log of what was done, too: by whose login on this machine."""

import os
import pwd

from psycopg import AsyncConnection

from snowtrack import wall_clock
from snowtrack.store.access import Entry, note


async def note_at_console(connection: AsyncConnection, action: str, agencies: tuple[str, ...], what: str) -> None:
    entry = Entry(who=f"console {_user()}", action=action, agencies=agencies, what=what)
    await note(connection, entry, wall_clock.now_us())


def _user() -> str:
    """Not what the environment says; in a container there may be no name."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
