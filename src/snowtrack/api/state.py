"""What an API process holds in memory: the views of the moment, the machines, and the figures of the services.

It is read from the store at the start, follows the fold's deltas by their numbers, and is read again when a number is
missing.
"""

import time
from collections import Counter
from typing import Any

import orjson
import structlog
from psycopg_pool import AsyncConnectionPool

from snowtrack.clearance.labels import LabelPolicy
from snowtrack.clearance.view import SegmentView, view_segments
from snowtrack.live.bus import News
from snowtrack.live.hub import Hub
from snowtrack.model.calendar import SECOND_US, read_utc, utc_text
from snowtrack.model.errors import StoreError
from snowtrack.model.states import Label
from snowtrack.network.arrays import Network
from snowtrack.settings import Settings
from snowtrack.store.database import store_errors
from snowtrack.store.devices import devices_silent_since
from snowtrack.store.states import read_progress, read_states

# A service that said nothing for so long counts as gone.
HEARTBEAT_S = 10.0

log = structlog.get_logger()


class LiveState:
    """One per process."""

    def __init__(self, settings: Settings, network: Network, policy: LabelPolicy, pool: AsyncConnectionPool) -> None:
        self.network = network
        self.policy = policy
        self.pool = pool
        self.silence_us = round(settings.engine.silence_s * SECOND_US)
        self.hub = Hub(
            snapshot=self.snapshot_event,
            latest=self.heads_event,
            subscribers_max=settings.api.live_subscribers_max,
            kept_max=settings.api.live_events_kept,
        )
        self.views: dict[int, SegmentView] = {}
        self.number = 0
        self.event_us = 0
        self.machines: dict[str, dict[str, Any]] = {}
        self.machines_heard: dict[str, float] = {}
        self.news: dict[News, dict[str, Any]] = {}
        self.news_heard: dict[News, float] = {}

    @staticmethod
    def now_us() -> int:
        return time.time_ns() // 1_000

    async def reload(self) -> None:
        """Read everything from the store."""
        now_us = self.now_us()
        with store_errors("cannot read the state of the roads"):
            async with self.pool.connection() as connection, connection.transaction():
                progress = await read_progress(connection, self.network.network_id)
                facts = await read_states(connection)
                silent = await devices_silent_since(connection, now_us - self.silence_us)
        views = view_segments(self.network, facts, now_us=now_us, silent=silent, policy=self.policy)
        self.views = {view.segment_id: view for view in views}
        self.number, self.event_us = (progress.number, progress.event_us) if progress else (0, 0)
        self.hub.begin_anew()

    async def on_news(self, news: News, content: dict[str, Any]) -> None:
        """What the other services say."""
        self.news_heard[news] = time.monotonic()
        if news is News.HEADS:
            self._on_heads(content["machines"])
        elif news is News.DELTA:
            await self._on_delta(content)
        else:
            self.news[news] = content
            if news is News.FOLD and content["number"] > self.number:
                await self._catch_up()

    def tick(self) -> None:
        """Once a second: mark machines that fell silent, and tell the figures."""
        now = time.monotonic()
        silent = [
            self.machines[device] | {"silent": True}
            for device, heard in self.machines_heard.items()
            if (now - heard) * SECOND_US > self.silence_us and not self.machines[device]["silent"]
        ]
        if silent:
            self.machines.update({machine["device"]: machine for machine in silent})
            self.hub.publish(encode_event("heads", {"machines": silent}))
        self.hub.publish(encode_event("summary", self.summary()))

    def summary(self) -> dict[str, Any]:
        """The figures of the moment."""
        labels = Counter(view.label for view in self.views.values())
        labels[Label.NEVER] = len(self.network) - sum(labels[label] for label in Label if label is not Label.NEVER)
        machines = self.machines.values()
        figures = self.news.get(News.INGEST, {}) if self.is_up(News.INGEST) else {}
        return {
            "now": utc_text(self.now_us()),
            "number": self.number,
            "event_start": utc_text(self.event_us),
            "segments": {"total": len(self.network), "by_label": {str(label): labels[label] for label in Label}},
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

    def snapshot_event(self) -> bytes:
        """The views under their number."""
        views = {"number": self.number, "segments": [view.as_json() for view in self.views.values()]}
        return encode_event("snapshot", views, self.number)

    def heads_event(self) -> bytes:
        """Where all machines are."""
        return encode_event("heads", {"machines": list(self.machines.values())})

    async def _catch_up(self) -> None:
        """Read again what was missed; when the database is away, the fold's next word leads here once more."""
        try:
            await self.reload()
        except StoreError as error:
            log.warning("api: cannot catch up", error=str(error))

    def _on_heads(self, machines: list[dict[str, Any]]) -> None:
        now = time.monotonic()
        for machine in machines:
            self.machines[machine["device"]] = machine
            self.machines_heard[machine["device"]] = now
        self.hub.publish(encode_event("heads", {"machines": machines}))

    async def _on_delta(self, content: dict[str, Any]) -> None:
        if content["number"] <= self.number:
            return
        if content["number"] > self.number + 1:
            await self._catch_up()
            return
        views = [SegmentView.from_json(view) for view in content["segments"]]
        # Views before their number: a tile that is made meanwhile, in a thread, must not show old ones under a new one.
        self.views.update({view.segment_id: view for view in views})
        self.number, self.event_us = content["number"], read_utc(content["event_start"])
        self.hub.publish(encode_event("delta", content, self.number), self.number)


def encode_event(name: str, content: dict[str, Any], number: int | None = None) -> bytes:
    """One server-sent event."""
    numbered = b"" if number is None else b"id: %d\n" % number
    return b"event: %s\n%sdata: %s\n\n" % (name.encode(), numbered, orjson.dumps(content))
