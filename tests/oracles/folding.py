"""The fold, millimetre by millimetre: what each fact means, said without any cleverness."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from snowtrack.model.columns import ABSENT_8, ABSENT_32, ABSENT_64
from snowtrack.model.intervals import Intervals, union
from snowtrack.model.work import Work

PassRow = tuple[int, ...]
"""A row of a `PassBatch`."""
DEVICE, SEGMENT, DIRECTION, FROM, TO, STARTED, ENDED, WORK, EVIDENCE, CONFIDENCE, MATERIAL = range(11)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A segment, as the fold sees it."""

    length_mm: int
    both_ways: bool = False
    needed: int = 1
    done_permille: int = 900


@dataclass(frozen=True, slots=True)
class Folded:
    """A row of a `StateBatch`, and what is covered."""

    facts: tuple[int, ...]
    covered: Intervals


def fold_slowly(rows: Iterable[PassRow], ways: dict[int, Way]) -> list[Folded]:
    """The facts of all segments and directions that were worked."""
    known = [row for row in set(rows) if row[SEGMENT] in ways]
    groups = sorted({(row[SEGMENT], _direction(row, ways[row[SEGMENT]])) for row in known})
    return [
        _group(
            segment, direction, [row for row in known if _is_of(row, segment, direction, ways[segment])], ways[segment]
        )
        for segment, direction in groups
    ]


def _direction(row: PassRow, way: Way) -> int:
    return row[DIRECTION] if way.both_ways else 0


def _is_of(row: PassRow, segment: int, direction: int, way: Way) -> bool:
    return row[SEGMENT] == segment and _direction(row, way) == direction


def _group(segment: int, direction: int, own: Sequence[PassRow], way: Way) -> Folded:
    ploughed = [row for row in own if row[WORK] == Work.PLOUGHING]
    spread = [row for row in own if row[WORK] == Work.SPREADING]
    covered = _covered(ploughed, way)
    best = [max(row[CONFIDENCE] for row in ploughed if row[FROM] <= at < row[TO]) for at in covered]
    moments = {row[ENDED] for row in ploughed}
    done = [t for t in moments if _enough(_covered([row for row in ploughed if row[ENDED] <= t], way), way)]
    fresh = [t for t in moments if _enough(_covered([row for row in ploughed if row[ENDED] >= t], way), way)]
    last = max(ploughed, key=_order, default=None)
    over = [sum(row[FROM] <= at < row[TO] for row in ploughed) for at in range(way.length_mm)]
    facts = (
        segment,
        direction,
        way.length_mm,
        len(covered),
        max(over),
        min((row[STARTED] for row in ploughed), default=ABSENT_64),
        ABSENT_64 if last is None else last[ENDED],
        min(done, default=ABSENT_64),
        max(fresh, default=ABSENT_64),
        _evidence(ploughed, covered or [at for at, count in enumerate(over) if count], way),
        sum(best) // len(best) if best else 0,
        ABSENT_32 if last is None else last[DEVICE],
        max((row[ENDED] for row in spread), default=ABSENT_64),
        len(spread),
    )
    return Folded(facts, union((at, at + 1) for at in covered))


def _evidence(ploughed: Sequence[PassRow], places: Sequence[int], way: Way) -> int:
    """Weaker than this no more may be than may be left undone."""
    own = [min(row[EVIDENCE] for row in ploughed if row[FROM] <= at < row[TO]) for at in places]
    weaker = {one: sum(other > one for other in own) for one in own}
    spare = (1000 - way.done_permille) * len(own)
    return min((one for one in weaker if weaker[one] * 1000 <= spare), default=ABSENT_8)


def _covered(ploughed: Sequence[PassRow], way: Way) -> list[int]:
    """The millimetres with the needed number of passes."""
    over = [sum(row[FROM] <= at < row[TO] for row in ploughed) for at in range(way.length_mm)]
    return [at for at, count in enumerate(over) if count >= way.needed]


def _enough(covered: Sequence[int], way: Way) -> bool:
    return len(covered) * 1000 >= way.done_permille * way.length_mm


def _order(row: PassRow) -> tuple[int, ...]:
    return row[ENDED], row[STARTED], row[DEVICE]
