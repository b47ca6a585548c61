"""Roads beside each other, for one state: how much likelier its road is than the next one that runs the same way."""

from snowtrack.matching.costs import Costs
from snowtrack.matching.rivals import ALIKE, OFF, RIVAL_MAX
from snowtrack.network.arrays import Network
from tests.oracles.matching import Column, State
from tests.oracles.nearest import Place


def rival_of(network: Network, costs: Costs, column: Column, state: State) -> int:
    """By the fix alone, but for errors that are known not to last."""
    own = next((place for place in column.places if place.row == state.edge >> 1), None)
    if own is None or state.edge == OFF:
        return RIVAL_MAX
    beside = [_likelier(network, costs, column, state, (own, other)) for other in column.places]
    return max(min([one for one in beside if one is not None], default=RIVAL_MAX), 0)


def _likelier(network: Network, costs: Costs, column: Column, state: State, places: tuple[Place, Place]) -> int | None:
    own, other = places
    alike = own.east * other.east + own.north * other.north
    if abs(alike) < ALIKE or _nodes(network, own.row) & _nodes(network, other.row):
        return None
    wide_mm = costs.beside_mm + column.residual_mm
    share = min(1_000 * column.noise_mm // max(column.residual_mm, 1), 2_000)
    likelier = 500 * (other.distance_mm**2 - own.distance_mm**2) // wide_mm**2
    likelier += max(6 * share * share // 1_000 - 1_000, 0)
    goes_along_other = (alike > 0) == (state.edge % 2 == 0)
    oneway = int(network.oneway[other.row])
    likelier += costs.against if oneway and goes_along_other != (oneway == 1) else 0
    return min(likelier, RIVAL_MAX)


def _nodes(network: Network, row: int) -> set[int]:
    return {int(network.from_node[row]), int(network.to_node[row])}
