"""Each kind of broker as we ship it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.brokers.cluster import Cluster, cluster_in
from tests.brokers.shipped import ShippedBroker, shipped_mosquitto, shipped_nats


@pytest.fixture
def mosquitto_shipped(tmp_path: Path) -> Iterator[ShippedBroker]:
    yield from started(shipped_mosquitto(tmp_path))


@pytest.fixture
def nats_shipped(tmp_path: Path) -> Iterator[ShippedBroker]:
    yield from started(shipped_nats(tmp_path))


@pytest.fixture(params=["mosquitto_shipped", "nats_shipped"])
def shipped(request: pytest.FixtureRequest) -> ShippedBroker:
    """Both."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, ShippedBroker)
    return found


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    cluster = cluster_in(tmp_path)
    cluster.start()
    yield cluster
    cluster.stop()


def started(broker: ShippedBroker) -> Iterator[ShippedBroker]:
    broker.running.start()
    yield broker
    broker.running.stop()
