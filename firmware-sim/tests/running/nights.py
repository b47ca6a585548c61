"""Nights of a small fleet, and what reaches the broker of them."""

import gzip
from pathlib import Path
from typing import Any

from ploughsim.running.heard import Trackers
from ploughsim.running.night import Night, open_night
from ploughsim.running.published import Published
from ploughsim.running.spool import Spool
from ploughsim.running.stream import Stream
from ploughsim.scenario import SECTIONS, NightSettings, Scenario

MINUTE_MS = 60_000


def scenario(*, machines: int = 6, hours: float = 0.2, seed: int = 3, **sections: dict[str, Any]) -> Scenario:
    tables = {"fleet": {}, **sections}
    tables["fleet"] = {"machines": machines, "power_cuts_per_h": 6.0} | tables["fleet"]
    made = {name: SECTIONS[name](**keys) for name, keys in tables.items()}
    return Scenario(night=NightSettings(name="small", hours=hours, seed=seed), **made)


def night_of(settings: Scenario, roads: Path) -> Night:
    return open_night(settings, roads, settings.night.date_ms)


def published(settings: Scenario, roads: Path, folder: Path, *, span_ms: int = MINUTE_MS) -> list[Published]:
    """All messages of a night, in order of arrival."""
    night = night_of(settings, roads)
    trackers, spool = Trackers(night), Spool(folder)
    stream, messages, end_ms = Stream(night, spool), list[Published](), night.end_ms or night.start_ms
    for first_ms in range(night.start_ms, end_ms, span_ms):
        stop_ms = min(first_ms + span_ms, end_ms)
        messages += stream.messages(trackers.hear(night.world.truth(first_ms, stop_ms, night.step_ms)), stop_ms)
    messages += stream.rest(end_ms)
    spool.close()
    return messages


Name = tuple[str, int, int]


def epochs_in(messages: list[Published]) -> list[tuple[Name, str, bytes]]:
    """Device, boot and number of each epoch, its topic, and its bytes, in order of arrival."""
    found = []
    for message in messages:
        _, _, agency, device, lane = message.topic.split("/")
        if lane == "status":
            continue
        for part in unpacked(message.payload).split(b"$PSNOW,")[1:]:
            boot, seq, _ = part.split(b",", 2)
            found.append(((f"{agency}.{device}", int(boot), int(seq)), lane, b"$PSNOW," + part))
    return found


def unpacked(payload: bytes) -> bytes:
    return gzip.decompress(payload) if payload[:2] == b"\x1f\x8b" else payload
