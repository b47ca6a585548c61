"""Who stands for the fold: puts the public's cut into the store, says each second which it is, and tells deltas."""

import asyncio
import threading
from typing import Self

import orjson
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks.ingest.place import Place
from benchmarks.serve.visitor import Visitor
from snowtrack.clearance.public_cut import PublicCut
from snowtrack.live.bus import ROOT, News
from snowtrack.store.database import connect
from snowtrack.store.states import save_public_cut

EVERY_S = 1.0
TOLD_S_MAX, SHOWN_S_MAX = 20.0, 10.0
# A tile far away, which has nothing to show but the version of it.
ELSEWHERE = "/tiles/clearance/8/0/0.mvt"


class StandIn:
    """Beside one API."""

    def __init__(self, here: Place, network_id: str) -> None:
        self.settings = here.settings
        self.network_id = network_id
        self.cut_us = 0
        self.client = Client(CallbackAPIVersion.VERSION2)
        self.over = threading.Event()
        self.saying = threading.Thread(target=self._keep_saying)

    def __enter__(self) -> Self:
        address = self.settings.broker_address
        self.client.connect(address.host, address.port)
        self.client.loop_start()
        self.saying.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.saying.join()
        self.client.disconnect()
        self.client.loop_stop()

    def show(self, cut: PublicCut) -> None:
        """From now on; waits until the API knows. No two may be of the same instant."""
        asyncio.run(self._save(cut))
        self.cut_us = cut.cut_us
        self._say()
        with Visitor(self.settings.api.port) as visitor:
            visitor.ask_until(ELSEWHERE, lambda answer: f"-{cut.cut_us}-" in answer.etag, SHOWN_S_MAX)

    def tell(self, delta: bytes) -> None:
        """Segments that changed."""
        self.client.publish(f"{ROOT}/{News.DELTA}", delta, qos=1).wait_for_publish(TOLD_S_MAX)

    async def _save(self, cut: PublicCut) -> None:
        async with connect(self.settings.database.url, name="benchmark") as connection:
            await save_public_cut(connection, self.network_id, cut)

    def _keep_saying(self) -> None:
        while not self.over.wait(EVERY_S):
            self._say()

    def _say(self) -> None:
        """Of deltas nothing is said here: who counts them would miss none."""
        self.client.publish(f"{ROOT}/{News.FOLD}", orjson.dumps({"number": 0, "fault": None, "cut_us": self.cut_us}))
