"""Forward through a track: for each fix the places where the machine may be, and what the cheapest way there costs.

A column of states per fix, Viterbi's way: each state knows the best state before it. All numbers are integers, and of
equal costs the earlier one stays, so that a column follows from the fixes before it and from nothing else.
"""

from math import cos, pi, sin, sqrt
from typing import NamedTuple

from numpy import rint

from snowtrack.compiled import Array, Record, compiled, part
from snowtrack.matching.costs import Costs
from snowtrack.model.columns import ABSENT_32

OFF = -1
BIG = 1 << 40
# Two for each place, and one for being off the road.
STATES_MAX = 33
# What is known of a candidate: rows of one small table.
EDGE, AT, OWN, COST, BACK, SECOND, SECOND_BACK, STEP = range(8)
SLOTS = 128

RAD_PER_CDEG = pi / 18_000
# Noise of no consequence (`motion`).
NOISE_MM = 300
RESIDUAL_MM_MAX = 32_000
MOVING_MMPS = 2_000
PHASE_SOLVED = (4, 5)
BEHIND_MAX = 32_767
BACKWARDS_MM = 50_000


class Road(NamedTuple):
    """The network by row, and the tables of `network.reach` by directed segment."""

    length_mm: Array
    oneway: Array
    kind: Array
    table_of: Array
    table_starts: Array
    entries: Array


class Near(NamedTuple):
    """The columns of `network.places`, by point."""

    offsets: Array
    row: Array
    along_mm: Array
    distance_mm: Array
    east: Array
    north: Array


class Far(NamedTuple):
    """Ways longer than the tables reach: those of point i begin at `begins[i]`, -1 where the tables do."""

    begins: Array
    ways: Array


class Made(NamedTuple):
    """Columns by fix, where their states begin, all states, and the candidate that each of these was."""

    columns: Array
    starts: Array
    states: Array
    numbers: Array


class Step(NamedTuple):
    """From a fix to the next: how long it seems, what a millimetre too many costs (1,000 for each `way_mm`), how many
    too few are noise, and what it costs to change over to another segment and to turn."""

    moved_mm: int
    way_mm: int
    slack_mm: int
    enter: int
    turn: int


class Task(NamedTuple):
    """All that a step looks at. `point_of` says which point a fix is in `near` and `far`; `kind` of which roads the
    machine is, by point."""

    fixes: Array
    point_of: Array
    kind: Array
    road: Road
    near: Near
    far: Far
    made: Made
    candidates: Array
    slots: Array
    costs: Costs


@compiled
def forward(spans: Array, kept_states: Array, task: Task) -> int:
    """Make the states of each span, from the first fix whose are not kept; how many there are now.

    A span is (first fix, after the last, first to make, its first kept state).
    """
    made = task.made
    total = 0
    for span in range(len(spans)):
        first, after, make, state = spans[span]
        for fix in range(first, make):
            made.starts[fix] = total
            for number in range(made.columns[fix].states):
                made.states[total] = kept_states[state]
                made.numbers[total] = number
                total += 1
                state += 1
        for fix in range(make, after):
            made.starts[fix] = total
            total = _make(task, fix)
    made.starts[len(task.fixes)] = total
    return total


@part
def _make(task: Task, fix: int) -> int:
    """One column; the number of states after it."""
    starts, candidates = task.made.starts, task.candidates
    column = task.made.columns[fix]
    column.residual_mm = 0 if column.opens else task.made.columns[fix - 1].residual_mm
    moved_mm = int(rint(sqrt(float(column.moved_east_mm) ** 2 + float(column.moved_north_mm) ** 2)))
    moved_mm = 0 if column.stands else moved_mm
    count = _propose(task, fix, moved_mm)
    column.placed = count > 1
    if column.opens:
        _start(task, count)
    else:
        step = _step_of(task, fix, moved_mm)
        for at in range(count):
            _put(task.slots, candidates[EDGE, at], at)
        for state in range(starts[fix - 1], starts[fix]):
            _try_steps(task, fix, state, count, step)
            _take_steps(candidates, count, state - starts[fix - 1], int(task.made.states[state].cost))
        _try_jumps(task, fix, count)
        for at in range(count):
            _clear(task.slots, candidates[EDGE, at])
    return _keep(task, fix, count)


@part
def _propose(task: Task, fix: int, moved_mm: int) -> int:
    """Fill in the candidates of a fix with what each costs by itself; how many there are."""
    near, candidates, costs, point = task.near, task.candidates, task.costs, task.point_of[fix]
    column, told = task.made.columns[fix], task.fixes[fix]
    sigma_mm = _sigma(task, fix)
    noise_mm = _noise(column)
    weight = costs.weight_min + costs.weight_per_m * moved_mm // 1000
    weight = 1000 if column.opens else min(weight * 1000 // (1000 + costs.weight_per_noise * noise_mm // 1000), 1000)
    heading = told.course_cdeg != ABSENT_32 and told.speed_mmps >= MOVING_MMPS
    east, north = sin(told.course_cdeg * RAD_PER_CDEG), cos(told.course_cdeg * RAD_PER_CDEG)
    count = 0
    for place in range(near.offsets[point], near.offsets[point + 1]):
        row = near.row[place]
        error = near.distance_mm[place] * 1000 // sigma_mm
        half = error * error // 2000 if error <= costs.tail else costs.tail * (2 * error - costs.tail) // 2000
        own = half * weight // 1000 + (costs.other_kind if task.road.kind[row] != task.kind[point] else 0)
        along = near.east[place] * east + near.north[place] * north if heading else 1000.0
        for against in range(2):
            turned = 1000 - along if against == 0 else 1000 + along
            candidates[EDGE, count] = 2 * row + against
            candidates[AT, count] = abs(against * task.road.length_mm[row] - near.along_mm[place])
            candidates[OWN, count] = own + (int(rint(costs.course * turned / 2000)) if heading else 0)
            count += 1
    candidates[EDGE, count], candidates[AT, count] = OFF, 0
    candidates[OWN, count] = costs.off_road * weight // 1000
    for at in range(count + 1):
        candidates[COST, at], candidates[BACK, at] = BIG, OFF
        candidates[SECOND, at], candidates[SECOND_BACK, at] = BIG, OFF
    return count + 1


@part
def _noise(column: Record) -> int:
    """Noise beyond what every receiver has."""
    return max(int(column.noise_mm) - NOISE_MM, 0)


@part
def _sigma(task: Task, fix: int) -> int:
    """By the residual of late; larger by dilution above 1, smaller where the receiver solves its carrier's phase."""
    told = task.fixes[fix]
    sigma_mm = task.costs.sigma_mm
    over_mm = max(int(task.made.columns[fix].residual_mm) - task.costs.sigma_mm // 2, 0)
    sigma_mm += task.costs.sigma_per_residual * over_mm // 1000
    if told.hdop_centi != ABSENT_32:
        sigma_mm = sigma_mm * min(max(told.hdop_centi, 100), 1000) // 100
    if told.quality in PHASE_SOLVED:
        sigma_mm = sigma_mm // 2
    return sigma_mm


@part
def _start(task: Task, count: int) -> None:
    """A track may begin anywhere."""
    candidates, costs = task.candidates, task.costs
    for at in range(count):
        edge = candidates[EDGE, at]
        unlikely = 0
        if edge == OFF:
            unlikely = costs.start_off_road
        elif _against(task, edge):
            unlikely = costs.against
        candidates[COST, at] = candidates[OWN, at] + unlikely


@part
def _against(task: Task, edge: int) -> bool:
    return bool(task.road.oneway[edge >> 1] == (1 if edge & 1 else -1))


@part
def _step_of(task: Task, fix: int, moved_mm: int) -> Step:
    """In noise the way may differ more from what it seems, and what looks like a change is less likely one."""
    costs = task.costs
    noise_mm = _noise(task.made.columns[fix])
    spent_s = (task.fixes[fix].observed_us - task.fixes[fix - 1].observed_us) // 1_000_000
    way_mm = costs.way_mm + costs.way_per_s * max(spent_s - 1, 0)
    enter = costs.enter + (costs.stand if task.made.columns[fix].stands else 0)
    return Step(
        moved_mm,
        way_mm + (costs.way_per_m * moved_mm + costs.way_per_noise * noise_mm) // 1000,
        costs.slack_per_noise * noise_mm // 1000,
        enter + costs.enter_per_noise * noise_mm // 1000,
        costs.turn + costs.turn_per_noise * noise_mm // 1000,
    )


@part
def _way(step: Step, driven_mm: int) -> int:
    """What it costs that the way driven is not as long as the step."""
    off_mm = max(step.moved_mm - step.slack_mm - driven_mm, driven_mm - step.moved_mm, 0)
    return off_mm * 1000 // step.way_mm


@part
def _try_steps(task: Task, fix: int, state: int, count: int, step: Step) -> None:
    """What the step from one state to each candidate costs, into `STEP`; BIG where there is no way."""
    candidates, costs = task.candidates, task.costs
    edge, at_mm = task.made.states[state].edge, task.made.states[state].at_mm
    if edge == OFF:
        for at in range(count - 1):
            candidates[STEP, at] = costs.join
        candidates[STEP, count - 1] = costs.off_road_per_m * step.moved_mm // 1000
        return
    for at in range(count - 1):
        candidates[STEP, at] = BIG
    candidates[STEP, count - 1] = costs.leave
    same = _find(task.slots, edge)
    if same >= 0:
        candidates[STEP, same] = _way(step, candidates[AT, same] - at_mm)
    back = _find(task.slots, edge ^ 1)
    if back >= 0:
        turned_mm = abs(candidates[AT, back] + at_mm - task.road.length_mm[edge >> 1])
        against = costs.against if _against(task, edge ^ 1) else 0
        candidates[STEP, back] = step.turn + against + _way(step, turned_mm)
    if task.far.begins[task.point_of[fix]] >= 0:
        _go_far(task, fix, state, count, step)
    else:
        _go_on(task, edge, at_mm, step)
        _go_back(task, edge, at_mm, step)


@part
def _go_on(task: Task, edge: int, at_mm: int, step: Step) -> None:
    """To other segments, as the table of this one says."""
    candidates, costs, entries = task.candidates, task.costs, task.road.entries
    rest_mm, table = task.road.length_mm[edge >> 1] - at_mm, task.road.table_of[edge]
    for entry in range(task.road.table_starts[table], task.road.table_starts[table + 1]):
        at = _find(task.slots, entries[entry, 0])
        if at >= 0 and entries[entry, 0] >> 1 != edge >> 1:
            driven_mm = rest_mm + entries[entry, 1] + candidates[AT, at]
            detour = entries[entry, 2] * costs.detour_per_m // 1000
            candidates[STEP, at] = _way(step, driven_mm) + detour + step.enter


@part
def _go_back(task: Task, edge: int, at_mm: int, step: Step) -> None:
    """Noise may put a machine back over a junction: the way back is the way on from where it came. And it may put it a
    little onto a road that it did not take: from the junction it goes on elsewhere."""
    candidates, costs, entries = task.candidates, task.costs, task.road.entries
    table = task.road.table_of[edge ^ 1]
    for entry in range(task.road.table_starts[table], task.road.table_starts[table + 1]):
        other = entries[entry, 0]
        if other >> 1 == edge >> 1:
            continue
        back = _find(task.slots, other ^ 1)
        back_mm = at_mm + entries[entry, 1] + task.road.length_mm[other >> 1]
        if back >= 0 and back_mm - candidates[AT, back] < BACKWARDS_MM:
            cost = _way(step, candidates[AT, back] - back_mm) + step.enter
            candidates[STEP, back] = min(candidates[STEP, back], cost)
        elsewhere = _find(task.slots, other)
        if elsewhere >= 0 and at_mm < BACKWARDS_MM:
            detour = entries[entry, 2] * costs.detour_per_m // 1000
            cost = _way(step, entries[entry, 1] + candidates[AT, elsewhere]) + at_mm * 1000 // step.way_mm
            candidates[STEP, elsewhere] = min(candidates[STEP, elsewhere], cost + detour + step.enter)


@part
def _go_far(task: Task, fix: int, state: int, count: int, step: Step) -> None:
    """To other segments, by ways that were searched for this fix."""
    candidates, costs, ways = task.candidates, task.costs, task.far.ways
    edge, at_mm = task.made.states[state].edge, task.made.states[state].at_mm
    rest_mm = task.road.length_mm[edge >> 1] - at_mm
    first = task.far.begins[task.point_of[fix]] + task.made.numbers[state] * (count - 1)
    for at in range(count - 1):
        if ways[first + at, 0] >= 0 and candidates[EDGE, at] >> 1 != edge >> 1:
            driven_mm = rest_mm + ways[first + at, 0] + candidates[AT, at]
            detour = ways[first + at, 1] * costs.detour_per_m // 1000
            candidates[STEP, at] = _way(step, driven_mm) + detour + step.enter


@part
def _take_steps(candidates: Array, count: int, back: int, cost: int) -> None:
    """Compare the ways over one state with the best two so far."""
    for at in range(count):
        whole = cost + candidates[STEP, at]
        if whole < candidates[COST, at]:
            candidates[SECOND, at], candidates[SECOND_BACK, at] = candidates[COST, at], candidates[BACK, at]
            candidates[COST, at], candidates[BACK, at] = whole, back
        elif whole < candidates[SECOND, at]:
            candidates[SECOND, at], candidates[SECOND_BACK, at] = whole, back


@part
def _try_jumps(task: Task, fix: int, count: int) -> None:
    """Without a way, from the best state; then add what each candidate costs by itself."""
    starts, states, candidates = task.made.starts, task.made.states, task.candidates
    best = starts[fix - 1]
    for state in range(starts[fix - 1], starts[fix]):
        if states[state].cost < states[best].cost:
            best = state
    for at in range(count):
        candidates[STEP, at] = task.costs.jump
    _take_steps(candidates, count, best - starts[fix - 1], int(states[best].cost))
    for at in range(count):
        candidates[COST, at] += candidates[OWN, at]
        candidates[SECOND, at] += candidates[OWN, at]


@part
def _keep(task: Task, fix: int, count: int) -> int:
    """Write the candidates that are not far behind the best one as states of the fix; the number of all states."""
    made, candidates = task.made, task.candidates
    best = 0
    for at in range(1, count):
        if candidates[COST, at] < candidates[COST, best]:
            best = at
    total = int(made.starts[fix])
    for at in range(count):
        cost = candidates[COST, at] - candidates[COST, best]
        if cost <= task.costs.beam:
            made.states[total].edge, made.states[total].at_mm = candidates[EDGE, at], candidates[AT, at]
            made.states[total].cost = cost
            made.states[total].behind = min(candidates[SECOND, at] - candidates[COST, at], BEHIND_MAX)
            made.states[total].back = candidates[BACK, at]
            made.states[total].second = candidates[SECOND_BACK, at]
            made.numbers[total] = at
            total += 1
    made.columns[fix].states = total - made.starts[fix]
    if candidates[EDGE, best] != OFF:
        distance_mm = task.near.distance_mm[task.near.offsets[task.point_of[fix]] + best // 2]
        residual_mm = int(made.columns[fix].residual_mm)
        made.columns[fix].residual_mm = (31 * residual_mm + min(distance_mm, RESIDUAL_MM_MAX)) // 32
    return total


@part
def _find(slots: Array, edge: int) -> int:
    """Which candidate an edge is; -1 for none."""
    slot = edge & (SLOTS - 1)
    while slots[slot, 1] >= 0 and slots[slot, 0] != edge:
        slot = (slot + 1) & (SLOTS - 1)
    return int(slots[slot, 1])


@part
def _put(slots: Array, edge: int, at: int) -> None:
    slot = edge & (SLOTS - 1)
    while slots[slot, 1] >= 0:
        slot = (slot + 1) & (SLOTS - 1)
    slots[slot, 0], slots[slot, 1] = edge, at


@part
def _clear(slots: Array, edge: int) -> None:
    """Empty the run of slots from where an edge would be: when all go, none is left behind."""
    slot = edge & (SLOTS - 1)
    while slots[slot, 1] >= 0:
        slots[slot, 1] = -1
        slot = (slot + 1) & (SLOTS - 1)
