"""Quarantine: ingest's side, which keeps and counts what cannot be read, and `snowtrack quarantine`, which shows it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from psycopg import AsyncConnection

from snowtrack.model.calendar import SECOND_US, tokyo_text
from snowtrack.model.fixes import Decoded, Message, RejectReason
from snowtrack.nmea.rejects import payload_rejects
from snowtrack.services.instance import database_url
from snowtrack.services.shown_tables import make_table, show_table
from snowtrack.settings import Ingest, Settings
from snowtrack.store.database import connect, store_errors
from snowtrack.store.instants import to_us
from snowtrack.store.quarantine import (
    Quarantined,
    ask_for_retry,
    count_rejects,
    read_quarantine,
    set_aside,
    trim_quarantine,
)

SHOWN = 50
TIDY_US = 10 * SECOND_US
LINE_CHARACTERS = 60


@dataclass(slots=True)
class Quarantine:
    """What could not be read since the last tidying."""

    limits: Ingest
    counts: Counter[tuple[int, RejectReason]] = field(default_factory=Counter)
    added_bytes: int = 0
    tidied_us: int = 0

    @property
    def bytes_max(self) -> int:
        return self.limits.quarantine_mb * 2**20

    async def keep(
        self, connection: AsyncConnection, messages: Sequence[Message], decoded: Decoded, unfit: Sequence[Message]
    ) -> None:
        """Set aside what has rejects, and what is unfit; in the batch's own transaction, so that nothing is counted as
        read and lost."""
        self.counts.update(decoded.counts)
        if decoded.rejects:
            self.added_bytes += await set_aside(connection, dict(enumerate(messages)), decoded.rejects)
        if unfit:
            self.counts.update((message.device, RejectReason.UNFIT) for message in unfit)
            rejects = payload_rejects(unfit, dict.fromkeys(range(len(unfit)), RejectReason.UNFIT))
            self.added_bytes += await set_aside(connection, dict(enumerate(unfit)), rejects)
        if self.added_bytes > self.bytes_max // 8:
            await self._trim(connection)

    async def tidy(self, connection: AsyncConnection, now_us: int) -> None:
        """Now and then write the counts down and keep the bounds."""
        if now_us - self.tidied_us > TIDY_US:
            self.tidied_us = now_us
            async with connection.transaction():
                await count_rejects(connection, self.counts, now_us)
                await self._trim(connection)
            self.counts.clear()

    async def _trim(self, connection: AsyncConnection) -> None:
        await trim_quarantine(connection, bytes_max=self.bytes_max, days_max=self.limits.quarantine_days)
        self.added_bytes = 0


async def show_quarantine(settings: Settings) -> None:
    """The newest messages that could not be read."""
    async with connect(database_url(settings), name="quarantine") as connection:
        with store_errors("cannot read the quarantine"):
            found = await read_quarantine(connection, SHOWN + 1)
    if not found:
        print("quarantine: empty")
        return
    table = make_table("number", "device", "received (Tokyo)", "bytes", "reasons", "first line")
    for each in found[:SHOWN]:
        table.add_row(*_row(each))
    show_table(table)
    if len(found) > SHOWN:
        print(f"and older ones; these are the newest {SHOWN}")


async def retry_quarantine(settings: Settings) -> None:
    """Have ingest read all of it again, as after a mend of the program."""
    async with connect(database_url(settings), name="quarantine") as connection:
        with store_errors("cannot ask for another try"):
            count = await ask_for_retry(connection)
    print(
        f"quarantine: ingest tries again what it has not read ({count:,}); what it can read now leaves the quarantine"
    )


def _row(each: Quarantined) -> tuple[str, ...]:
    # What a device sent may hold anything, also what a terminal obeys.
    line = each.first_line.decode("latin-1").encode("unicode_escape").decode("ascii")
    reasons = ", ".join(reason.name.lower() for reason in each.reasons)
    received = tokyo_text(to_us(each.received_at), "%Y-%m-%d %H:%M:%S")
    return (
        f"{each.number}{' (to be tried)' if each.retry else ''}",
        str(each.device),
        received,
        f"{each.size:,}",
        reasons,
        line[:LINE_CHARACTERS] + ("…" if len(line) > LINE_CHARACTERS else ""),
    )
