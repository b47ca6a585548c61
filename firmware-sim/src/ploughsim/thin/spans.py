"""A set of whole numbers kept as few half-open spans, in order: what a tracker still has to send."""

from bisect import bisect_left, bisect_right


class Spans:
    def __init__(self) -> None:
        # Neither overlapping nor touching, so that starts and stops both ascend.
        self._starts: list[int] = []
        self._stops: list[int] = []

    def __bool__(self) -> bool:
        return bool(self._starts)

    def first(self) -> tuple[int, int]:
        return self._starts[0], self._stops[0]

    def add(self, start: int, stop: int) -> None:
        if start >= stop:
            return
        low, high = bisect_left(self._stops, start), bisect_right(self._starts, stop)
        if low < high:
            start, stop = min(start, self._starts[low]), max(stop, self._stops[high - 1])
        self._starts[low:high] = [start]
        self._stops[low:high] = [stop]

    def drop_below(self, number: int) -> None:
        gone = bisect_right(self._stops, number)
        del self._starts[:gone], self._stops[:gone]
        if self._starts:
            self._starts[0] = max(self._starts[0], number)

    def clear(self) -> None:
        self._starts.clear()
        self._stops.clear()
