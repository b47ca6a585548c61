"""A tiny tracker: keeps every epoch until it is told that it is durable, and holds that word against the database."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Self

import orjson
import psycopg
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from snowtrack.addresses import BrokerAddress
from snowtrack.model.ids import DeviceId
from tests.mosquitto import release
from tests.services.epochs import Fix, epoch
from tests.services.waiting import WITHIN_S, await_true

PUBLISHED_S_MAX = 10.0
STORED = """
select count(*) from (
    select device, boot, seq from fix union select device, boot, seq from fix_undated
) as stored join device using (device)
where name = %(device)s and boot = %(boot)s and seq <= %(seq)s
"""


@dataclass(slots=True)
class Tracker:
    """One device. `ring` holds what was not confirmed, `broken` each word of the engine that was not true; a patient
    one looks at the end, since what is durable may lie on ingest's disk for a while.
    """

    broker: BrokerAddress
    device: DeviceId
    url: str
    boot: int = 1
    seq: int = 0
    ring: dict[tuple[int, int], bytes] = field(default_factory=dict)
    all: dict[tuple[int, int], bytes] = field(default_factory=dict)
    news: list[list[dict[str, int]]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    unchecked: list[list[dict[str, int]]] = field(default_factory=list)
    lost: int = 0
    patient: bool = False
    client: Client = field(init=False)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        subscribed = threading.Event()
        self.client = Client(CallbackAPIVersion.VERSION2)
        self.client.on_message = self._on_durable
        self.client.on_connect = lambda client, *_: client.subscribe(self._topic("durable"), 1)
        self.client.on_subscribe = lambda *_: subscribed.set()
        self.client.connect(self.broker.host, self.broker.port)
        self.client.loop_start()
        assert subscribed.wait(WITHIN_S)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()
        release(self.client)

    def start_again(self) -> None:
        """A power cycle; the ring stays."""
        self.boot, self.seq = self.boot + 1, 0

    def record(self, fixes: Iterable[Fix], state: str = "D") -> list[bytes]:
        """Number the fixes and keep them."""
        epochs = []
        for fix in fixes:
            self.seq += 1
            epochs.append(epoch(self.boot, self.seq, fix, state))
            with self.lock:
                self.ring[self.boot, self.seq] = self.all[self.boot, self.seq] = epochs[-1]
        return epochs

    def live(self, fixes: Iterable[Fix]) -> None:
        self.publish("up", b"".join(self.record(fixes)))

    def send_again(self, at_once: int = 500) -> None:
        """What is still held, oldest first."""
        with self.lock:
            held = [self.ring[key] for key in sorted(self.ring)]
        for start in range(0, len(held), at_once):
            self.publish("log", b"".join(held[start : start + at_once]))

    def tell_status(self) -> None:
        with self.lock:
            boot, seq = min(self.ring, default=(self.boot, self.seq + 1))
        status = {"state": "online", "boot": self.boot, "oldest": {"boot": boot, "seq": seq}}
        self.publish("status", orjson.dumps(status), retain=True)

    def publish(self, channel: str, payload: bytes, *, retain: bool = False) -> None:
        """Until the broker has it."""
        self.client.publish(self._topic(channel), payload, qos=1, retain=retain).wait_for_publish(PUBLISHED_S_MAX)

    def durable(self, boot: int | None = None) -> int:
        """Up to where the engine has last confirmed a boot."""
        wanted = self.boot if boot is None else boot
        said = self.news[-1] if self.news else []
        return next((entry["seq"] for entry in said if entry["boot"] == wanted), 0)

    def await_durable(self, seq: int | None = None, within_s: float = WITHIN_S) -> None:
        wanted = self.seq if seq is None else seq
        await_true(lambda: self.durable() >= wanted, f"durable up to {wanted}, is {self.news[-1:]}", within_s)

    def await_engine(self) -> None:
        """Until it listens: before its first subscription, the broker keeps nothing for it."""
        said = len(self.news)

        def answered() -> bool:
            self.tell_status()
            return len(self.news) > said

        await_true(answered, "the engine answers")

    def await_empty(self, within_s: float = WITHIN_S) -> None:
        await_true(lambda: not self.ring, "all that was sent is durable", within_s)

    def assert_word_kept(self) -> None:
        """All that was ever told durable was in the database at that time."""
        for said in self.unchecked:
            self._check(said)
        assert not self.broken, self.broken

    def _topic(self, channel: str) -> str:
        return f"snow/v1/{self.device}/{channel}"

    def _on_durable(self, _client: Client, _userdata: Any, message: MQTTMessage) -> None:  # noqa: ANN401
        said: list[dict[str, int]] = orjson.loads(message.payload)
        try:
            if self.patient:
                self.unchecked.append(said)
            else:
                self._check(said)
        except psycopg.OperationalError:
            self.unchecked.append(said)  # the database was stopped; all that it once had it has later too
        with self.lock:
            for entry in said:
                freed = [key for key in self.ring if key[0] == entry["boot"] and key[1] <= entry["seq"]]
                for key in freed:
                    del self.ring[key]
        self.news.append(said)

    def _check(self, said: list[dict[str, int]]) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            for entry in said:
                row = connection.execute(STORED, entry | {"device": self.device.device}).fetchone()
                if row is None or row[0] < entry["seq"] - self.lost:
                    self.broken.append(f"said {entry}, stored are {row}")
