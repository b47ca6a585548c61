"""What the states of a track come to: answers, how sure they are, and what was driven; in plain Python.

An answer is traced from the last fix that it may look at.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from snowtrack.matching.answers import INFERRED_MM, UNSEEN_MM, UNSEEN_MMPS
from snowtrack.matching.backward import AHEAD_MAX, BEHIND_MAX, DOUBT_AHEAD_MAX, MARGIN_MAX
from snowtrack.matching.confidence import confidence
from snowtrack.matching.costs import DEFAULT_COSTS, Costs
from snowtrack.matching.forward import BACKWARDS_MM
from snowtrack.model.matches import NO_ROW, MatchStatus
from snowtrack.network.arrays import Network
from snowtrack.network.reach import REACH_MM
from tests.oracles.halves import Pending
from tests.oracles.matching import OFF, Column, State
from tests.oracles.nearest import Place, place_on
from tests.oracles.rivals import rival_of
from tests.oracles.ways import Way, length_of, ways_from

NOWHERE_MM = 1 << 40


class Answered(NamedTuple):
    """The columns of a `MatchBatch` that are the matcher's own."""

    track_us: int
    row: int
    direction: int
    along_mm: int
    distance_mm: int
    status: int
    confidence: int
    lat_e7: int
    lon_e7: int


class Stretch(NamedTuple):
    """A row of a `DrivenBatch`."""

    match: int
    row: int
    direction: int
    from_mm: int
    to_mm: int


def answered(
    network: Network,
    fixes: Sequence[Pending],
    columns: Sequence[Column],
    lag_us: int | None,
    costs: Costs = DEFAULT_COSTS,
) -> tuple[list[Answered], list[Stretch]]:
    """Where each fix is, and what was driven."""
    found, chosen, track_us = [], [], 0
    for at, (fix, column) in enumerate(zip(fixes, columns, strict=True)):
        track_us = fix.observed_us if column.opens else track_us
        last = _last_within(fixes, columns, at, lag_us)
        state = _traced(columns, at, last)
        rival = rival_of(network, costs, column, column.states[state])
        said = _margin(columns, at, last, state), rival, track_us
        found.append(_answer(network, fix, column, column.states[state], said))
        chosen.append(column.states[state])
    return found, list(_driven(network, columns, chosen))


def leads(fixes: Sequence[Pending], columns: Sequence[Column], lag_us: int | None) -> list[int]:
    """By how much the state of each answer leads: how much dearer the cheapest way is over any other state of its fix.

    Nothing where it is a tie, and little where rounding may decide.
    """
    found = []
    for at, column in enumerate(columns):
        last = _last_within(fixes, columns, at, lag_us)
        settled = _traced(columns, at, last)
        doubt = {number: state.cost for number, state in enumerate(column.states) if number != settled}
        for before, after in zip(columns[at:last], columns[at + 1 : last + 1], strict=True):
            doubt = _carried_on(before, after, doubt)
        least = min(state.cost for state in columns[last].states)
        found.append(min(doubt.values(), default=MARGIN_MAX) - least)
    return found


def _carried_on(before: Column, after: Column, doubt: Mapping[int, int]) -> dict[int, int]:
    """What the doubted ways cost in the states of the next fix."""
    carried = {}
    for number, state in enumerate(after.states):
        over = [doubt[via] + cost - before.states[via].cost for cost, via in _known(state) if via in doubt]
        if over:
            carried[number] = min(over)
    return carried


def _answer(network: Network, fix: Pending, column: Column, state: State, said: tuple[int, int, int]) -> Answered:
    margin, rival, track_us = said
    on_road = state.edge != OFF
    if on_road:
        place = place_on(network, state.edge >> 1, (fix.lat_e7, fix.lon_e7))
        status = MatchStatus.INFERRED if place.distance_mm > INFERRED_MM else MatchStatus.MATCHED
    else:
        place = Place(NO_ROW, 0, 0, 0, 0, fix.lat_e7, fix.lon_e7)
        status = MatchStatus.OFF_ROAD if column.places else MatchStatus.NO_CANDIDATE
    gone = np.array([(column.gone_mm,)], [("gone_mm", np.int64)])
    sure = confidence(np.array([margin]), np.array([rival], np.int16), gone)
    direction = (1 - 2 * (state.edge & 1)) if on_road else 0
    at = (place.row, direction, place.along_mm, place.distance_mm)
    return Answered(track_us, *at, int(status), int(sure[0]), place.lat_e7, place.lon_e7)


def _driven(network: Network, columns: Sequence[Column], chosen: Sequence[State]) -> Iterator[Stretch]:
    """From one answer to the next, over all segments between them; never from before the furthest place so far."""
    edge, furthest_mm = OFF, 0
    for match, (column, state) in enumerate(zip(columns, chosen, strict=True)):
        parts: list[tuple[int, int, int]] = []
        if column.opens or OFF in (edge, state.edge):
            furthest_mm = state.at_mm
        elif column.stands:
            continue
        elif state.edge == edge:
            parts = [(edge, furthest_mm, state.at_mm)]
            furthest_mm = max(furthest_mm, state.at_mm)
        elif state.edge == edge ^ 1:
            parts = [(state.edge, length_of(network, edge) - furthest_mm, state.at_mm)]
            furthest_mm = state.at_mm
        elif (over := _over(network, (edge, furthest_mm), column, state)) is None:
            furthest_mm = length_of(network, state.edge)
        else:
            parts, furthest_mm = over, state.at_mm
        edge = state.edge
        for part in parts:
            if part[1] < part[2]:
                yield _stretch(network, match, *part)


def _over(
    network: Network, furthest: tuple[int, int], column: Column, state: State
) -> list[tuple[int, int, int]] | None:
    """The shortest: on, over whole segments to a part of another; elsewhere from where the segment began, which was
    then not driven at all; or back over the junction, which is no way. Nothing where no way leads on."""
    (edge, at_mm), length_mm = furthest, length_of(network, furthest[0])
    on, elsewhere, back = (
        ways_from(network, one, REACH_MM).get(other)
        for one, other in ((edge, state.edge), (edge ^ 1, state.edge), (state.edge, edge))
    )
    lengths = [NOWHERE_MM] * 3
    if on is not None:
        lengths[0] = length_mm - at_mm + on.way_mm + state.at_mm
    if elsewhere is not None and at_mm < BACKWARDS_MM:
        lengths[1] = at_mm + elsewhere.way_mm + state.at_mm
    if back is not None:
        lengths[2] = length_of(network, state.edge) - state.at_mm + back.way_mm + at_mm
    if lengths[2] < min(lengths[:2]):
        return None
    if elsewhere is not None and lengths[1] < lengths[0]:
        return [*_whole(network, elsewhere), (state.edge, 0, state.at_mm)]
    if on is None:
        unseen_mm = UNSEEN_MM + UNSEEN_MMPS * column.spent_us // 1_000_000
        on = ways_from(network, edge, unseen_mm).get(state.edge)
    return [] if on is None else [(edge, at_mm, length_mm), *_whole(network, on), (state.edge, 0, state.at_mm)]


def _whole(network: Network, way: Way) -> list[tuple[int, int, int]]:
    return [(over, 0, length_of(network, over)) for over in way.over]


def _stretch(network: Network, match: int, edge: int, from_mm: int, to_mm: int) -> Stretch:
    if edge & 1:
        length_mm = length_of(network, edge)
        return Stretch(match, edge >> 1, -1, length_mm - from_mm, length_mm - to_mm)
    return Stretch(match, edge >> 1, 1, from_mm, to_mm)


def _last_within(fixes: Sequence[Pending], columns: Sequence[Column], at: int, lag_us: int | None) -> int:
    """The last fix of the track that an answer may look at."""
    last = at
    while last + 1 < len(fixes) and not columns[last + 1].opens:
        if lag_us is not None and fixes[last + 1].observed_us > fixes[at].observed_us + lag_us:
            break
        if lag_us is not None and last - at >= AHEAD_MAX:
            break
        last += 1
    return last


def _traced(columns: Sequence[Column], at: int, last: int) -> int:
    """The cheapest way to the last fix, back to this one."""
    state = columns[last].best
    for column in columns[last:at:-1]:
        state = column.states[state].ways[0][1]
    return state


def _margin(columns: Sequence[Column], at: int, last: int, settled: int) -> int:
    """How much dearer the cheapest way is that leaves the segment out, from the fix before on.

    Only the two best ways into each state are known. What is the same in all states will not change any more.
    """
    row = columns[at].states[settled].edge >> 1
    last = min(last, at + DOUBT_AHEAD_MAX)
    before = [] if columns[at].opens else [state.edge >> 1 for state in columns[at - 1].states]
    doubt = {}
    for number, state in enumerate(columns[at].states):
        over = [cost for cost, via in _known(state) if not before or before[via] != row]
        if over and state.edge >> 1 != row:
            doubt[number] = min(over)
    while at < last and not _is_even(columns[at], doubt):
        carried, at = _carried_on(columns[at], columns[at + 1], doubt), at + 1
        doubt = {number: cost for number, cost in carried.items() if columns[at].states[number].edge >> 1 != row}
    least = min(state.cost for state in columns[at].states)
    return max(min(min(doubt.values(), default=MARGIN_MAX) - least, MARGIN_MAX), 0)


def _known(state: State) -> list[tuple[int, int]]:
    """The ways into a state that are not too far behind to be remembered."""
    return [(cost, via) for cost, via in state.ways if cost - state.cost < BEHIND_MAX]


def _is_even(column: Column, doubt: Mapping[int, int]) -> bool:
    costs = [state.cost for state in column.states]
    return len(doubt) == len(costs) and len({doubt[number] - cost for number, cost in enumerate(costs)}) == 1
