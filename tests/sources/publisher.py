"""Who publishes in place of trackers."""

from collections.abc import Iterator
from contextlib import contextmanager

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from snowtrack.addresses import BrokerAddress
from tests.mosquitto import release

PUBLISHED_S_MAX = 10.0


class Publisher:
    """Each publication returns when the broker has taken it."""

    def __init__(self, address: BrokerAddress) -> None:
        self.client = Client(CallbackAPIVersion.VERSION2)
        self.client.username_pw_set(address.username, address.password)
        if address.tls:
            self.client.tls_set_context(address.tls)
        self.client.connect(address.host, address.port)
        self.client.loop_start()

    def say(self, channel: str, payload: bytes, device: str = "kanazawa/d1", *, qos: int = 1) -> None:
        self.client.publish(f"snow/v1/{device}/{channel}", payload, qos=qos).wait_for_publish(PUBLISHED_S_MAX)


@contextmanager
def publishing(address: BrokerAddress) -> Iterator[Publisher]:
    publisher = Publisher(address)
    try:
        yield publisher
    finally:
        publisher.client.disconnect()
        publisher.client.loop_stop()
        release(publisher.client)
