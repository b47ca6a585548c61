"""Segments to roads: what a resident asks about is a road by its name."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

DONE_SHARE = 0.9
FINISHED = ("done", "aged")
# Strongest first; a road is known no better than by its weakest evidence.
EVIDENCE = ("blade", "inferred", "reported")

Properties = dict[str, Any]


def summarise_roads(segments: Iterable[Properties]) -> list[Properties]:
    """One entry per road with a name or, where it has none, a number, in the order of these."""
    called = [(one["name"] or one["route"], one["id"], one) for one in segments if one["name"] or one["route"]]
    called.sort(key=itemgetter(0, 1))
    return [_road(name, [one for *_, one in own]) for name, own in groupby(called, key=itemgetter(0))]


def _road(name: str, segments: Sequence[Properties]) -> Properties:
    known = [one for one in segments if one["at"] is not None]
    return {
        "name": name,
        "routes": sorted({one["route"] for one in segments if one["route"]}),
        "km_total": _km(segments),
        "km_done": _km([one for one in segments if one["label"] in FINISHED]),
        "label": _label(segments),
        "since": max((one["at"] for one in known), default=None),
        "evidence": max((one["evidence"] for one in known if one["evidence"]), key=EVIDENCE.index, default=None),
    }


def _label(segments: Sequence[Properties]) -> str:
    """Closed where any of it is; done when nearly all of it is; else the most that can be said of any part. A road is
    snowed over where every part of it was done."""
    labels = {one["label"] for one in segments}
    if "closed" in labels:
        return "closed"
    finished = [one for one in segments if one["label"] in FINISHED]
    if _km(finished) >= DONE_SHARE * _km(segments):
        return "aged" if any(one["label"] == "aged" for one in finished) else "done"
    for telling in ("under_way", "due"):
        if telling in labels:
            return telling
    if labels <= {"snowed_over", *FINISHED}:
        return "snowed_over"
    if labels & {"partly", "snowed_over", *FINISHED}:
        return "partly"
    return "unknown" if "unknown" in labels else "never"


def _km(segments: Iterable[Properties]) -> float:
    metres: float = sum(one["length_m"] for one in segments)
    return round(metres / 1000, 3)
