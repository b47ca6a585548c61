"""How old what is seen is: from when a tracker's message left for the broker to when `/v1/live` said where it leads."""

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import orjson

from benchmarks.ingest.load import read_sent
from snowtrack.model.calendar import SECOND_US, read_utc
from snowtrack.model.columns import Int64s, present
from snowtrack.model.fixes import Message
from snowtrack.nmea.decode import decode

EVENT = re.compile(rb"event: heads\n(?:id: \d+\n)?data: (.*)\n\n")
UNSEEN_US = 2**62


class Freshness(NamedTuple):
    """In milliseconds; and how many messages nobody saw anything of."""

    p50_ms: float
    p99_ms: float
    unseen: int


def freshness(folder: Path, seen: Path, within_s: float = np.inf) -> Freshness:
    """Of the live messages of a night, or of those sent so soon after the first. One counts as seen when its newest fix
    is, or a newer one of its device."""
    sent_us = np.load(folder / "sent.npy")
    newest_us, device = _newest(folder)
    heads = _heads(seen)
    waited_us = np.full(len(sent_us), UNSEEN_US)
    for name, own in device.items():
        at_us, shown_us = heads.get(name, (np.empty(0, np.int64), np.empty(0, np.int64)))
        first = np.searchsorted(at_us, newest_us[own] // SECOND_US * SECOND_US)
        waited_us[own] = np.append(shown_us, UNSEEN_US)[first] - sent_us[own]
    waited_us = waited_us[(newest_us > 0) & (sent_us - sent_us.min() <= within_s * SECOND_US)]
    p50_ms, p99_ms = np.quantile(waited_us, [0.5, 0.99], method="higher") / 1_000
    return Freshness(float(p50_ms), float(p99_ms), int(np.sum(waited_us > UNSEEN_US // 2)))


def _newest(folder: Path) -> tuple[Int64s, dict[str, Int64s]]:
    """The newest time of a position in each message, 0 where it has none, and the places of each device's messages."""
    places: dict[str, list[int]] = {}
    messages = []
    for place, (topic, payload) in enumerate(read_sent(folder / "night.log", ("up",))):
        places.setdefault(topic.decode().removeprefix("snow/v1/").removesuffix("/up"), []).append(place)
        messages.append(Message(device=1, received_us=place, payload=payload))
    decoded = decode(messages).fixes
    fixes = decoded.take(present(decoded.lat_e7))
    newest_us = np.zeros(len(messages), np.int64)
    np.maximum.at(newest_us, fixes.received_us, fixes.time_us)
    return newest_us, {name: np.array(own) for name, own in places.items()}


def _heads(seen: Path) -> dict[str, tuple[Int64s, Int64s]]:
    """Of each device, in order, the instants at which it was shown to be, and when they could first be seen."""
    with np.load(seen) as kept:
        content, ends, times_us = (kept[name] for name in ("content", "ends", "times_us"))
    shown: dict[str, dict[int, int]] = {}
    for event in EVENT.finditer(content.tobytes()):
        now_us = int(times_us[np.searchsorted(ends, event.end())])
        for machine in orjson.loads(event[1])["machines"]:
            own = shown.setdefault(machine["device"], {})
            own.setdefault(read_utc(machine["at"]), now_us)
    found = {}
    for name, own in shown.items():
        at_us = np.array(sorted(own), np.int64)
        # What is newer was seen, so what is older was as well.
        when_us = np.array([own[at] for at in at_us.tolist()], np.int64)
        found[name] = at_us, np.minimum.accumulate(when_us[::-1])[::-1]
    return found
