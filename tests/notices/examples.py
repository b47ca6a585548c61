"""Notices as the snow watch writes them."""

from dataclasses import replace
from typing import Any

from snowtrack.store.notices import Notice

MADE_US = 1_768_338_000_000_000  # 2026-01-14 06:00 in Japan


def event(name: str = "高松", *, raised: bool = True, value_mm: int = 312) -> dict[str, Any]:
    return {"sensor": "s1", "name": name, "raised": raised, "since": "2026-01-13T20:50:00Z", "value_mm": value_mm}


def notice(target: str = "road@city.example", *events: dict[str, Any], way: str = "mail") -> Notice:
    content = {
        "agency": "kahoku",
        "rule": "takamatsu",
        "measure": "depth",
        "threshold_mm": 300,
        "clear_mm": 255,
        "events": list(events or (event(),)),
    }
    return Notice(number=7, agency="kahoku", way=way, target=target, content=content, made_us=MADE_US)


def measuring(one: Notice, measure: str) -> Notice:
    return replace(one, content={**one.content, "measure": measure})
