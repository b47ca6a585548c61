"""News between our own processes, over the broker: heads and figures from ingest, deltas from the fold.

Nothing here has to arrive: heads are sent anew, and who misses a delta sees it by its number and reads the store. So
the queue is bounded and the oldest news goes first.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import cycle
from typing import Any

import aiomqtt
import orjson
import structlog

from snowtrack.addresses import BrokerAddress
from snowtrack.background import running

ROOT = "snow-live/v1"
QUEUED_MAX = 1_000
RECONNECT_S = 1.0
KEEPALIVE_S = 30

log = structlog.get_logger()


class News(StrEnum):
    """What travels."""

    HEADS = "heads"
    DELTA = "delta"
    INGEST = "ingest"
    FOLD = "fold"


Listener = Callable[[News, dict[str, Any]], Awaitable[None]]


@dataclass(slots=True)
class Bus:
    """One connection, kept up by `run`, to one node after the other where there are several. `say` never waits;
    `listener` gets what others say."""

    addresses: Sequence[BrokerAddress]
    name: str
    listener: Listener | None = None
    connected: bool = False
    dropped: int = 0
    queue: deque[tuple[News, bytes]] = field(default_factory=lambda: deque(maxlen=QUEUED_MAX))
    filled: asyncio.Event = field(default_factory=asyncio.Event)

    def say(self, news: News, content: dict[str, Any]) -> None:
        """Send as soon as there is a connection."""
        self.dropped += len(self.queue) == QUEUED_MAX
        self.queue.append((news, orjson.dumps(content)))
        self.filled.set()

    async def run(self) -> None:
        """Keep the connection until cancelled."""
        for address in cycle(self.addresses):
            try:
                async with self._client(address) as client:
                    self.connected = True
                    await self._serve(client)
            except aiomqtt.MqttError as error:
                log.warning("live bus lost its broker", broker=str(address), error=str(error))
            finally:
                self.connected = False
            await asyncio.sleep(RECONNECT_S)

    def _client(self, address: BrokerAddress) -> aiomqtt.Client:
        return aiomqtt.Client(
            address.host,
            address.port,
            username=address.username,
            password=address.password,
            # A broker lets in one client of a name; of each service there may be several.
            identifier=f"snowtrack.{self.name}.{secrets.token_hex(4)}",
            tls_context=address.tls,
            keepalive=KEEPALIVE_S,
            max_queued_incoming_messages=QUEUED_MAX,
        )

    async def _serve(self, client: aiomqtt.Client) -> None:
        if self.listener is None:
            await self._send(client)
            return
        await client.subscribe(f"{ROOT}/#", qos=1)
        async with running(self._send(client)):
            async for message in client.messages:
                await self._hear(message)

    async def _send(self, client: aiomqtt.Client) -> None:
        while True:
            while self.queue:
                news, content = self.queue.popleft()
                await client.publish(f"{ROOT}/{news}", content, qos=1 if news is News.DELTA else 0)
            self.filled.clear()
            await self.filled.wait()

    async def _hear(self, message: aiomqtt.Message) -> None:
        kind = message.topic.value.removeprefix(f"{ROOT}/")
        if self.listener is None or kind not in set(News) or not isinstance(message.payload, bytes | bytearray):
            return
        try:
            await self.listener(News(kind), dict(orjson.loads(message.payload)))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            log.warning("live bus: this is not news of ours", topic=message.topic.value, error=repr(error))
