"""Files into the registry: all or nothing, with all that follows from them, in one transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from psycopg import AsyncConnection

from snowtrack.fleet.changes import (
    Stretch,
    TableChange,
    changes_of,
    computed_differently,
    credited_differently,
    managed_differently,
)
from snowtrack.fleet.checks import KnownSegments, check
from snowtrack.fleet.problems import Problem
from snowtrack.fleet.proposal import Proposal, propose, registry_of
from snowtrack.fleet.sheets import Sheet
from snowtrack.model.ids import DeviceId
from snowtrack.model.tracks import DirtyStretch
from snowtrack.store.devices import device_numbers, read_devices
from snowtrack.store.fleet import (
    compute_again,
    credit_again,
    hold_fleet,
    manage_again,
    note_change,
    read_tables,
    remove_route_segments,
    save_rows,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """With problems there are no changes; a `version` is there when something was written."""

    problems: list[Problem] = field(default_factory=list)
    changes: list[TableChange] = field(default_factory=list)
    version: int | None = None
    stretches: int = 0
    """To be computed again."""
    segments: int = 0
    """To be looked at again, when passes count differently."""


async def take_in(
    connection: AsyncConnection,
    sheets: Iterable[Sheet],
    *,
    now_us: int,
    known_segments: KnownSegments | None = None,
    dry_run: bool = False,
) -> Intake:
    """Check files against each other and the registry, and write them unless something is wrong or nothing is new."""
    async with connection.transaction():
        await hold_fleet(connection)
        proposal = propose(registry_of(await read_tables(connection)), sheets)
        problems = check(proposal, known_segments)
        if problems:
            return Intake(problems=problems)
        changes = changes_of(proposal)
        if dry_run or not any(change.saved or change.removed for change in changes):
            return Intake(changes=changes)
        await _write(connection, changes)
        stretches, segments = await _follow_up(connection, proposal, now_us)
        version = await note_change(connection)
        return Intake(changes=changes, version=version, stretches=stretches, segments=segments)


async def _write(connection: AsyncConnection, changes: Sequence[TableChange]) -> None:
    """Each table after those that it refers to. Trackers that were never heard of get their numbers now."""
    for change in changes:
        if change.removed:
            await remove_route_segments(connection, change.removed)
        await save_rows(connection, change.table.name, change.saved)
        if change.table.name == "devices":
            mounted = {DeviceId(str(row["agency"]), str(row["device"])) for row in change.added}
            await device_numbers(connection, mounted)


async def _follow_up(connection: AsyncConnection, proposal: Proposal, now_us: int) -> tuple[int, int]:
    """What is to be computed and looked at again: how many stretches, how many segments."""
    before, after = proposal.before, proposal.after
    numbers = {row.id: row.number for row in await read_devices(connection)}

    def numbered(stretches: list[Stretch]) -> list[DirtyStretch]:
        return [DirtyStretch(device=numbers[one], from_us=from_us, to_us=to_us) for one, from_us, to_us in stretches]

    stretches = await compute_again(connection, numbered(computed_differently(before, after, now_us)))
    segments = await credit_again(connection, numbered(credited_differently(before, after)))
    if managed_differently(before, after):
        segments += await manage_again(connection, now_us)
    return stretches, segments
