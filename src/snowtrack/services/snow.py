"""The snow watch: once a minute from new readings to figures, alerts and proposals, and the snowfall for labels.

It holds the depths of the last days on one grid; what it says to people is committed with where the alerts stand.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from psycopg import AsyncConnection

from snowtrack.model.calendar import HOUR_US, utc_text
from snowtrack.model.columns import Bools
from snowtrack.model.snow import AlertRule, Figure, Sensor, SensorId, SensorState
from snowtrack.network.arrays import Network
from snowtrack.services.snow_hours import count_snow_hours
from snowtrack.snow.alerts import AlertEvent, AlertState, advance, measured
from snowtrack.snow.dispatch import COUNTED_US, Criteria, propose
from snowtrack.snow.nearest import NearestSensors, SegmentSnow
from snowtrack.snow.series import grid_of_days
from snowtrack.snow.watching import Watched, figures
from snowtrack.store.database import store_errors
from snowtrack.store.notices import (
    AlertKey,
    Notice,
    add_alert_events,
    add_notices,
    read_alert_states,
    read_rules,
    save_alert_states,
)
from snowtrack.store.snow import (
    add_proposals,
    read_answered,
    read_heard,
    read_sensors,
    read_series,
    save_figures,
)

DAYS = 8
FRESH_US = 6 * HOUR_US
"""Older snow is no news: an alert looks no further back, whatever was read only now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SnowTurn:
    """What a turn found: sensors with new readings, what was said, what was proposed."""

    changed: int
    events: int
    proposals: int


NOTHING_READ = np.empty(0, np.int64), np.empty(0, np.int32)


class SnowReader:
    """All registered sensors, and what fell where the roads are. Everything is read from the store."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.watched = Watched.of([], 0, DAYS)
        self.read: dict[SensorId, int] = {}
        self.fresh = 0
        self.placed: Sequence[Sensor] = ()
        self.nearest = NearestSensors.of(network, (), np.zeros(0, np.bool_))

    def segment_snow(self, reach_m: int) -> SegmentSnow:
        """Snowfall on segments, as of the last look, where a sensor is within reach."""
        return SegmentSnow(nearest=self.nearest, curves=self.watched.curves, reach_m=reach_m)

    async def look(self, connection: AsyncConnection, now_us: int) -> list[Figure]:
        """Read what is new; how each sensor stands."""
        with store_errors("cannot read the snow"):
            self.fresh = await self._read(connection, now_us)
        self.watched = self.watched.with_curves()
        found = figures(self.watched, now_us)
        await self._place(found)
        return found

    async def _read(self, connection: AsyncConnection, now_us: int) -> int:
        """The series of sensors that read something new; of all, when a day begins or the registry changed."""
        sensors = tuple(await read_sensors(connection))
        if (grid_of_days(now_us, DAYS), sensors) != (self.watched.grid, self.watched.sensors):
            self.watched, self.read = Watched.of(sensors, now_us, DAYS), {}
        heard = {one.sensor: one.readings for one in await read_heard(connection)}
        fresh = [sensor.id for sensor in sensors if heard.get(sensor.id, 0) != self.read.get(sensor.id, 0)]
        if fresh:
            grid = self.watched.grid
            found = await read_series(connection, fresh, grid.start_us, grid.end_us)
            for sensor in fresh:
                # Of one there may be nothing left: what it read does not count.
                self.watched.take(sensor, *found.get(sensor, NOTHING_READ))
        self.read |= {sensor: heard[sensor] for sensor in fresh}
        return len(fresh)

    async def _place(self, found: Sequence[Figure]) -> None:
        """Each segment has the nearest sensor that can tell just now. A search takes a second or so for a million."""
        usable: Bools = np.array([figure.state is SensorState.OK for figure in found], np.bool_)
        if self.placed == self.watched.sensors:
            self.nearest = await asyncio.to_thread(self.nearest.with_usable, usable)
        else:
            self.nearest = await asyncio.to_thread(NearestSensors.of, self.network, self.watched.sensors, usable)
            self.placed = self.watched.sensors


class SnowWatch(SnowReader):
    """The one who says what follows: figures, alerts, proposals, hours of snow. In memory it is as far as the store, or
    is made anew."""

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        self.figures: dict[SensorId, Figure] = {}

    async def turn(self, connection: AsyncConnection, now_us: int, criteria: Criteria) -> SnowTurn:
        """Look, and write down what follows, in one transaction."""
        with store_errors("the snow watch cannot go on"):
            async with connection.transaction():
                before = self.watched
                found = await self.look(connection, now_us)
                if (before.grid, before.sensors) != (self.watched.grid, self.watched.sensors):
                    self.figures = {}
                changed = [figure for figure in found if self.figures.get(figure.sensor) != figure]
                await save_figures(connection, changed)
                events = await self._alert(connection, now_us)
                proposals = await self._propose(connection, now_us, criteria)
                await count_snow_hours(connection, self.watched, now_us)
        self.figures = {figure.sensor: figure for figure in found}
        return SnowTurn(changed=self.fresh, events=events, proposals=proposals)

    async def _alert(self, connection: AsyncConnection, now_us: int) -> int:
        before = await read_alert_states(connection)
        states: dict[AlertKey, AlertState] = {}
        said: list[tuple[AlertKey, AlertEvent]] = []
        for rule in await read_rules(connection):
            own: list[tuple[AlertKey, AlertEvent]] = []
            for row, sensor in enumerate(self.watched.sensors):
                if sensor.id.agency != rule.agency or rule.sensor not in (None, sensor.id.device):
                    continue
                key = (rule.agency, rule.rule, sensor.id.device)
                state = before.get(key, AlertState(looked_us=0))
                points = measured(self.watched.curves, row, rule, max(state.looked_us, now_us - FRESH_US))
                after, events = advance(state, rule, points, now_us)
                states |= {key: after} if after != state else {}
                own += ((key, event) for event in events)
            if own:
                await add_notices(connection, _notices(rule, own, self.watched.names, now_us))
            said += own
        await save_alert_states(connection, states)
        await add_alert_events(connection, said)
        return len(said)

    async def _propose(self, connection: AsyncConnection, now_us: int, criteria: Criteria) -> int:
        answered = await read_answered(connection, now_us - COUNTED_US, now_us)
        proposals = propose(criteria, self.watched.sensors, self.watched.curves, answered, now_us)
        await add_proposals(connection, proposals)
        return len(proposals)


def _notices(
    rule: AlertRule, said: Sequence[tuple[AlertKey, AlertEvent]], names: Mapping[SensorId, str], now_us: int
) -> list[Notice]:
    """One for each target, with all that a rule says in this turn."""
    content = {
        "agency": rule.agency,
        "rule": rule.rule,
        "measure": str(rule.measure),
        "threshold_mm": rule.threshold_mm,
        "clear_mm": rule.clear_mm,
        "events": [
            {
                "sensor": sensor,
                "name": names[SensorId(agency, sensor)],
                "raised": event.raised,
                "since": utc_text(event.since_us),
                "value_mm": event.value_mm,
            }
            for (agency, _, sensor), event in said
        ],
    }
    targets = [("mail", address) for address in rule.mail] + ([("webhook", rule.webhook)] if rule.webhook else [])
    return [
        Notice(agency=rule.agency, way=way, target=target, content=content, made_us=now_us) for way, target in targets
    ]
