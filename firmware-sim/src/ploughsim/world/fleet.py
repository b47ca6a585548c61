"""The machines of a night: what they are, which roads are theirs, where their yards are, and what hangs on them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ploughsim.chance import draw, uniform
from ploughsim.roads.lanes import road_graph
from ploughsim.roads.read import RoadNetwork
from ploughsim.world.districts import share_out
from ploughsim.world.ground import lanes_of
from ploughsim.world.machines import KINDS, Group, Unit, deal_kinds, groups_of
from ploughsim.world.routes import NONE, Lanes, cover, scratch_for
from ploughsim.world.settings import FleetSettings

NOBODY = -1
_PER_YARD = 5
_PARKED, _TWIN = 0x9A2C, 0x7714
_ROOM_PER_LANE = 3


@dataclass(slots=True, kw_only=True)
class Machine:
    """`route` are lanes, with WORK where they are worked; it begins and ends at the node of the yard. One that leads
    has `follower`; one that follows, or only stands, has no route."""

    number: int
    kind: str
    lanes: Lanes
    route: NDArray[np.int32]
    yard: int = 0
    depot: int = 0
    follower: int = NOBODY
    leader: int = NOBODY
    parked: bool = False


def muster(network: RoadNetwork, settings: FleetSettings, seed: int) -> tuple[list[Machine], NDArray[np.int64]]:
    """The machines, and the node of each yard."""
    kinds = deal_kinds(settings.kinds, settings.machines)
    roads = lanes_of(network, road_graph(network))
    none = np.empty(0, np.int32)
    machines = [Machine(number=number, kind=kind, lanes=roads, route=none) for number, kind in enumerate(kinds)]
    for number in _chosen(seed, _PARKED, len(machines), min(settings.parked_engines, len(machines) - 1)):
        machines[number].parked = True
    yards: list[int] = []
    for group in groups_of(network):
        members = [one for one in machines if one.kind in group.kinds]
        if not members:
            continue
        lanes = lanes_of(network, road_graph(network, footways=True)) if group.footways else roads
        _pair_up(members, settings.echelons)
        _give_roads(network, group, members, lanes, yards)
    return machines, np.array(yards, np.int64)


def _pair_up(members: list[Machine], share: float) -> None:
    """Echelons: some follow the one before them."""
    pairs = min(round(share * len(members)), len(members) // 2)
    able = [one for one in members if not one.parked]
    for pair in range(min(pairs, len(able) // 2)):
        leader, follower = able[2 * pair], able[2 * pair + 1]
        leader.follower, follower.leader = follower.number, leader.number


def _give_roads(network: RoadNetwork, group: Group, members: list[Machine], lanes: Lanes, yards: list[int]) -> None:
    """Share out the group's roads, and plan the rounds."""
    usable = np.zeros(2 * len(network), np.bool_)
    usable[lanes.leaving] = True
    rows = group.rows[usable[2 * group.rows] | usable[2 * group.rows + 1]]
    workers = [one for one in members if one.leader == NOBODY and not one.parked]
    order, cuts = share_out(network, rows, max(len(workers), 1))
    shares = len(cuts) - 1
    owner = np.full(2 * len(network), NONE, np.int32)
    share_of = np.repeat(np.arange(shares, dtype=np.int32), np.diff(cuts))
    for way in (0, 1):
        mine = usable[2 * order + way]
        owner[2 * order[mine] + way] = share_of[mine]
    counts = np.bincount(owner[owner != NONE], minlength=shares)
    depots = _depots(lanes, usable, order, cuts)
    first_yard = len(yards)
    yards += depots.tolist()
    nodes = depots[np.arange(shares) // _PER_YARD].astype(np.int32)
    route, offsets = _rounds(lanes, owner, nodes, counts)
    for number, one in enumerate(workers):
        share = number % shares
        one.lanes, one.route = lanes, route[offsets[share] : offsets[share + 1]]
        one.yard, one.depot = first_yard + share // _PER_YARD, int(nodes[share])
    leaders = {one.number: one for one in workers}
    for one in members:
        if one.leader != NOBODY:
            leader = leaders[one.leader]
            one.yard, one.depot = leader.yard, leader.depot
        elif one.parked:
            one.yard, one.depot = first_yard, int(depots[0])


def _depots(
    lanes: Lanes, usable: NDArray[np.bool_], order: NDArray[np.int64], cuts: NDArray[np.int64]
) -> NDArray[np.int64]:
    """A node in the middle of each few shares."""
    shares = len(cuts) - 1
    firsts = np.arange(0, shares, _PER_YARD)
    lasts = np.minimum(firsts + _PER_YARD, shares)
    middle = order[(cuts[firsts] + cuts[lasts]) // 2]
    lane = np.where(usable[2 * middle], 2 * middle, 2 * middle + 1)
    return np.asarray(lanes.start[lane], np.int64)


def _rounds(
    lanes: Lanes, owner: NDArray[np.int32], depots: NDArray[np.int32], counts: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The rounds of all shares, and offsets of each."""
    route = np.empty(_ROOM_PER_LANE * int(counts.sum()) + 10_000, np.int32)
    offsets = np.zeros(len(depots) + 1, np.int64)
    scratch = scratch_for(len(lanes.offsets) - 1, len(lanes.leaving))
    done = 0
    while (done := cover(lanes, scratch, owner, (done, depots, counts), (route, offsets))) < len(depots):
        route = np.concatenate([route, np.empty_like(route)])
    return route[: offsets[-1]].copy(), offsets


def units_of(machines: list[Machine], settings: FleetSettings, seed: int) -> list[Unit]:
    """A tracker on each machine, then the twins; devices are numbered within their agency."""
    twins = _chosen(seed, _TWIN, len(machines), min(settings.twins, len(machines)))
    carriers = [*range(len(machines)), *twins]
    agencies = settings.agencies
    totals = [sum(1 for number in carriers if number % len(agencies) == at) for at in range(len(agencies))]
    counted = [0] * len(agencies)
    units = []
    for number, carrier in enumerate(carriers):
        at = carrier % len(agencies)
        counted[at] += 1
        kind = KINDS[machines[carrier].kind]
        sensed = uniform(seed, 0xB1AD, carrier) < settings.blade_sensors
        units.append(
            Unit(
                number=number,
                agency=agencies[at],
                device=f"plough-{counted[at]:0{max(2, len(str(totals[at])))}d}",
                machine=carrier,
                kind=machines[carrier].kind,
                kind_name=kind.name,
                machine_number=f"{machines[carrier].kind[:2].upper()}-{carrier + 1:04d}",
                blade_m=kind.blade_m,
                has_blade_input=sensed and kind.blade_m > 0,
                has_spreader_input=sensed and kind.spreads,
                twin_of=carrier if number >= len(machines) else None,
            )
        )
    return units


def _chosen(seed: int, what: int, count: int, wanted: int) -> list[int]:
    """So many of a number, by lot."""
    return sorted(sorted(range(count), key=lambda number: draw(seed, what, number))[:wanted])
