"""Topics: ours are read, everything else is nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.ids import DeviceId
from snowtrack.model.topics import Channel, durable_topic, parse_topic, subscription

IDS = st.text("ABCxyz019_-", min_size=1, max_size=64)


@given(IDS, IDS, st.sampled_from(Channel))
def test_a_topic_says_who_and_what(agency: str, device: str, channel: Channel) -> None:
    found = parse_topic(f"snow/v1/{agency}/{device}/{channel}")
    assert found == (DeviceId(agency, device), channel)


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "snow/v1/a/d",
        "snow/v1/a/d/up/more",
        "snow/v2/a/d/up",
        "/snow/v1/a/d/up",
        "snow/v1//d/up",
        "snow/v1/a/d/UP",
        "snow/v1/a/d/durable",
        "snow/v1/a b/d/up",
        "snow/v1/a/" + "d" * 65 + "/up",
        "snow/v1/a/d/up\n",
    ],
)
def test_another_topic_is_nothing(topic: str) -> None:
    assert parse_topic(topic) is None


@given(st.text(max_size=40))
def test_no_text_breaks_the_reader(topic: str) -> None:
    found = parse_topic(topic)
    assert found is None or f"snow/v1/{found[0]}/{found[1]}" == topic


@pytest.mark.parametrize("channel", Channel)
def test_a_subscription_matches_its_topics_by_two_single_levels(channel: Channel) -> None:
    assert subscription(channel) == f"snow/v1/+/+/{channel}"


def test_the_engine_confirms_on_a_topic_that_trackers_do_not_publish_on() -> None:
    topic = durable_topic(DeviceId("kanazawa", "p1"))
    assert topic == "snow/v1/kanazawa/p1/durable"
    assert parse_topic(topic) is None
