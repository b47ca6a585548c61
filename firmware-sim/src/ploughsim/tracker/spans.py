"""A set of epochs kept as few half-open spans of names, in order: what a tracker still has to send.

It has a bound: when there are too many spans, the oldest two become one, and what lay between them is in it as well. An
epoch that is sent for nothing does no harm.
"""

from bisect import bisect_left, bisect_right

from ploughsim.tracker.ring import Name

SPANS_MAX = 32


class Spans:
    def __init__(self) -> None:
        # Neither overlapping nor touching, so that starts and stops both ascend.
        self._starts: list[Name] = []
        self._stops: list[Name] = []

    def __len__(self) -> int:
        return len(self._starts)

    def first(self) -> tuple[Name, Name]:
        return self._starts[0], self._stops[0]

    def last(self) -> tuple[Name, Name]:
        return self._starts[-1], self._stops[-1]

    def add(self, start: Name, stop: Name) -> None:
        if start >= stop:
            return
        low, high = bisect_left(self._stops, start), bisect_right(self._starts, stop)
        if low < high:
            start, stop = min(start, self._starts[low]), max(stop, self._stops[high - 1])
        self._starts[low:high] = [start]
        self._stops[low:high] = [stop]
        if len(self) > SPANS_MAX:
            del self._starts[1], self._stops[0]

    def drop_below(self, name: Name) -> None:
        gone = bisect_right(self._stops, name)
        del self._starts[:gone], self._stops[:gone]
        if self._starts:
            self._starts[0] = max(self._starts[0], name)

    def drop_from(self, name: Name) -> None:
        left = bisect_left(self._starts, name)
        del self._starts[left:], self._stops[left:]
        if self._stops:
            self._stops[-1] = min(self._stops[-1], name)

    def clear(self) -> None:
        self._starts.clear()
        self._stops.clear()
