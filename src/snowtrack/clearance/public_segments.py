"""What the public may know of single segments. One record, from which every format is made."""

from collections.abc import Iterator
from dataclasses import dataclass

from snowtrack.clearance.public_cut import PublicCut
from snowtrack.model.columns import Int32s
from snowtrack.network.arrays import Kind, Manager, Network, RoadClass

FOOTWAY = "footway"


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What is said of a segment whatever its state."""

    id: int
    name: str | None
    route: str | None
    road_class: str
    manager: str

    def as_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "name": self.name,
            "route": self.route,
            "class": self.road_class,
            "manager": self.manager,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicSegment:
    """With how it reads in a cut. `line` is its longitudes and latitudes, in degrees."""

    described: Described
    district: str | None
    length_m: float
    view: dict[str, object]
    line: tuple[tuple[float, float], ...]

    @property
    def id(self) -> int:
        return self.described.id

    def as_json(self) -> dict[str, object]:
        said = {**self.described.as_json(), "district": self.district, "length_m": self.length_m}
        return said | {key: value for key, value in self.view.items() if key != "id"}


def describe(network: Network, row: int) -> Described:
    footway = network.kind[row] == Kind.FOOTWAY
    return Described(
        id=int(network.segment_id[row]),
        name=network.text(int(network.name_text[row])),
        route=network.text(int(network.route_text[row])),
        road_class=FOOTWAY if footway else RoadClass(int(network.road_class[row])).name.lower(),
        manager=Manager(int(network.manager[row])).name.lower(),
    )


def public_segments(network: Network, cut: PublicCut, rows: Int32s) -> Iterator[PublicSegment]:
    """In the order of these rows."""
    views = cut.views.take(rows).as_json(network.segment_id[rows])
    for row, view in zip(rows.tolist(), views, strict=True):
        part = slice(network.shape_offsets[row], network.shape_offsets[row + 1])
        lons, lats = (network.shape_lon_e7[part] / 1e7).tolist(), (network.shape_lat_e7[part] / 1e7).tolist()
        yield PublicSegment(
            described=describe(network, row),
            district=network.text(int(network.district_text[row])),
            length_m=int(network.length_mm[row]) / 1000,
            view=view,
            line=tuple(zip(lons, lats, strict=True)),
        )
