"""The stream in which a NATS cluster keeps what comes over MQTT.

NATS would make it by itself, and then keep only what somebody subscribes to. Made before the first MQTT client comes,
it is used as it is: a message is acknowledged when the stream has it, and it stays there until it is old or there is no
room.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from snowtrack.model.calendar import SECOND_US
from snowtrack.model.errors import SourceError
from snowtrack.sources.nats import PAYLOAD_BYTES_MAX, Nats

STREAM = "$MQTT_msgs"
SUBJECTS = "$MQTT.msgs."
NOT_FOUND = 404
SECOND_NS = 1_000_000_000
FROM_THE_FIRST: Mapping[str, object] = {"deliver_policy": "all"}
FRACTION = re.compile(r"\.(\d{1,6})\d*")


class StreamSettings(NamedTuple):
    """How often each message is kept, and for how long. `max_bytes` must leave room in the servers' store: when that is
    full, nobody can connect any more."""

    replicas: int
    max_bytes: int
    max_age_s: int


class StreamState(NamedTuple):
    """Which stream it is, by when it was made, the first and the last sequence number in it, and the node that decides
    what is in it; none where there is but one."""

    created_us: int
    first: int
    last: int
    leader: str


class Consumer(NamedTuple):
    """A reader's place in the stream, and whose copy of it is read."""

    name: str
    node: str


async def make_stream(nats: Nats, settings: StreamSettings) -> None:
    """Have the stream. One that is there with other settings is neither changed nor used."""
    wanted = _configuration(settings)
    answer = await _asked(nats, "STREAM.INFO")
    if answer.get("error", {}).get("code") == NOT_FOUND:
        answer = await _asked(nats, "STREAM.CREATE", wanted)
    there = _content(answer)["config"]
    if differences := "; ".join(_differences(there, wanted)):
        raise SourceError(
            f"the stream {STREAM} is there with other settings than ours: {differences}; "
            "change the settings of snowtrack, or have the stream as they say (docs/brokers.md)"
        )


async def stream_state(nats: Nats) -> StreamState:
    content = _content(await _asked(nats, "STREAM.INFO"))
    state = content["state"]
    return StreamState(_instant_us(content["created"]), state["first_seq"], state["last_seq"], _leader(content))


async def stored_at(nats: Nats, sequence: int) -> int | None:
    """When a message was stored; nothing where there is none, or one that is too large to be shown."""
    answer = await nats.request(f"$JS.API.STREAM.MSG.GET.{STREAM}", orjson.dumps({"seq": sequence}))
    if len(answer) >= PAYLOAD_BYTES_MAX:
        return None
    read = _read("STREAM.MSG.GET", answer)
    if read.get("error", {}).get("code") == NOT_FOUND:
        return None
    return _instant_us(_content(read)["message"]["time"])


async def make_consumer(nats: Nats, filter_subject: str, start: Mapping[str, object], inactive_s: float) -> Consumer:
    """One that is kept in the memory of a node that NATS chooses by chance, for as long as it is used."""
    configuration = {
        **start,
        "filter_subject": SUBJECTS + filter_subject,
        "ack_policy": "none",
        "replay_policy": "instant",
        "inactive_threshold": int(inactive_s * SECOND_NS),
        "num_replicas": 1,
        "mem_storage": True,
    }
    content = _content(await _asked(nats, "CONSUMER.CREATE", {"stream_name": STREAM, "config": configuration}))
    return Consumer(content["name"], _leader(content))


def forget_consumer(nats: Nats, consumer: Consumer) -> None:
    """If this does not arrive, it is forgotten since nobody uses it."""
    nats.publish(f"$JS.API.CONSUMER.DELETE.{STREAM}.{consumer.name}", b"")


def after(sequence: int) -> Mapping[str, object]:
    """Begin behind this message."""
    return {"deliver_policy": "by_start_sequence", "opt_start_seq": sequence + 1}


def since(stored_us: int) -> Mapping[str, object]:
    """Begin with what was stored then."""
    instant = datetime.fromtimestamp(stored_us // SECOND_US, UTC).replace(microsecond=stored_us % SECOND_US)
    return {"deliver_policy": "by_start_time", "opt_start_time": instant.isoformat()}


async def _asked(nats: Nats, what: str, content: Mapping[str, object] | None = None) -> Mapping[str, Any]:
    return _read(what, await nats.request(f"$JS.API.{what}.{STREAM}", orjson.dumps(content) if content else b""))


def _read(what: str, answer: bytes) -> Mapping[str, Any]:
    try:
        read = orjson.loads(answer)
    except orjson.JSONDecodeError as error:
        raise SourceError(f"{what} was answered with {answer[:100]!r}") from error
    if not isinstance(read, dict):
        raise SourceError(f"{what} was answered with {answer[:100]!r}")
    return read


def _content(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    if "error" in answer:
        raise SourceError(f"the stream {STREAM}: {answer['error'].get('description', answer['error'])}")
    return answer


def _leader(content: Mapping[str, Any]) -> str:
    return str(content.get("cluster", {}).get("leader", ""))


def _configuration(settings: StreamSettings) -> dict[str, object]:
    return {
        "name": STREAM,
        "subjects": [f"{SUBJECTS}>"],
        "retention": "limits",
        "discard": "old",
        "storage": "file",
        "num_replicas": settings.replicas,
        "max_bytes": settings.max_bytes,
        "max_age": settings.max_age_s * SECOND_NS,
        "max_msgs": -1,
        "max_msgs_per_subject": -1,
        "max_msg_size": -1,
        "max_consumers": -1,
    }


def _differences(there: Mapping[str, object], wanted: Mapping[str, object]) -> Iterator[str]:
    for key, value in wanted.items():
        if there.get(key) != value:
            yield f"{key} is {there.get(key)}, not {value}"


def _instant_us(text: str) -> int:
    """A time of the server's: UTC, with up to nine digits of a second and no zeros at the end."""
    fraction = FRACTION.search(text)
    seconds = int(datetime.fromisoformat(text[:19]).replace(tzinfo=UTC).timestamp())
    return seconds * SECOND_US + (int(fraction[1].ljust(6, "0")) if fraction else 0)
