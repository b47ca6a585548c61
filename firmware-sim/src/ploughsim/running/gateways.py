"""A night in real time from makers' own servers: the stream of all trackers over a few connections.

For load. No tracker keeps anything, so each night has boot numbers of its own, and what a broker does not take in time
makes the night fall behind the clock.
"""

import asyncio
import time
from collections import deque
from collections.abc import Iterable
from zlib import crc32

from aiomqtt import Client, MqttError

from ploughsim.ending import end_tasks
from ploughsim.running.address import BrokerAddress
from ploughsim.running.connection import connection_to
from ploughsim.running.heard import Trackers
from ploughsim.running.night import Night
from ploughsim.running.progress import Progress
from ploughsim.running.published import Published
from ploughsim.running.stream import Stream
from ploughsim.world.ledger import Ledger

_PACE_S = 0.2
_SPAN_MS_MIN = 1_000
_IN_FLIGHT = 20
_WAITING_MAX = 2_000
_CALL_AGAIN_S = 2.0


class Gateways:
    """`run` goes on until the night is over or `stop` is set."""

    def __init__(self, night: Night, broker: BrokerAddress, stream: Stream, ledger: Ledger | None) -> None:
        self._night, self._broker, self._stream, self._ledger = night, broker, stream, ledger
        self._trackers = Trackers(night, boots_before=night.start_ms // 1000)
        agency = night.world.units[0].agency
        self._lines = [_Line(f"{agency}.gateway-{number + 1}") for number in range(night.scenario.night.gateways)]
        self._span_ms = stream.spans_of(_SPAN_MS_MIN)
        self._time_ms = night.start_ms
        self._epochs = 0

    def progress(self) -> Progress:
        """`held` are messages that wait for a connection, `powered` the gateways."""
        return Progress(
            epochs=self._epochs,
            held=sum(line.messages.qsize() for line in self._lines),
            overwritten=0,
            connected=sum(line.connected for line in self._lines),
            powered=len(self._lines),
            units=len(self._night.world.units),
            simulated_ms=self._time_ms,
            trouble=next((line.trouble for line in self._lines if line.trouble), None),
        )

    async def run(self, stop: asyncio.Event) -> None:
        stopping = asyncio.create_task(stop.wait())
        driving = asyncio.create_task(self._drive())
        working = [driving, *(asyncio.create_task(line.keep_up(self._broker)) for line in self._lines)]
        try:
            done, _ = await asyncio.wait([stopping, *working], return_when=asyncio.FIRST_COMPLETED)
        finally:
            await end_tasks([stopping, *working])
            if self._ledger:
                self._ledger.close()
        for task in done - {stopping}:
            task.result()

    async def _drive(self) -> None:
        """Span after span, none ahead of the clock on the wall, and at `speed` until it is reached."""
        began_s, night = time.monotonic(), self._night
        while night.end_ms is None or self._time_ms < night.end_ms:
            due_ms = night.start_ms + 1000 * (time.monotonic() - began_s) * night.scenario.night.speed
            if self._time_ms + self._span_ms > min(due_ms, time.time_ns() / 1e6):
                await asyncio.sleep(_PACE_S)
                continue
            await self._send(self._next_span())
            # Lines with room take all at once.
            await asyncio.sleep(0)
        await self._send(self._stream.rest(self._time_ms))
        for line in self._lines:
            await line.messages.join()

    def _next_span(self) -> Iterable[Published]:
        first_ms, stop_ms = self._time_ms, self._time_ms + self._span_ms
        seen = self._night.world.truth(first_ms, stop_ms, self._night.step_ms)
        heard = self._trackers.hear(seen)
        if self._ledger:
            self._ledger.epochs(seen, heard.every_seq, stop_ms)
        self._epochs += len(heard.truth)
        self._time_ms = stop_ms
        return self._stream.messages(heard, stop_ms)

    async def _send(self, messages: Iterable[Published]) -> None:
        """All of a unit over the same gateway."""
        for message in messages:
            line = self._lines[crc32(message.topic.rpartition("/")[0].encode()) % len(self._lines)]
            await line.messages.put(message)


class _Line:
    """One gateway's connection, and the messages that wait for it."""

    def __init__(self, client_id: str) -> None:
        self.messages = asyncio.Queue[Published](maxsize=_WAITING_MAX)
        self.connected = False
        self.trouble: str | None = None
        self._client_id = client_id
        self._again: deque[Published] = deque(maxlen=_IN_FLIGHT)

    async def keep_up(self, broker: BrokerAddress) -> None:
        """Until cancelled."""
        while True:
            client = connection_to(broker, self._client_id, tls_context=broker.tls_context(self._client_id))
            try:
                async with client:
                    self.connected, self.trouble = True, None
                    await self._carry(client)
            except MqttError as error:
                self.trouble = f"{broker}: {error}"
            finally:
                client.cut()
            self.connected = False
            await asyncio.sleep(_CALL_AGAIN_S)

    async def _carry(self, client: Client) -> None:
        carrying = [asyncio.create_task(self._publish(client)) for _ in range(_IN_FLIGHT)]
        try:
            done, _ = await asyncio.wait(carrying, return_when=asyncio.FIRST_COMPLETED)
            done.pop().result()
        finally:
            await end_tasks(carrying)

    async def _publish(self, client: Client) -> None:
        """One after the other; what the connection ends with goes out over the next one."""
        while True:
            message = self._again.popleft() if self._again else await self.messages.get()
            try:
                await client.publish(message.topic, message.payload, qos=1, retain=message.retained)
            except (MqttError, asyncio.CancelledError):
                self._again.append(message)
                raise
            self.messages.task_done()
