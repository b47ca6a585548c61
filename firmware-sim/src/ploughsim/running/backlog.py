"""What one unit has to send later: messages that wait in the spool, and when its uplink is free for the next."""

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from ploughsim.running.spool import Place, Spool
from ploughsim.tracker.compression import compress
from ploughsim.tracker.settings import TrackerSettings

# Longer than any night in messages of one epoch.
_MESSAGES_MAX = 1 << 22


class Epochs(NamedTuple):
    """Epochs of one boot that follow each other, as text."""

    boot: int
    seq: int
    epochs: int
    text: bytes


class _Waiting(NamedTuple):
    boot: int
    seq: int
    place: Place


class Backlog:
    """Epochs are added and messages sent at ascending times."""

    def __init__(self, spool: Spool, settings: TrackerSettings, *, uplink_kbps: float) -> None:
        self._spool, self._settings = spool, settings
        self._ms_per_byte = 8 / uplink_kbps
        self._waiting: deque[_Waiting] = deque(maxlen=_MESSAGES_MAX)
        self._open: list[Epochs] = []
        self._free_ms = 0.0
        self._newest = False

    def __bool__(self) -> bool:
        return bool(self._waiting or self._open)

    @property
    def oldest(self) -> tuple[int, int] | None:
        """Boot and seq of the oldest epoch that waits."""
        first = self._waiting[0] if self._waiting else self._open[0] if self._open else None
        return (first.boot, first.seq) if first else None

    def add(self, epochs: Epochs, until_ms: float) -> None:
        """There was no network for these, and the tracker cannot call before `until_ms`."""
        self._free_ms = max(self._free_ms, until_ms)
        self._open.append(epochs)
        if sum(one.epochs for one in self._open) >= self._settings.log_epochs:
            self._close()

    def add_lost(self, epochs: Epochs, again_ms: float) -> None:
        """They were sent, and the tracker finds out at `again_ms` that it has to send them again."""
        self._waiting.appendleft(self._kept([epochs]))
        self._free_ms = max(self._free_ms, again_ms)

    def sent_by(self, time_ms: float) -> Iterator[tuple[float, bytes]]:
        """What the uplink carries until then, and when it is through."""
        self._close()
        while self._waiting and self._free_ms < time_ms:
            payload = self._spool.get(self._next().place)
            self._free_ms += len(payload) * self._ms_per_byte
            yield self._free_ms, payload

    def _next(self) -> _Waiting:
        order = self._settings.log_order
        self._newest = order == "newest" or (order == "interleaved" and not self._newest)
        return self._waiting.pop() if self._newest else self._waiting.popleft()

    def _close(self) -> None:
        if self._open:
            self._waiting.append(self._kept(self._open))
            self._open = []

    def _kept(self, epochs: list[Epochs]) -> _Waiting:
        payload = compress(b"".join(one.text for one in epochs), self._settings.compression)
        return _Waiting(epochs[0].boot, epochs[0].seq, self._spool.put(payload))
