"""`snowtrack replay`: compute a time range again from its fixes, and say what that changes and why.

A dry run writes nothing. A scratch schema appears whole or not at all. In place, each run of tracks is replaced in a
transaction of its own, while ingest and fold go on; what ingest still holds open is left to it.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence, Set
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from pathlib import Path

import numpy as np
import orjson
from psycopg import AsyncConnection, IsolationLevel

from snowtrack.clearance.events import events
from snowtrack.model.calendar import DAY_US, HOUR_US, tokyo_minute
from snowtrack.model.errors import ConfigError, StoreError
from snowtrack.model.fleet import NOBODY, Fleet
from snowtrack.model.ids import DeviceId
from snowtrack.model.work import ActivityBatch
from snowtrack.pipeline.basis import Basis
from snowtrack.pipeline.engine import Engine
from snowtrack.roads.files import open_network
from snowtrack.services.instance import database_url
from snowtrack.services.policies import engine_policy, load_policies
from snowtrack.services.progress import shown_progress
from snowtrack.services.replay_facts import ChangedPasses, Facts, compare_facts, events_at
from snowtrack.services.replay_source import ArchivedFixes, fix_source
from snowtrack.services.replay_targets import InPlace, Nowhere, Scratch, Target
from snowtrack.services.replay_told import Findings, tell
from snowtrack.services.replay_tracks import Replay
from snowtrack.settings import Settings
from snowtrack.store.archive import Archive, open_archive
from snowtrack.store.basis import basis_in_use
from snowtrack.store.database import connect, store_errors
from snowtrack.store.devices import DeviceRow, read_devices
from snowtrack.store.events import EVENT_US_MAX, read_entries, read_hours
from snowtrack.store.instants import to_us_or_none
from snowtrack.store.migrate import missing_migrations
from snowtrack.store.outlook import Outlook
from snowtrack.store.replays import (
    Replayed,
    close_scratch,
    oldest_result,
    open_scratch,
    put_devices,
    read_devices_at,
)
from snowtrack.store.retired import clear_waiting, read_waiting
from snowtrack.wall_clock import now_us


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for: a time range, both ends included, of some devices or of all; from archives if there are any;
    and where the results go, if not nowhere."""

    from_us: int
    to_us: int
    devices: Sequence[str] = ()
    archives: Sequence[Path] = ()
    schema: str | None = None
    replace: bool = False
    in_place: bool = False
    as_json: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """What a run has at hand, and what it gathers: findings, passes that change, hours in which machines worked."""

    wanted: Wanted
    connection: AsyncConnection
    replay: Replay
    outlook: Outlook
    found: Findings
    changed: ChangedPasses = field(default_factory=ChangedPasses)
    hours: set[int] = field(default_factory=set)


async def replay(settings: Settings, wanted: Wanted) -> None:
    """Compute, compare, write where that is wanted, and tell."""
    _check(wanted)
    archives = [open_archive(path) for path in wanted.archives]
    network = open_network(settings.network_folder)
    outlook = Outlook(network, load_policies(settings), 0)
    engine = Engine(network, engine_policy(settings))
    with store_errors("cannot replay"):
        async with _connected(settings, wanted) as connection:
            if await missing_migrations(connection):
                raise StoreError("database: its schema is of an older snowtrack; start ingest of this one first")
            await outlook.refresh(connection)
            engine.use(outlook.fleet)
            span = wanted.from_us, wanted.to_us
            source = await fix_source(connection, archives, span, in_place=wanted.in_place)
            alone = isinstance(source, ArchivedFixes)
            devices = await _devices(connection, wanted, archives, alone=alone)
            work = _Work(
                wanted=wanted,
                connection=connection,
                replay=Replay(connection, engine, source, archived=alone),
                outlook=outlook,
                found=Findings(from_us=wanted.from_us, to_us=wanted.to_us, devices=len(devices)),
            )
            async with _target(settings, work, devices) as target:
                await _run(work, target, devices, settings.clearance.fold_segments)
            warning = await _other_basis(connection, engine) if wanted.in_place else ""
    _tell(work, warning, lacking=source.lacking)


async def _run(work: _Work, target: Target, devices: Sequence[Replayed], at_once: int) -> None:
    """All devices, then the segments that they worked."""
    with shown_progress(len(devices)) as told:
        for done, device in enumerate(devices):
            await _replay_device(work, target, device, partial(told, done))
        told(len(devices), "segments")
        await work.outlook.refresh(work.connection)
        facts = await _facts(work)
        await target.finish(facts[-1] if facts else None, work.changed, at_once)
        if work.changed.pairs:
            work.found.facts = [await compare_facts(one, work.changed, at_once) for one in facts]


async def _replay_device(work: _Work, target: Target, device: Replayed, told: Callable[[str], None]) -> None:
    """Portion by portion, each in one transaction."""
    engine, from_us = work.replay.engine, await _begins_us(work, device)
    while from_us <= work.wanted.to_us:
        told(f"{device.id} {tokyo_minute(from_us)}")
        async with work.connection.transaction():
            await target.begin(device)
            waiting = await read_waiting(work.connection, device.number) if work.wanted.in_place else []
            portion = await work.replay.portion(device, from_us, work.wanted.to_us)
            outcomes = await work.replay.outcomes(portion)
            await target.take(outcomes)
            whole = portion.stretch.widened(engine.policy.cut_us)
            if waiting and not portion.fixes.lacks(whole):
                await clear_waiting(work.connection, waiting, replace(whole, from_us=min(from_us, whole.from_us)))
        for outcome in outcomes:
            work.found.count(outcome)
            work.hours.update(_hours_at_work(engine.fleet, outcome.pair.after.activities))
            if outcome.differs and not outcome.bereft:
                work.changed.add(outcome.pair)
        from_us = portion.stretch.to_us + engine.policy.cut_us + 1


async def _begins_us(work: _Work, device: Replayed) -> int:
    """Where a range that begins far back comes to what there is; the days before are not looked at one by one."""
    async with work.connection.transaction():
        fixes = await work.replay.source.of_device(device)
        oldest = (await fixes.oldest_us(), await oldest_result(work.connection, device.number))
    first_us = min((one for one in oldest if one is not None), default=work.wanted.to_us)
    return min(max(work.wanted.from_us, first_us - DAY_US), work.wanted.to_us)


async def _facts(work: _Work) -> list[Facts]:
    """Of the events that the range has a part in, as they are with what machines are found to have done now."""
    wanted, outlook, now = work.wanted, work.outlook, now_us()
    stored = await read_hours(work.connection, wanted.from_us - EVENT_US_MAX)
    hours = {*stored, *work.hours}
    entries = await read_entries(work.connection)
    known = events(hours, entries, now_us=now, quiet_us=outlook.policies.quiet_us)
    return [
        Facts(work.connection, outlook, event, until_us)
        for event, until_us in events_at(known, wanted.from_us, wanted.to_us)
    ]


def _hours_at_work(fleet: Fleet, activities: ActivityBatch) -> Iterator[int]:
    """The beginnings of the hours in which registered machines began to plough."""
    mounted = fleet.mounted(activities.device, activities.started_us) != NOBODY
    started_us = activities.started_us[mounted & (activities.ploughed == 1)]
    yield from np.unique(started_us // HOUR_US * HOUR_US).tolist()


def _check(wanted: Wanted) -> None:
    """What can be said before anything is read."""
    if wanted.in_place and wanted.schema is not None:
        raise ConfigError("--in-place: replaces what is stored, and writes to no schema; leave --schema out")
    if wanted.replace and wanted.schema is None:
        raise ConfigError("--replace: is for a schema; name it with --schema")


async def _devices(
    connection: AsyncConnection, wanted: Wanted, archives: Sequence[Archive], *, alone: bool
) -> list[Replayed]:
    """The devices to replay, by their ids. One that the database does not know gets a number that nobody has."""
    asked = [_device_id(text) for text in wanted.devices]
    rows = {row.id: row for row in await read_devices(connection)}
    known = sorted({device for archive in archives for device in archive.devices})
    if alone:
        free = count(max((row.number for row in rows.values()), default=0) + 1)
        found = [Replayed(number=rows[one].number if one in rows else next(free), id=one) for one in known]
    elif asked:
        found = [_stored(row) for row in rows.values()]
    else:
        found = await read_devices_at(connection, wanted.from_us, wanted.to_us)
        here = {device.id for device in found}
        found += [_stored(rows[one]) for one in known if one not in here]
        found.sort(key=lambda device: device.id)
    unknown = [one for one in asked if one not in {device.id for device in found}]
    if unknown:
        place = "these archives" if alone else "this database"
        raise StoreError(f"there is no device {unknown[0]} in {place}")
    return [device for device in found if not asked or device.id in asked]


def _stored(row: DeviceRow) -> Replayed:
    return Replayed(number=row.number, id=row.id, latest_us=to_us_or_none(row.latest_at) or 0)


def _device_id(text: str) -> DeviceId:
    try:
        return DeviceId.parse(text)
    except ValueError as error:
        raise ConfigError(f"device {text!r}: expected agency/device; {error}") from None


@asynccontextmanager
async def _connected(settings: Settings, wanted: Wanted) -> AsyncIterator[AsyncConnection]:
    """What does not replace anything looks at each portion as it was at one moment, and cannot write."""
    async with connect(database_url(settings), name="replay") as connection:
        if not wanted.in_place:
            await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
            await connection.set_read_only(True)
        yield connection


@asynccontextmanager
async def _target(settings: Settings, work: _Work, devices: Sequence[Replayed]) -> AsyncIterator[Target]:
    wanted, engine = work.wanted, work.replay.engine
    if wanted.in_place:
        yield InPlace(work.connection, engine)
    elif wanted.schema is None:
        yield Nowhere()
    else:
        async with connect(database_url(settings), name="replay schema") as writer, writer.transaction():
            await open_scratch(writer, wanted.schema, replace=wanted.replace)
            await put_devices(writer, devices)
            yield Scratch(writer, engine)
            await close_scratch(writer, wanted.schema)


async def _other_basis(connection: AsyncConnection, engine: Engine) -> str:
    """What is to be said when ingest goes on with something else."""
    used = await basis_in_use(connection)
    differs = {} if used is None else used.differs(Basis.of(engine))
    said = "; ".join(f"{reason} {what}" for reason, what in differs.items())
    return f"ingest was started with something else ({said}): restart it, or what it computes will not agree" * bool(
        said
    )


def _tell(work: _Work, warning: str, *, lacking: Set[str]) -> None:
    wanted, found = work.wanted, work.found
    if wanted.as_json:
        done = "in place" if wanted.in_place else wanted.schema
        said = {"written": done, "warning": warning or None, "archives_needed": sorted(lacking)}
        print(orjson.dumps(found.as_json() | said).decode())
        return
    lines = ["dry run: nothing was written"]
    if wanted.in_place:
        lines = [f"in place: {found.differing - found.left - found.bereft:,} stretches replaced"]
        if found.left:
            lines.append(f"{found.left:,} stretches are still open; ingest computes them again")
    elif wanted.schema is not None:
        lines = [f"schema {wanted.schema}: written"]
    if found.bereft:
        files = ", ".join(sorted(lacking))
        lines.append(
            f"{found.bereft:,} stretches stay as they are: their fixes are no longer in the database"
            + (f", but in {files}" if files else "")
        )
    tell(found, [*lines, warning] if warning else lines)
