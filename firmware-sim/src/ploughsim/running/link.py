"""The tracker's modem: one MQTT connection that carries what the tracker has to say, for as long as it can.

Everything is in the tracker, so a link keeps nothing. The radio network is between the two: a message may be late, come
twice, never, or unnoticed, and the connection breaks without a farewell when there is no network or no power.
"""

import asyncio
import contextlib
import time

import numpy as np
from aiomqtt import MqttError, Will

from ploughsim.ending import end_tasks
from ploughsim.radio.fate import Fates
from ploughsim.running.address import BrokerAddress
from ploughsim.running.connection import Connection, connection_to
from ploughsim.tracker.messages import Lane, Outgoing
from ploughsim.tracker.tracker import OFFLINE, Tracker

_FAREWELL_S = 0.7
_RECEIVED = (Lane.DURABLE, Lane.DOWN)


class _CutOff(MqttError):
    """There is no network any more, no power, or no answer."""


class Link:
    """`tracker` is None while it has no power. `wake` is set when it may have something new to send, or is to call."""

    def __init__(self, unit: int, name: tuple[str, str], broker: BrokerAddress, fates: Fates) -> None:
        self.wake = asyncio.Event()
        self.trouble: str | None = None
        self.covered = False
        self.tracker: Tracker | None = None
        self._unit, self._broker, self._fates = unit, broker, fates
        self._client_id = ".".join(name)
        self._topic = f"snow/v1/{'/'.join(name)}"
        self._tls = broker.tls_context(self._client_id)

    async def run(self) -> None:
        """Until cancelled; then it says goodbye."""
        while True:
            tracker = await self._powered()
            client = self._connection()
            try:
                async with client:
                    await self._talk_or_say_goodbye(client, tracker)
            except MqttError as error:
                if not isinstance(error, _CutOff):
                    self.trouble = f"{self._broker}: {error}"
            finally:
                # One that was given up while it was made would stand for a while.
                client.cut()
            tracker.disconnected(time.monotonic())

    async def _powered(self) -> Tracker:
        """The tracker, when it wants to call and there is network."""
        while True:
            self.wake.clear()
            now = time.monotonic()
            wait_s = self.tracker.connect_at(now) - now if self.tracker and self.covered else None
            if self.tracker and wait_s == 0:
                return self.tracker
            await self._woken(wait_s)

    def _connection(self) -> Connection:
        will = Will(f"{self._topic}/{Lane.STATUS.value}", OFFLINE, qos=1, retain=True)
        return connection_to(self._broker, self._client_id, clean_session=False, will=will, tls_context=self._tls)

    async def _talk_or_say_goodbye(self, client: Connection, tracker: Tracker) -> None:
        try:
            await self._talk(client, tracker)
        except _CutOff:
            client.cut()
            raise
        except asyncio.CancelledError:
            with contextlib.suppress(MqttError):
                status = f"{self._topic}/{Lane.STATUS.value}"
                await client.publish(status, OFFLINE, qos=1, retain=True, timeout=_FAREWELL_S)
            raise

    async def _talk(self, client: Connection, tracker: Tracker) -> None:
        await client.subscribe([(f"{self._topic}/{lane.value}", 1) for lane in _RECEIVED])
        tracker.connected(time.monotonic())
        self.trouble = None
        talking = [
            asyncio.create_task(self._send(client, tracker)),
            asyncio.create_task(self._receive(client, tracker)),
        ]
        try:
            done, _ = await asyncio.wait(talking, return_when=asyncio.FIRST_COMPLETED)
            done.pop().result()
        finally:
            await end_tasks(talking)

    async def _send(self, client: Connection, tracker: Tracker) -> None:
        """Each message goes its own way; the tracker's window says how many are on theirs."""
        going = set[asyncio.Task[None]]()
        try:
            while True:
                self.wake.clear()
                now = time.monotonic()
                if self.tracker is not tracker or not self.covered or tracker.gives_up(now):
                    raise _CutOff
                while message := tracker.next(now):
                    task = asyncio.create_task(self._deliver(client, tracker, message))
                    going.add(task)
                    task.add_done_callback(going.discard)
                await self._woken(tracker.due(now) - now)
        finally:
            await end_tasks(going)

    async def _deliver(self, client: Connection, tracker: Tracker, message: Outgoing) -> None:
        delay_ms, arrives, confirmed, copies = self._fates.of(np.array([self._unit]), np.array([_now_ms()])).tolist()[0]
        await asyncio.sleep(delay_ms / 1000)
        if not arrives:
            return
        topic = f"{self._topic}/{message.lane.value}"
        try:
            for _ in range(copies):
                await client.publish(topic, message.payload, qos=1, retain=message.retained)
        except MqttError:
            # The receiving side finds out that the connection has ended, and says why.
            return
        if confirmed:
            tracker.acknowledged(message.number, time.monotonic())
            self.wake.set()

    async def _receive(self, client: Connection, tracker: Tracker) -> None:
        topics = {f"{self._topic}/{lane.value}": lane for lane in _RECEIVED}
        async for message in client.messages:
            # Brokers were seen to deliver what nobody asked for: the retained messages of other trackers.
            lane = topics.get(message.topic.value)
            if self.tracker is not tracker:
                raise _CutOff
            if lane and isinstance(message.payload, bytes):
                tracker.on_message(lane, message.payload, time.monotonic())
                self.wake.set()

    async def _woken(self, within_s: float | None) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self.wake.wait()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
