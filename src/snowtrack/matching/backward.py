"""Back through a track: which of its states a fix is settled on, and by how much.

A fix is settled on the state that lies on the cheapest way to the last fix within its lag, and on nothing that comes
later. How sure that is says the cheapest way that leaves its segment out: of the ways into each state the two best are
known.
"""

from typing import NamedTuple

from snowtrack.compiled import Array, compiled, part

BIG = 1 << 40
STATES_MAX = 33
# So many fixes a settled answer looks ahead at most, and so many its margin.
AHEAD_MAX = 1_000
DOUBT_AHEAD_MAX = 64
MARGIN_MAX = 60_000
BEHIND_MAX = 32_767
NO_LAG = -1


class Column(NamedTuple):
    """What is asked: fixes with their columns and states, as `forward` made them."""

    fixes: Array
    columns: Array
    starts: Array
    states: Array


class Answer(NamedTuple):
    """By fix: the state it is settled on, and by how many thousandths of a nat."""

    state: Array
    margin: Array


@compiled
def settle(spans: Array, lag_us: int, asked: Column, traced: Array, doubt: Array, answer: Answer) -> None:
    """Settle the fixes of each span.

    A span is (first to settle, after the last to settle, after the last fix). `traced` is room for a state per fix,
    `doubt` for two columns. `NO_LAG` looks ahead to the end of the track.
    """
    for span in range(len(spans)):
        first, until, after = spans[span]
        last = traced_to = -1
        for fix in range(first, until):
            last = _last_within(asked, fix, max(last, fix), after, lag_us)
            if last != traced_to:
                _trace(asked, fix, last, traced)
                traced_to = last
            answer.state[fix] = traced[fix]
            answer.margin[fix] = _margin(asked, fix, last, traced, doubt)


@part
def _last_within(asked: Column, fix: int, last: int, after: int, lag_us: int) -> int:
    """The last fix of the same track that the answer may look at."""
    fixes = asked.fixes
    while last + 1 < after and not asked.columns[last + 1].opens:
        beyond = lag_us != NO_LAG and fixes[last + 1].observed_us > fixes[fix].observed_us + lag_us
        if beyond or (lag_us != NO_LAG and last - fix >= AHEAD_MAX):
            break
        last += 1
    return last


@part
def _trace(asked: Column, fix: int, last: int, traced: Array) -> None:
    """The cheapest way to the last fix, back to this one; of equals the first."""
    state = asked.starts[last]
    for other in range(asked.starts[last], asked.starts[last + 1]):
        if asked.states[other].cost < asked.states[state].cost:
            state = other
    traced[last] = state
    for at in range(last, fix, -1):
        state = asked.starts[at - 1] + asked.states[state].back
        traced[at - 1] = state


@part
def _margin(asked: Column, fix: int, last: int, traced: Array, doubt: Array) -> int:
    """How much dearer the cheapest way is that leaves the segment out, seen from the fix before on."""
    starts, states = asked.starts, asked.states
    row = states[traced[fix]].edge >> 1
    for state in range(starts[fix], starts[fix + 1]):
        doubt[0, state - starts[fix]] = BIG if states[state].edge >> 1 == row else _first_doubt(asked, fix, state, row)
    at = fix
    while at < last and at - fix < DOUBT_AHEAD_MAX and not _is_even(asked, at, doubt):
        _doubt_on(asked, at, row, doubt)
        at += 1
    cheapest, best = BIG, BIG
    for state in range(starts[at], starts[at + 1]):
        cheapest = min(cheapest, doubt[0, state - starts[at]])
        best = min(best, states[state].cost)
    return max(min(cheapest - best, MARGIN_MAX), 0)


@part
def _first_doubt(asked: Column, fix: int, state: int, row: int) -> int:
    """What it costs to be in a state without coming from the segment."""
    starts, one = asked.starts, asked.states[state]
    if asked.columns[fix].opens or asked.states[starts[fix - 1] + one.back].edge >> 1 != row:
        return int(one.cost)
    known = one.second >= 0 and one.behind < BEHIND_MAX
    if known and asked.states[starts[fix - 1] + one.second].edge >> 1 != row:
        return int(one.cost + one.behind)
    return BIG


@part
def _is_even(asked: Column, at: int, doubt: Array) -> bool:
    """Whether the doubt is the same in all states: then what comes later adds nothing to it."""
    start = asked.starts[at]
    for state in range(start, asked.starts[at + 1]):
        if doubt[0, state - start] - doubt[0, 0] != asked.states[state].cost - asked.states[start].cost:
            return False
    return True


@part
def _doubt_on(asked: Column, at: int, row: int, doubt: Array) -> None:
    """From the states of one fix to those of the next: the cheaper of the two best ways into each, but for those on
    the segment."""
    starts, states = asked.starts, asked.states
    for state in range(starts[at + 1], starts[at + 2]):
        one, doubted = states[state], BIG
        if one.edge >> 1 != row:
            if doubt[0, one.back] < BIG:
                doubted = doubt[0, one.back] + one.cost - states[starts[at] + one.back].cost
            if one.second >= 0 and one.behind < BEHIND_MAX and doubt[0, one.second] < BIG:
                way = one.cost + one.behind - states[starts[at] + one.second].cost
                doubted = min(doubted, doubt[0, one.second] + way)
        doubt[1, state - starts[at + 1]] = doubted
    for place in range(starts[at + 2] - starts[at + 1]):
        doubt[0, place] = doubt[1, place]
