"""The lists as brokers read them. That they are obeyed is tried with the brokers themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.brokers.access import certificate_name, mosquitto_acl, nats_users, rights_of
from snowtrack.brokers.authority import Identity
from snowtrack.model.ids import DeviceId
from snowtrack.model.topics import Channel, durable_topic, subscription

ACL = """\
user kanazawa.d1
topic write snow/v1/kanazawa/d1/up
topic write snow/v1/kanazawa/d1/log
topic write snow/v1/kanazawa/d1/status
topic write snow/v1/kanazawa/d1/depth
topic write snow/v1/kanazawa/d1/ack
topic read snow/v1/kanazawa/d1/durable
topic read snow/v1/kanazawa/d1/down
"""
USER = """\
    { user: "urn:snowtrack:kanazawa.d1:ff", allowed_connection_types: ["MQTT"], permissions: {
      publish: ["snow.v1.kanazawa.d1.up", "snow.v1.kanazawa.d1.log", "snow.v1.kanazawa.d1.status", \
"snow.v1.kanazawa.d1.depth", "snow.v1.kanazawa.d1.ack", "snow.p.2.live.kanazawa.d1.up", \
"snow.p.2.backlog.kanazawa.d1.log", "snow.p.2.live.kanazawa.d1.status", "snow.p.2.live.kanazawa.d1.depth"]
      subscribe: ["snow.v1.kanazawa.d1.durable", "snow.v1.kanazawa.d1.down", "$MQTT.sub.>"]
    } }
"""
IDS = st.text("ABCyz019_-", min_size=1, max_size=30)


def test_mosquitto_is_told_each_topic_of_a_device() -> None:
    assert mosquitto_acl([Identity("kanazawa.d1", 255)]).endswith(ACL)


def test_nats_is_told_the_same() -> None:
    assert USER in nats_users([Identity("kanazawa.d1", 255)])


def test_the_engine_may_do_what_its_services_do() -> None:
    rights = rights_of("engine")
    assert {subscription(channel) for channel in Channel} <= set(rights.subscribe)
    assert durable_topic(DeviceId("kanazawa", "d1")).replace("kanazawa/d1", "+/+") in rights.publish
    users = nats_users([Identity("engine", 1)])
    assert 'allowed_connection_types: ["MQTT", "STANDARD"]' in users
    assert [word for word in users.split('"') if word.startswith("$JS")] == [
        "$JS.API.STREAM.INFO.$MQTT_msgs",
        "$JS.API.STREAM.CREATE.$MQTT_msgs",
        "$JS.API.STREAM.MSG.GET.$MQTT_msgs",
        "$JS.API.CONSUMER.CREATE.$MQTT_msgs",
        "$JS.API.CONSUMER.MSG.NEXT.$MQTT_msgs.*",
        "$JS.API.CONSUMER.DELETE.$MQTT_msgs.*",
    ]
    # News ends in `#`, for which NATS asks about the topic above, too.
    assert nats_users([Identity("engine", 1)]).count('"snow-live.v1", "snow-live.v1.>"') == 2


@given(IDS, IDS)
def test_all_that_a_device_may_do_is_under_its_own_name(agency: str, device: str) -> None:
    rights = rights_of(certificate_name(DeviceId(agency, device)))
    own = f"snow/v1/{agency}/{device}/"
    assert all(topic.startswith(own) for topic in (*rights.publish, *rights.subscribe))
    assert not set(rights.publish) & set(rights.subscribe)
    assert not any(sign in topic for topic in (*rights.publish, *rights.subscribe) for sign in "+#")


@given(st.lists(st.tuples(IDS, IDS), max_size=20))
def test_the_lists_do_not_depend_on_the_order(pairs: list[tuple[str, str]]) -> None:
    identities = [Identity(f"{agency}.{device}", number) for number, (agency, device) in enumerate(pairs)]
    assert mosquitto_acl(identities) == mosquitto_acl(reversed(identities))
    assert nats_users(identities) == nats_users(reversed(identities))


@pytest.mark.parametrize("name", ["kanazawa", "kanazawa.d1.d2", "kanazawa.d 1", "kanazawa.#", ".d1"])
def test_a_name_that_is_no_device_s_has_no_rights(name: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        rights_of(name)
