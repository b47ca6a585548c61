"""What the tags of an OpenStreetMap way say of a road. Classes and managers are those that Japan's mappers use.

A way without an entry in `CARRIAGEWAYS` or `FOOTWAYS` is no road for ploughs.
"""

import re
from collections.abc import Mapping

from snowtrack.network.arrays import Kind, Manager, RoadClass, Structure

CARRIAGEWAYS = {
    "motorway": RoadClass.NATIONAL,
    "trunk": RoadClass.NATIONAL,
    "primary": RoadClass.PREFECTURAL,
    "secondary": RoadClass.PREFECTURAL,
    "tertiary": RoadClass.MAIN,
    "unclassified": RoadClass.LOCAL,
    "residential": RoadClass.LOCAL,
    "living_street": RoadClass.LOCAL,
    "service": RoadClass.LOCAL,
    "busway": RoadClass.LOCAL,
    "road": RoadClass.UNKNOWN,
    "motorway_link": RoadClass.RAMP,
    "trunk_link": RoadClass.RAMP,
    "primary_link": RoadClass.RAMP,
    "secondary_link": RoadClass.RAMP,
    "tertiary_link": RoadClass.RAMP,
}
FOOTWAYS = {"footway", "pedestrian", "cycleway"}
# Who manages a road follows from its class, as far as it follows from anything.
MANAGERS = {
    "trunk": Manager.NATION,
    "primary": Manager.PREFECTURE,
    "secondary": Manager.PREFECTURE,
    "tertiary": Manager.MUNICIPALITY,
    "unclassified": Manager.MUNICIPALITY,
    "residential": Manager.MUNICIPALITY,
    "living_street": Manager.MUNICIPALITY,
}
PRIVATE_SERVICE = {"driveway", "parking_aisle", "drive-through", "emergency_access"}
READINGS = ("name:ja-Hira", "name:ja_kana", "name:ja-Kana", "name:ja_hira")
ONEWAY = {"yes": 1, "true": 1, "1": 1, "-1": -1, "reverse": -1}
ROUTES = {RoadClass.NATIONAL: "国道{}号", RoadClass.PREFECTURAL: "県道{}号"}
METRES = {"": 1.0, "m": 1.0, "ft": 0.3048, "'": 0.3048}
LANES_MAX, WIDTH_M_MAX, LEVEL_MAX = 20, 100.0, 20

Road = tuple[int, ...]
"""Class, manager, kind, oneway, structure, level, lanes, width in millimetres."""


def is_road(tags: Mapping[str, str]) -> bool:
    highway = tags["highway"]
    if tags.get("area", "no") != "no" or tags.get("service") in PRIVATE_SERVICE:
        return False
    return highway in CARRIAGEWAYS or highway in FOOTWAYS


def read_road(tags: Mapping[str, str]) -> Road:
    """The numbers of a road."""
    highway = tags["highway"]
    kind = Kind.FOOTWAY if highway in FOOTWAYS else Kind.CARRIAGEWAY
    return (
        CARRIAGEWAYS.get(highway, RoadClass.LOCAL),
        MANAGERS.get(highway, Manager.UNKNOWN),
        kind,
        _oneway(tags) if kind is Kind.CARRIAGEWAY else 0,
        _structure(tags),
        _level(tags.get("layer", "")),
        _lanes(tags.get("lanes", "")),
        _width_mm(tags.get("width") or tags.get("est_width") or ""),
    )


def read_texts(tags: Mapping[str, str]) -> tuple[str | None, str | None, str | None]:
    """Name, its reading, and the route as it is displayed."""
    reading = next((tags[key] for key in READINGS if key in tags), None)
    return tags.get("name"), reading, _route(tags.get("ref"), CARRIAGEWAYS.get(tags["highway"]))


def _oneway(tags: Mapping[str, str]) -> int:
    said = tags.get("oneway")
    if said is not None:
        return ONEWAY.get(said, 0)
    implied = tags["highway"] == "motorway" or tags.get("junction") in ("roundabout", "circular")
    return 1 if implied else 0


def _structure(tags: Mapping[str, str]) -> Structure:
    if tags.get("tunnel", "no") != "no":
        return Structure.TUNNEL
    return Structure.BRIDGE if tags.get("bridge", "no") != "no" else Structure.GROUND


def _level(text: str) -> int:
    try:
        return max(min(int(text), LEVEL_MAX), -LEVEL_MAX)
    except ValueError:
        return 0


def _lanes(text: str) -> int:
    found = re.match(r"\s*(\d+)", text)
    return min(int(found[1]), LANES_MAX) if found else 0


def _width_mm(text: str) -> int:
    found = re.fullmatch(r"\s*(\d+(?:[.,]\d+)?)\s*(m|ft|'|)\s*", text)
    metres = float(found[1].replace(",", ".")) * METRES[found[2]] if found else 0.0
    return round(metres * 1000) if metres <= WIDTH_M_MAX else 0


def _route(ref: str | None, road_class: RoadClass | None) -> str | None:
    """Bare numbers get the words that stand on Japan's signs; all else is shown as it is."""
    if not ref:
        return None
    shown = ROUTES.get(road_class, "{}") if road_class is not None else "{}"
    return "・".join(shown.format(one) if one.isascii() and one.isdigit() else one for one in ref.split(";"))
