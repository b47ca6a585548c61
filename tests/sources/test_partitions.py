"""Which partition a device is in, by our reckoning; tests of the stream compare it with the server's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.ids import DeviceId
from snowtrack.model.topics import Channel
from snowtrack.sources.partitions import (
    KINDS,
    PARTITIONS,
    Origin,
    device_subject,
    kind_of,
    parse_subject,
    partition_of,
)

IDS = st.text("ABCyz019_-", min_size=1, max_size=64)
DEVICES = st.builds(DeviceId, IDS, IDS)


@given(DEVICES, st.sampled_from(Channel))
def test_a_subject_says_who_spoke_and_where_it_is(device: DeviceId, channel: Channel) -> None:
    subject = device_subject(device, channel)
    assert parse_subject(subject) == Origin(device, channel, partition_of(device), kind_of(channel))


@given(DEVICES, st.sampled_from(Channel), st.integers(0, PARTITIONS), st.sampled_from(KINDS))
def test_what_is_not_where_it_belongs_is_a_stranger(
    device: DeviceId, channel: Channel, partition: int, kind: str
) -> None:
    subject = f"snow.p.{partition}.{kind}.{device.agency}.{device.device}.{channel}"
    belongs = (partition, kind) == (partition_of(device), kind_of(channel))
    assert (parse_subject(subject) is not None) == belongs


@pytest.mark.parametrize(
    "subject",
    ["", "snow.p.2", "snow.p.2.live.kanazawa.d1.durable", "snow.v1.kanazawa.d1.up", "snow.p.02.live.kanazawa.d1.up"]
    + [f"snow.p.2.live.{name}.up" for name in ("kanazawa.d 1", ".d1", "kanazawa.", f"kanazawa.{'x' * 65}", "雪.d1")],
)
def test_what_is_no_tracker_s_is_a_stranger(subject: str) -> None:
    assert parse_subject(subject) is None


def test_it_is_the_hash_that_nats_uses() -> None:
    """`partition(64,1,2)` of nats-server 2.9.10."""
    assert [partition_of(DeviceId("kanazawa", name)) for name in ("d1", "d2", "d3")] == [2, 47, 28]
