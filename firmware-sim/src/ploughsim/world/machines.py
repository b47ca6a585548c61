"""Kinds of machines, and the table of those of a night with the trackers on them."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ploughsim.roads.read import CARRIAGEWAY, FOOTWAY, MAIN, RAMP, RoadNetwork


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a kind of machine can do: the range of its speeds at work, and that of travel; the angle of its blade in
    tenths of a degree, negative to the left; how densely, in tenths of g/m², and how widely it spreads."""

    name: str
    work_kmh: tuple[float, float]
    travel_kmh: float
    blade_m: float
    angle_tenths: int = 0
    has_pto: bool = False
    density_tenths: int = 0
    spread_m: float = 0.0
    footways: bool = False
    main_roads: bool = False

    @property
    def spreads(self) -> bool:
        return self.density_tenths > 0


KINDS = {
    "grader": Kind(name="除雪グレーダ", work_kmh=(15, 25), travel_kmh=40, blade_m=4.0, angle_tenths=-300),
    "dozer": Kind(name="除雪ドーザ", work_kmh=(10, 18), travel_kmh=35, blade_m=3.4, angle_tenths=-250),
    "truck": Kind(name="除雪トラック", work_kmh=(25, 38), travel_kmh=50, blade_m=3.2, angle_tenths=-350),
    "rotary": Kind(name="ロータリ除雪車", work_kmh=(3, 7), travel_kmh=35, blade_m=2.6, has_pto=True, main_roads=True),
    "small": Kind(name="小形除雪車", work_kmh=(2, 5), travel_kmh=12, blade_m=1.3, has_pto=True, footways=True),
    "spreader": Kind(
        name="凍結防止剤散布車", work_kmh=(30, 45), travel_kmh=50, blade_m=0.0, density_tenths=200, spread_m=3.5,
        main_roads=True,
    ),
}  # fmt: skip


class Group(NamedTuple):
    """Machines that share the roads among them: they need not be of one kind."""

    kinds: tuple[str, ...]
    rows: NDArray[np.int64]
    footways: bool


def groups_of(network: RoadNetwork) -> list[Group]:
    """Which roads are whose. Where a network has none of a group's own roads, it works on all carriageways."""
    carriageways = np.flatnonzero(network.kind == CARRIAGEWAY)
    main = (network.road_class[carriageways] <= MAIN) & (network.road_class[carriageways] > 0)
    main |= network.road_class[carriageways] == RAMP
    footways = np.flatnonzero(network.kind == FOOTWAY)
    ploughs = tuple(key for key, kind in KINDS.items() if not kind.footways and not kind.main_roads)
    return [
        Group(ploughs, carriageways, footways=False),
        Group(("rotary",), carriageways[main] if main.any() else carriageways, footways=False),
        Group(("spreader",), carriageways[main] if main.any() else carriageways, footways=False),
        Group(("small",), footways if len(footways) else carriageways, footways=bool(len(footways))),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A tracker and what it hangs on. `twin_of` is the unit that sits on the same machine already."""

    number: int
    agency: str
    device: str
    machine: int
    kind: str
    kind_name: str
    machine_number: str
    blade_m: float
    has_blade_input: bool
    has_spreader_input: bool
    twin_of: int | None = None


def deal_kinds(weights: dict[str, float], machines: int) -> list[str]:
    """The kind of each machine: as many of each as its weight says, mixed evenly."""
    total = sum(weights.values())
    dealt = dict.fromkeys(KINDS, 0)
    kinds = []
    for number in range(1, machines + 1):
        kind = max(KINDS, key=lambda key: weights.get(key, 0.0) * number / total - dealt[key])
        dealt[kind] += 1
        kinds.append(kind)
    return kinds
