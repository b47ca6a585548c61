"""What an API process holds in memory: the views of the moment, the machines, and the figures of the services.

Views are settled; heads, where machines are and what they do, are provisional and say so. The views are read from the
store at the start, follow the fold's deltas by their numbers, and are read again when a number is missing.
"""

import asyncio
import re
import time
from collections.abc import Iterable
from functools import partial
from typing import Any, Protocol

import numpy as np
import orjson
import structlog
from psycopg import AsyncConnection

from snowtrack import wall_clock
from snowtrack.api.ingests import Ingests
from snowtrack.clearance.credit import agencies_of
from snowtrack.clearance.ledger import Directions, Ledger
from snowtrack.clearance.public_cut import PublicCut
from snowtrack.clearance.segments import Segments
from snowtrack.clearance.view import Views, view
from snowtrack.live.bus import News
from snowtrack.live.hub import Event, Hub
from snowtrack.live.sight import Sight
from snowtrack.model.access import Scope
from snowtrack.model.calendar import SECOND_US, read_utc, utc_text
from snowtrack.model.columns import Bools, Rows
from snowtrack.model.errors import StoreError
from snowtrack.model.ids import DeviceId
from snowtrack.model.policy import Policies
from snowtrack.model.states import LABELS, States
from snowtrack.network.arrays import Network
from snowtrack.settings import Settings
from snowtrack.store.database import StorePool, store_errors
from snowtrack.store.events import Closure, read_closures
from snowtrack.store.outlook import Outlook, Snow
from snowtrack.store.states import read_progress, read_public_cut, read_states, read_states_of

# A service that said nothing for so long counts as gone.
HEARTBEAT_S = 10.0
SNAPSHOTS_MAX = 16
EVENT_ID = re.compile(r"([0-9]{1,18})(-[0-9a-f]{8})?")

log = structlog.get_logger()


class SnowReader(Protocol):
    """Who reads the snow."""

    async def look(self, connection: AsyncConnection, now_us: int) -> object:
        """Read what is new."""
        ...

    def segment_snow(self, reach_m: int) -> Snow:
        """Snowfall on segments, as of the last look."""
        ...


class LiveState:
    """One per process."""

    def __init__(
        self, settings: Settings, network: Network, policies: Policies, pool: StorePool, snow: SnowReader
    ) -> None:
        self.network = network
        self.pool = pool
        self.snow = snow
        self.looking = asyncio.Lock()
        self.silence_us = round(settings.engine.silence_s * SECOND_US)
        self.outlook = Outlook(network, policies, self.silence_us)
        self.hub = Hub(
            snapshot=self.snapshot_event,
            latest=self.heads_event,
            subscribers_max=settings.api.live_subscribers_max,
            of_one_max=settings.api.live_of_one_max,
            kept_max=settings.api.live_events_kept,
        )
        self.views = Views.untouched(len(network))
        self.number = 0
        self.event_us = 0
        self.ledger = Ledger(self.outlook.table(0).both_ways)
        self.snapshot: Event | None = None
        self.shown_to = self.outlook.fleet.version
        self.cut = PublicCut.of_nothing(len(network))
        self.reading_cut = asyncio.Lock()
        self.cuts_read = 0
        self.machines: dict[str, dict[str, Any]] = {}
        self.machines_heard: dict[str, float] = {}
        self.machine_rows: dict[str, tuple[int, int]] = {}
        self.news: dict[News, dict[str, Any]] = {}
        self.ingests = Ingests()
        self.news_heard: dict[News, float] = {}

    async def reload(self) -> None:
        """Read everything from the store."""
        now_us = wall_clock.now_us()
        with store_errors("cannot read the state of the roads"):
            async with self.pool.connection() as connection:
                await self.outlook.refresh(connection)
                self.shown_to = self.outlook.fleet.version
                await self.look_at_snow(connection, now_us)
                async with connection.transaction():
                    progress = await read_progress(connection, self.network.network_id)
                    facts = await read_states(connection)
                    number, event_us = (progress.number, progress.event_us) if progress else (0, now_us)
                    around = await self.outlook.look(connection, now_us=now_us, event_us=event_us)
        self._begin(event_us)
        segments = Segments.of(self.network, self.outlook.table(event_us))
        self.ledger.replace(np.empty(0, np.int64), facts, segments.rows(facts.segment_id))
        rows = np.arange(len(self.network))
        self.views = view(self.ledger, rows, around, self.outlook.table(now_us))
        self.number, self.snapshot = number, None
        self.hub.begin_anew()

    async def look_around(self) -> None:
        """At the registry, and at what fell."""
        async with self.pool.connection() as connection:
            await self.outlook.refresh(connection)
            await self.look_at_snow(connection, wall_clock.now_us())

    async def look_at_snow(self, connection: AsyncConnection, now_us: int) -> None:
        """What fell: without it, labels would say that what is snowed over is done."""
        async with self.looking:
            await self.snow.look(connection, now_us)
            self.outlook.snow = self.snow.segment_snow(self.outlook.reach_m(now_us))

    def _begin(self, event_us: int) -> None:
        self.event_us = event_us
        self.ledger = Ledger(self.outlook.table(event_us).both_ways)

    async def segment(self, row: int) -> tuple[States, Directions, list[Closure]]:
        """The facts of one segment as the store has them, how its directions read, and by what it is closed."""
        now_us, rows, segment_id = wall_clock.now_us(), np.array([row]), int(self.network.segment_id[row])
        async with self.pool.connection() as connection:
            await self.outlook.refresh(connection)
            states = await read_states_of(connection, segment_id)
            around = await self.outlook.look(connection, now_us=now_us, event_us=self.event_us)
            closures = await read_closures(connection)
        # The registry may have been read again by whoever else looks out, and while this waited.
        if self.ledger.both_ways is not self.outlook.table(self.event_us).both_ways:
            self._begin(self.event_us)
        self.ledger.replace(rows, states.facts, np.full(len(states), row))
        directions = self.ledger.directions(rows, around, self.outlook.table(now_us))
        own = [one for one in closures if segment_id in one.segments and (one.until_us or now_us + 1) > now_us]
        return states, directions, own

    @property
    def known_cut(self) -> PublicCut | None:
        """What the public sees, when the fold says that this is it."""
        known = self.is_up(News.FOLD) and self.news[News.FOLD].get("cut_us") == self.cut.cut_us
        return self.cut if known else None

    async def public_cut(self) -> PublicCut:
        """What the public sees; without the fold's word it is looked for, once for all who ask meanwhile."""
        if self.known_cut is not None:
            return self.known_cut
        asked = self.cuts_read
        async with self.reading_cut:
            if self.cuts_read == asked:
                async with self.pool.connection() as connection:
                    cut = await read_public_cut(connection, self.network.network_id, known_us=self.cut.cut_us)
                self.cut = cut or self.cut
                self.cuts_read += 1
        return self.cut

    async def on_news(self, news: News, content: dict[str, Any]) -> None:
        """What the other services say."""
        self.news_heard[news] = time.monotonic()
        if news is News.HEADS:
            self._on_heads(content["machines"])
        elif news is News.DELTA:
            await self._on_delta(content)
        elif news is News.INGEST:
            self.ingests.hear(content, self.news_heard[news])
        else:
            self.news[news] = content
            if content["number"] > self.number:
                await self._catch_up()

    @property
    def ingest(self) -> dict[str, Any]:
        """The figures of all ingest workers."""
        return self.ingests.figures(time.monotonic() - HEARTBEAT_S)

    def tick(self) -> None:
        """Once a second: mark machines that fell silent, and tell the figures. With another registry others may see
        other roads."""
        now = time.monotonic()
        if self.outlook.fleet.version != self.shown_to:
            self.shown_to, self.snapshot = self.outlook.fleet.version, None
            self.hub.begin_anew()
        silent = [
            self.machines[device] | {"silent": True}
            for device, heard in self.machines_heard.items()
            if (now - heard) * SECOND_US > self.silence_us and not self.machines[device]["silent"]
        ]
        if silent:
            self.machines.update({machine["device"]: machine for machine in silent})
            self.hub.publish(self._heads(silent))
        self.hub.publish(Event(lambda sight: encode_event("summary", self.summary(sight))))

    def shown(self, scope: Scope) -> Bools:
        """Rows whose state of this moment may be seen: of these agencies, of those that share theirs, and of nobody."""
        agencies = self.outlook.fleet.agencies
        shown = np.array([agency.shares_states or agency.id in scope for agency in agencies] + [True])
        return shown[self.outlook.managers]

    def managed(self, scope: Scope) -> Bools:
        """Rows that these agencies manage; what nobody manages is for who may do so everywhere."""
        own = np.array([agency.id in scope for agency in self.outlook.fleet.agencies] + [scope.is_every])
        return own[self.outlook.managers]

    def managers(self, segments: Iterable[int]) -> tuple[str, ...]:
        """Who manages these."""
        rows = self.network.rows_of(list(segments))
        return agencies_of(self.outlook.managers[rows[rows >= 0]], self.outlook.fleet)

    def seen(self, sight: Sight) -> Bools:
        """Rows whose state of this moment may be seen and was asked for."""
        shown = self.shown(sight.scope)
        return shown if sight.area is None else shown & sight.area.rows

    def summary(self, sight: Sight) -> dict[str, Any]:
        """The figures of the moment; roads and machines are those that are seen."""
        shown = self.seen(sight)
        counts = np.bincount(self.views.label[shown], minlength=len(LABELS)).tolist()
        machines = self.machines_seen(sight)
        figures = self.ingest if self.is_up(News.INGEST) else {}
        return {
            "now": utc_text(wall_clock.now_us()),
            "number": self.number,
            "event_start": utc_text(self.event_us),
            "segments": {"total": int(shown.sum()), "by_label": dict(zip(map(str, LABELS), counts, strict=True))},
            "machines": {
                "known": len(machines),
                "working": sum(bool(machine["working"]) and not machine["silent"] for machine in machines),
                "silent": sum(machine["silent"] for machine in machines),
            },
            "fixes": {"total": figures.get("fixes", 0), "per_s": figures.get("fixes_per_s", 0.0)},
            "freshness_ms": figures.get("freshness_ms", {"p50": None, "p99": None}),
        }

    def is_up(self, service: News) -> bool:
        """Did a service say something lately?"""
        return time.monotonic() - self.news_heard.get(service, float("-inf")) < HEARTBEAT_S

    def snapshot_event(self, sight: Sight) -> bytes:
        """All that does not read as if nothing were known, under its number. Encoded once for all who may see the
        same."""
        if self.snapshot is None or self.snapshot.number != self.number or len(self.snapshot.encoded) > SNAPSHOTS_MAX:
            self.snapshot = Event(self._snapshot, self.number)
        return self.snapshot.seen_by(sight)

    def heads_event(self, sight: Sight) -> bytes:
        """Where machines are."""
        return encode_heads(self.machines_seen(sight))

    def machines_seen(self, sight: Sight) -> list[dict[str, Any]]:
        """Those of one's agencies, in an area those that are in it."""
        return [one for one in self.machines.values() if self._is_seen(one["device"], sight, 1)]

    def rows_at_work(self, sight: Sight) -> Rows:
        """Where they are at work, as far as they are on a road."""
        working = (one["device"] for one in self.machines_seen(sight) if one["working"] and not one["silent"])
        rows = np.array([self.machine_rows[device][0] for device in working], np.int64)
        return rows[rows >= 0]

    def _is_seen(self, device: str, sight: Sight, places: int) -> bool:
        """In an area: by the last of the roads that it was on."""
        agency, area = device.partition("/")[0], sight.area
        if agency not in sight.scope:
            return False
        on = self.machine_rows[device][:places]
        return area is None or agency == area.agency or any(row >= 0 and area.rows[row] for row in on)

    def _snapshot(self, sight: Sight) -> bytes:
        rows = np.flatnonzero(self.views.differ(Views.untouched(len(self.network))) & self.seen(sight))
        views = self.views.take(rows).as_json(self.network.segment_id[rows])
        return encode_event("snapshot", {"number": self.number, "segments": views}, event_id(self.number, sight))

    async def _catch_up(self) -> None:
        """Read again what was missed; when the database is away, the fold's next word leads here once more."""
        try:
            await self.reload()
        except StoreError as error:
            log.warning("api: cannot catch up", error=str(error))

    def _on_heads(self, machines: list[dict[str, Any]]) -> None:
        now = time.monotonic()
        rows = self.network.rows_of([-1 if one["segment"] is None else one["segment"] for one in machines])
        for machine, row in zip(machines, rows.tolist(), strict=True):
            device = machine["device"]
            DeviceId.parse(device)  # who may see it rests on the agency
            self.machines[device] = machine
            self.machines_heard[device] = now
            self.machine_rows[device] = row, self.machine_rows.get(device, (-1, -1))[0]
        self.hub.publish(self._heads(machines))

    def _heads(self, machines: list[dict[str, Any]]) -> Event:
        """Each machine, for those who see it; who saw it in an area is told where it went from there."""

        def make(sight: Sight) -> bytes:
            seen = [machine for machine in machines if self._is_seen(machine["device"], sight, 2)]
            return encode_heads(seen) if seen else b""

        return Event(make)

    async def _on_delta(self, content: dict[str, Any]) -> None:
        if content["number"] <= self.number:
            return
        if content["number"] > self.number + 1:
            await self._catch_up()
            return
        said, event_us = content["segments"], read_utc(content["event_start"])
        rows = self.network.rows_of([view["id"] for view in said])
        known = rows >= 0
        views = self.views.replaced(rows[known], Views.from_json(said).take(known))
        # Views before their number: a tile that is made meanwhile, in a thread, must not show old ones under a new one.
        self.views = views
        self.number, self.snapshot = content["number"], None
        # The facts of another event; of the views, those that begin otherwise with it are told by the fold.
        if event_us != self.event_us:
            self._begin(event_us)
        # Kept as bytes, which take a fifth of the memory.
        self.hub.publish(Event(partial(self._delta, orjson.dumps(content), self.number, rows), self.number))

    def _delta(self, whole: bytes, number: int, rows: Rows, sight: Sight) -> bytes:
        shown = sight.is_all | ((rows >= 0) & self.seen(sight)[rows])
        if not shown.all():
            content = orjson.loads(whole)
            content["segments"] = [one for one, seen in zip(content["segments"], shown, strict=True) if seen]
            whole = orjson.dumps(content)
        return encode_bytes("delta", whole, event_id(number, sight))


def encode_heads(machines: list[dict[str, Any]]) -> bytes:
    """Where machines are and what they do, by their newest fix alone: provisional, whatever it is settled to be."""
    return encode_event("heads", {"provisional": True, "machines": machines})


def event_id(number: int, sight: Sight) -> str:
    """By which a reader comes back; who sees something else by then begins anew."""
    return str(number) if sight.is_all else f"{number}-{sight.mark}"


def read_event_id(text: str, sight: Sight) -> int | None:
    """The number of an event that was seen so."""
    found = EVENT_ID.fullmatch(text)
    return int(found[1]) if found and text == event_id(int(found[1]), sight) else None


def encode_event(name: str, content: dict[str, Any], number: str | None = None) -> bytes:
    """One server-sent event."""
    return encode_bytes(name, orjson.dumps(content), number)


def encode_bytes(name: str, content: bytes, number: str | None) -> bytes:
    """The same, of JSON."""
    numbered = b"" if number is None else b"id: %s\n" % number.encode()
    return b"event: %s\n%sdata: %s\n\n" % (name.encode(), numbered, content)
