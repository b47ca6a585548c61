"""Fixes of one instant: the halves of an epoch that was sent in two parts become one again.

Halves are made of different sentences, belong to one boot as far as they say, and do not contradict each other about
the position; which of them came first does not matter. Whatever else shares an instant stays as it is.
"""

from collections.abc import Iterable
from typing import NamedTuple

from snowtrack.model.columns import ABSENT_8, ABSENT_16, ABSENT_32, ABSENT_64
from snowtrack.model.fixes import Source
from snowtrack.model.tracks import ObservedBatch
from tests.oracles.batches import batch_of

# Receivers write positions to at least a hundredth of a minute.
SAME_PLACE_E7 = 2_000


class Pending(NamedTuple):
    """A row of an `ObservedBatch`, ordered by its first four fields."""

    observed_us: int
    boot: int
    seq: int
    digest: int
    device: int
    received_us: int
    lat_e7: int
    lon_e7: int
    speed_mmps: int
    course_cdeg: int
    blade: int
    trust: int
    sources: int
    hdop_centi: int
    quality: int
    spreading: int = ABSENT_8
    spread_dgpm: int = ABSENT_16
    pto: int = ABSENT_8


def pending(fixes: ObservedBatch) -> list[Pending]:
    """The rows of a batch."""
    names = list(ObservedBatch.dtypes())
    return [Pending(**dict(zip(names, row, strict=True))) for row in fixes.rows()]


def observed(fixes: Iterable[Pending]) -> ObservedBatch:
    """And back."""
    return batch_of(ObservedBatch, *(fix._asdict() for fix in fixes))


def join_halves(fixes: Iterable[Pending]) -> list[Pending]:
    """Fixes in observed order, with halves joined; the order stays."""
    joined: list[Pending] = []
    for fix in fixes:
        at = len(joined) - 1
        while at >= 0 and joined[at].observed_us == fix.observed_us and not are_halves(joined[at], fix):
            at -= 1
        if at >= 0 and joined[at].observed_us == fix.observed_us:
            joined[at] = _join(joined[at], fix)
        else:
            joined.append(fix)
    return joined


def are_halves(one: Pending, other: Pending) -> bool:
    """Whether two fixes of one instant may be parts of one epoch; those of one number are."""
    if ABSENT_64 not in (one.boot, other.boot):
        return (one.boot, one.seq) == (other.boot, other.seq) and same_place(one, other)
    return not one.sources & other.sources and same_place(one, other)


def same_place(one: Pending, other: Pending) -> bool:
    return max(abs(one.lat_e7 - other.lat_e7), abs(one.lon_e7 - other.lon_e7)) <= SAME_PLACE_E7


def _join(one: Pending, other: Pending) -> Pending:
    """Of each value the statement of the sentence that is believed first."""
    first, second = sorted((one, other), key=lambda fix: fix.sources & -fix.sources)
    moving, other_moving = (second, first) if second.sources & Source.RMC else (first, second)
    return Pending(
        observed_us=one.observed_us,
        boot=max(one.boot, other.boot),
        seq=max(one.seq, other.seq),
        digest=first.digest,
        device=one.device,
        received_us=min(one.received_us, other.received_us),
        lat_e7=first.lat_e7,
        lon_e7=first.lon_e7,
        speed_mmps=_first_present(moving.speed_mmps, other_moving.speed_mmps, ABSENT_32),
        course_cdeg=_first_present(moving.course_cdeg, other_moving.course_cdeg, ABSENT_32),
        blade=_first_present(first.blade, second.blade, ABSENT_8),
        spreading=_first_present(first.spreading, second.spreading, ABSENT_8),
        spread_dgpm=_first_present(first.spread_dgpm, second.spread_dgpm, ABSENT_32),
        pto=_first_present(first.pto, second.pto, ABSENT_8),
        trust=max(one.trust, other.trust),
        sources=one.sources | other.sources,
        hdop_centi=_first_present(first.hdop_centi, second.hdop_centi, ABSENT_32),
        quality=_first_present(first.quality, second.quality, ABSENT_8),
    )


def _first_present(value: int, otherwise: int, absent: int) -> int:
    return otherwise if value == absent else value
