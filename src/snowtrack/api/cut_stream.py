"""The public's live stream: a word for each new cut, and where its state lies.

The array of a whole network is smaller than the segments that change between two cuts of a storm would be as JSON, and
a cache can give it to everybody; so the stream carries no segments.
"""

import asyncio

import structlog
from psycopg import Error as DatabaseError

from snowtrack.api.state import LiveState, encode_event, event_id
from snowtrack.live.hub import Event, Hub
from snowtrack.live.sight import Sight
from snowtrack.model.errors import StoreError
from snowtrack.settings import Api

WATCH_S = 5.0

log = structlog.get_logger()


class CutStream:
    """One per application."""

    def __init__(self, live: LiveState, settings: Api) -> None:
        self.live = live
        self.told_us = 0
        self.hub = Hub(
            snapshot=self._word,
            latest=lambda _sight: b"",
            subscribers_max=settings.public_subscribers_max,
            of_one_max=settings.live_of_one_max,
            kept_max=1,
        )

    async def watch(self) -> None:
        """Until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(WATCH_S)

    async def look(self) -> None:
        """Is there a new cut?"""
        try:
            cut = await self.live.public_cut()
        except (StoreError, DatabaseError) as error:
            log.warning("api: cannot read the public's cut", error=str(error))
            return
        if cut.cut_us != self.told_us:
            self.told_us = cut.cut_us
            self.hub.publish(Event(self._word, cut.cut_us))

    def _word(self, sight: Sight) -> bytes:
        """When the latest cut was made, and where it is; nothing before the first."""
        cut, network_id = self.live.cut, self.live.network.network_id
        state = f"/v1/state/{network_id}.bin?cut={cut.cut_us}" if cut.cut_us else None
        return encode_event("cut", {"cut_at": cut.at, "state": state}, event_id(cut.cut_us, sight))
