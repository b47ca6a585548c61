"""Where a replay puts what it computes: nowhere, into a schema of its own, or in the place of what is stored."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from psycopg import AsyncConnection

from snowtrack.pipeline.engine import Engine
from snowtrack.services.replay_facts import ChangedPasses, Facts
from snowtrack.services.replay_tracks import Outcome
from snowtrack.store.basis import note_basis
from snowtrack.store.fleet import fleet_version, read_fleet
from snowtrack.store.passes import mark_dirty
from snowtrack.store.replays import Replayed, add_results, hold_device, replace_results, touched_segments
from snowtrack.store.states import replace_states


class Target(Protocol):
    """Is told of each portion within the transaction in which it is looked at."""

    async def begin(self, device: Replayed) -> None:
        """A portion of this device is to be looked at."""

    async def take(self, outcomes: Sequence[Outcome]) -> None:
        """This is what it came to."""

    async def finish(self, facts: Facts | None, changed: ChangedPasses, at_once: int) -> None:
        """That was all; the facts are those of the last event that it has a part in."""


class Nowhere:
    """A dry run."""

    async def begin(self, device: Replayed) -> None:
        """There is nothing to do."""

    async def take(self, outcomes: Sequence[Outcome]) -> None:
        """There is nothing to do."""

    async def finish(self, facts: Facts | None, changed: ChangedPasses, at_once: int) -> None:
        """There is nothing to do."""


class Scratch:
    """A schema that is new, over a connection whose transaction writes to it."""

    def __init__(self, connection: AsyncConnection, engine: Engine) -> None:
        self.connection, self.engine = connection, engine

    async def begin(self, device: Replayed) -> None:
        """There is nothing to do."""

    async def take(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            results = outcome.pair.after
            await add_results(self.connection, results)
            if not outcome.bereft:
                await note_basis(self.connection, self.engine, results.tracks)

    async def finish(self, facts: Facts | None, changed: ChangedPasses, at_once: int) -> None:
        """Facts of all segments that were worked, also by who was not replayed."""
        if facts is None:
            return
        segments = np.array(await touched_segments(self.connection), np.int64)
        for first in range(0, len(segments), at_once):
            own = segments[first : first + at_once]
            _, after = await facts.fold(own, changed)
            await replace_states(self.connection, own.tolist(), after)


class InPlace:
    """The tables that all others read. Nobody else replaces a device's results meanwhile; what ingest holds open is
    marked, for it to compute again."""

    def __init__(self, connection: AsyncConnection, engine: Engine) -> None:
        self.connection, self.engine = connection, engine

    async def begin(self, device: Replayed) -> None:
        """By the registry as it is now: who changes it after this has the device computed again after this."""
        await hold_device(self.connection, device.number)
        if await fleet_version(self.connection) != self.engine.fleet.version:
            self.engine.use(await read_fleet(self.connection))

    async def take(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            stretch, after = outcome.pair.stretch, outcome.pair.after
            if outcome.bereft:
                continue
            if outcome.differs and outcome.held:
                await mark_dirty(self.connection, [stretch])
            elif outcome.differs:
                await replace_results(self.connection, self.engine, stretch, after)
            elif outcome.stale and not outcome.held:
                await note_basis(self.connection, self.engine, after.tracks)

    async def finish(self, facts: Facts | None, changed: ChangedPasses, at_once: int) -> None:
        """The fold was told of each segment."""
