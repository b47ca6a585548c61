"""Who may do what on a broker: one table, and how Mosquitto and NATS want it told.

A device speaks on its own topics and hears its own; the engine hears all devices and answers all. What is not
allowed here is refused. Names need no quoting: an id has no sign that means something to either broker.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from snowtrack.brokers.authority import NAME_CHARACTERS_MAX, Identity
from snowtrack.live.bus import ROOT as NEWS_ROOT
from snowtrack.model.errors import ConfigError
from snowtrack.model.ids import DeviceId
from snowtrack.model.topics import ROOT, Channel
from snowtrack.sources.nats import INBOX
from snowtrack.sources.partitions import ROOT as PARTITIONS_ROOT
from snowtrack.sources.partitions import device_subject
from snowtrack.sources.stream import STREAM

ENGINE = "engine"
SPOKEN = (*(str(channel) for channel in Channel), "ack")
"""What a device says to the engine."""
HEARD = ("durable", "down")
"""What the engine says to a device."""
WRITTEN = "# Written by `snowtrack brokers`; what is changed here by hand is lost."
# What the server itself sends a client's acknowledged messages on. MQTT clients cannot subscribe to it.
NATS_DELIVERY = "$MQTT.sub.>"
# What ingest asks of the stream of a cluster: to make it, how it is, and to read it.
NATS_STREAM = tuple(
    f"$JS.API.{what}"
    for what in (
        f"STREAM.INFO.{STREAM}",
        f"STREAM.CREATE.{STREAM}",
        f"STREAM.MSG.GET.{STREAM}",
        f"CONSUMER.CREATE.{STREAM}",
        f"CONSUMER.MSG.NEXT.{STREAM}.*",
        f"CONSUMER.DELETE.{STREAM}.*",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """MQTT topics that someone may publish on and subscribe to."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


def certificate_name(device: DeviceId) -> str:
    """A device's name in its certificate, which is its client id too. Ids hold no point, so it says which device."""
    name = f"{device.agency}.{device.device}"
    if len(name) > NAME_CHARACTERS_MAX:
        raise ConfigError(f"{name}: a certificate's name has at most {NAME_CHARACTERS_MAX} characters")
    return name


def rights_of(name: str) -> Rights:
    """The rights of who has a certificate of this name."""
    if name == ENGINE:
        # All our services: they hear what devices say, answer, tell each other the news, and speak for machines of
        # which others tell over HTTP.
        return Rights(
            publish=(*(f"{ROOT}/+/+/{what}" for what in (*HEARD, Channel.UP)), f"{NEWS_ROOT}/#"),
            subscribe=(*(f"{ROOT}/+/+/{what}" for what in SPOKEN), f"{NEWS_ROOT}/#"),
        )
    device = DeviceId(*name.split("."))
    return Rights(
        publish=tuple(f"{ROOT}/{device}/{what}" for what in SPOKEN),
        subscribe=tuple(f"{ROOT}/{device}/{what}" for what in HEARD),
    )


def mosquitto_acl(enrolled: Iterable[Identity]) -> str:
    """Mosquitto's access control list; it knows a client by its name."""
    lines = [WRITTEN]
    for name in sorted({identity.name for identity in enrolled}):
        rights = rights_of(name)
        lines += ["", f"user {name}"]
        lines += [f"topic write {topic}" for topic in rights.publish]
        lines += [f"topic read {topic}" for topic in rights.subscribe]
    return "\n".join((*lines, ""))


def nats_users(enrolled: Iterable[Identity]) -> str:
    """The users of a NATS server. It has no list of revoked certificates, so it knows each client by its very own."""
    users = [line for identity in sorted(enrolled) for line in _nats_user(identity)]
    return "\n".join((WRITTEN, "authorization {", "  users: [", *users, "  ]", "}", ""))


def _nats_user(identity: Identity) -> tuple[str, ...]:
    rights, more = rights_of(identity.name), _in_a_cluster(identity.name)
    kinds = '"MQTT", "STANDARD"' if identity.name == ENGINE else '"MQTT"'
    return (
        f'    {{ user: "{identity.urn}", allowed_connection_types: [{kinds}], permissions: {{',
        f"      publish: {_quoted((*_subjects(rights.publish), *more.publish))}",
        f"      subscribe: {_quoted((*_subjects(rights.subscribe), NATS_DELIVERY, *more.subscribe))}",
        "    } }",
    )


def _in_a_cluster(name: str) -> Rights:
    """NATS asks for the right to a subject after it was mapped to its partition."""
    if name == ENGINE:
        up = f"{PARTITIONS_ROOT}.*.live.*.*.{Channel.UP}"
        return Rights(publish=(up, *NATS_STREAM), subscribe=(up, f"{INBOX}.>"))
    device = DeviceId(*name.split("."))
    return Rights(publish=tuple(device_subject(device, channel) for channel in Channel), subscribe=())


def _subjects(topics: Iterable[str]) -> Iterator[str]:
    """MQTT topics as NATS writes them; what ends in `#` is also the topic above, which its `>` is not."""
    for topic in topics:
        subject = topic.replace("/", ".").replace("+", "*")
        if subject.endswith(".#"):
            yield subject.removesuffix(".#")
        yield subject.replace("#", ">")


def _quoted(subjects: Iterable[str]) -> str:
    return "[" + ", ".join(f'"{subject}"' for subject in subjects) + "]"
