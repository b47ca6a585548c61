"""What the services say of themselves on the broker."""

import threading
from dataclasses import dataclass, field
from typing import Any, Self

import orjson
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from snowtrack.addresses import BrokerAddress
from snowtrack.live.bus import ROOT
from tests.mosquitto import release
from tests.services.waiting import WITHIN_S


@dataclass(slots=True)
class Listener:
    """Hears all news; `heard` holds them by kind, in order."""

    broker: BrokerAddress
    heard: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    client: Client = field(init=False)

    def __enter__(self) -> Self:
        subscribed = threading.Event()
        self.client = Client(CallbackAPIVersion.VERSION2)
        self.client.on_message = self._on_news
        self.client.on_connect = lambda client, *_: client.subscribe(f"{ROOT}/#", 1)
        self.client.on_subscribe = lambda *_: subscribed.set()
        self.client.connect(self.broker.host, self.broker.port)
        self.client.loop_start()
        assert subscribed.wait(WITHIN_S)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()
        release(self.client)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [content for name, content in list(self.heard) if name == kind]

    def heads_of(self, device: str) -> list[dict[str, Any]]:
        machines = [machine for news in self.of("heads") for machine in news["machines"]]
        return [machine for machine in machines if machine["device"] == device]

    def _on_news(self, _client: Client, _userdata: Any, message: MQTTMessage) -> None:  # noqa: ANN401
        self.heard.append((message.topic.removeprefix(f"{ROOT}/"), orjson.loads(message.payload)))
