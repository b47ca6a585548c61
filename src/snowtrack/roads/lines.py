"""A road as its source gives it: one line with attributes, not yet cut."""

from collections.abc import Sequence
from dataclasses import dataclass

from snowtrack.network.arrays import Kind, Manager, RoadClass, Structure

Point = tuple[int, int]
"""Latitude and longitude in 1e-7 degrees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadLine:
    """Lines meet where they share a point; lines that cross without a shared point do not meet."""

    source_id: int
    points: Sequence[Point]
    road_class: RoadClass
    manager: Manager
    kind: Kind = Kind.CARRIAGEWAY
    oneway: int = 0
    structure: Structure = Structure.GROUND
    name: str | None = None
    route: str | None = None
