"""Half-open integer intervals [start, to): sequence numbers, millimetres, microseconds."""

from collections.abc import Iterable

Interval = tuple[int, int]
Intervals = tuple[Interval, ...]


def union(intervals: Iterable[Interval]) -> Intervals:
    """Disjoint intervals in order; touching ones are joined, empty ones dropped."""
    joined: list[Interval] = []
    for start, to in sorted(interval for interval in intervals if interval[0] < interval[1]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], to))
        else:
            joined.append((start, to))
    return tuple(joined)


def total(intervals: Intervals) -> int:
    """Length of disjoint intervals."""
    return sum(to - start for start, to in intervals)
