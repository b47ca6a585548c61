"""What labels depend on beside facts, read from the store: the registry, closures, silent devices; and the snow."""

from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
from psycopg import AsyncConnection

from snowtrack.clearance.credit import credited, segment_agencies
from snowtrack.clearance.ledger import Surroundings, no_figure
from snowtrack.clearance.segments import NO_AGENCY, PolicyTable
from snowtrack.model.columns import Bools, Columns, Int16s, Int32s, Int64s, Rows
from snowtrack.model.fleet import NO_FLEET, Fleet
from snowtrack.model.passes import PassBatch
from snowtrack.model.policy import Policies
from snowtrack.network.arrays import Network
from snowtrack.store.columns import read_columns
from snowtrack.store.devices import devices_silent_since
from snowtrack.store.events import closed_at, read_closures
from snowtrack.store.fleet import fleet_version, read_fleet
from snowtrack.store.instants import to_instant
from snowtrack.store.queries import query


class Snow(Protocol):
    """Who watches the snow, as of late."""

    def fallen_mm(self, rows: Rows, since_us: Int64s, now_us: int) -> Int32s:
        """What fell on rows of the network since instants of their own; absent where nothing near tells."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tellers(Columns):
    """Which device should tell of which segment, from an instant to before another: that of the machine to which a
    route was given."""

    device: Int32s
    segment_id: Int64s
    from_us: Int64s
    to_us: Int64s


class Outlook:
    """Of one network. `refresh` follows the registry; tables of policies are made once for each version of both.

    Who watches the snow sets `snow`.
    """

    def __init__(self, network: Network, policies: Policies, silence_us: int) -> None:
        self.network = network
        self.policies = policies
        self.silence_us = silence_us
        self.fleet: Fleet = NO_FLEET
        self.managers: Int16s = np.full(len(network), NO_AGENCY, np.int16)
        self.tables: dict[int, PolicyTable] = {}
        self.snow: Snow | None = None
        self.tellers: tuple[Tellers, Rows] = (Tellers.empty(), np.empty(0, np.int64))

    async def refresh(self, connection: AsyncConnection) -> bool:
        """Read the registry again when it has changed; whether it has."""
        if await fleet_version(connection) == self.fleet.version:
            return False
        self.fleet = await read_fleet(connection)
        self.managers = segment_agencies(self.network, self.fleet)
        self.tellers = await self._read_tellers(connection)
        self.tables.clear()
        return True

    def table(self, at_us: int) -> PolicyTable:
        """The policy that is valid then."""
        policy = self.policies.at(at_us)
        if policy.version not in self.tables:
            agencies = [agency.id for agency in self.fleet.agencies]
            self.tables[policy.version] = PolicyTable.of(policy, self.network, agencies, self.managers)
        return self.tables[policy.version]

    def criteria(self, at_us: int) -> dict[str, dict[str, int]]:
        """By agency and class of road, how much new snow asks for work."""
        policy = self.policies.at(at_us)
        return {
            agency.id: {name: rules.criterion_mm for name, rules in policy.rules_of(agency.id).items()}
            for agency in self.fleet.agencies
        }

    def reach_m(self, at_us: int) -> int:
        """How far from a road a sensor may be."""
        return self.policies.at(at_us).sensor_reach_mm // 1_000

    def credited(self, passes: PassBatch, rows: Rows) -> Bools:
        """Which passes count on their segments, whose rows are given."""
        return credited(self.fleet, self.managers, passes.device, rows, passes.started_us)

    async def look(self, connection: AsyncConnection, *, now_us: int, event_us: int) -> Surroundings:
        """How things are now."""
        closed = np.zeros(len(self.network), np.bool_)
        rows = self.network.rows_of(closed_at(await read_closures(connection), now_us))
        closed[rows[rows >= 0]] = True
        silent = await devices_silent_since(connection, now_us - self.silence_us)
        return Surroundings(
            now_us=now_us,
            event_us=event_us,
            closed=closed,
            untold=await self._untold(connection, event_us=event_us, now_us=now_us),
            silent=np.array(sorted(silent), np.int32),
            fallen=no_figure if self.snow is None else partial(self.snow.fallen_mm, now_us=now_us),
        )

    async def _read_tellers(self, connection: AsyncConnection) -> tuple[Tellers, Rows]:
        """Those of this network at any time, since mountings begin and end without a change of the registry; and their
        rows."""
        found = await read_columns(connection, query("tellers"), {}, Tellers)
        rows = self.network.rows_of(found.segment_id)
        return found.take(rows >= 0), rows[rows >= 0]

    async def _untold(self, connection: AsyncConnection, *, event_us: int, now_us: int) -> Bools:
        """Rows of which a machine should tell that is out and silent."""
        untold = np.zeros(len(self.network), np.bool_)
        tellers, rows = self.tellers
        on = (tellers.from_us <= now_us) & (now_us < tellers.to_us)
        if on.any():
            asked = {"since": to_instant(event_us), "until": to_instant(now_us - self.silence_us)}
            silent = [device for (device,) in await (await connection.execute(query("lost_devices"), asked)).fetchall()]
            untold[rows[on & np.isin(tellers.device, silent)]] = True
        return untold
