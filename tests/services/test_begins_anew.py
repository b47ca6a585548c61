"""An ingest that begins anew keeps nothing of what it was before."""

import asyncio
import weakref

import pytest

from snowtrack.addresses import parse_broker
from snowtrack.live.bus import Bus
from snowtrack.model.errors import StoreError
from snowtrack.network.arrays import Network
from snowtrack.services.ingest import Ingest
from snowtrack.services.lane import Lane
from snowtrack.services.shares import Alone
from snowtrack.settings import load_settings
from snowtrack.sources.mqtt import MqttSource
from snowtrack.sources.source import Limits
from tests.services.night import COMMIT_S

FAILURES = 5


class Failing(Ingest):
    """Each lane fails, and is held by a ring, as frames, tasks and exceptions of a lost database make some."""

    lanes: tuple[weakref.ref[Lane], ...] = ()
    most = 0

    async def _with_store(self, stopping: asyncio.Event) -> None:
        lane = self.new_lane()
        self.lanes = (*self.lanes, weakref.ref(lane))
        self.most = max(self.most, sum(one() is not None for one in self.lanes))
        ring: list[object] = [lane]
        ring.append(ring)
        if len(self.lanes) == FAILURES:
            stopping.set()
        raise StoreError("gone")

    async def _without_store(self, stopping: asyncio.Event) -> None:
        """It is back at once."""


@pytest.mark.usefixtures("without_collection")
def test_of_lanes_that_failed_nothing_is_kept(network: Network) -> None:
    address = parse_broker("mqtt://never.opened")
    source, bus = MqttSource(address, "test", Limits(1, 1)), Bus(addresses=[address], name="test")
    settings = load_settings(None, {"SNOWTRACK_CONFIG": ""}, [])
    ingest = Failing(settings, network, source, Alone(COMMIT_S), None, bus)
    asyncio.run(ingest.run(asyncio.Event()))
    assert (len(ingest.lanes), ingest.most) == (FAILURES, 1)
