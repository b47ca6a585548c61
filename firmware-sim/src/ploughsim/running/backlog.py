"""What one unit has to send later: messages that wait in the spool, and when its uplink is free for the next."""

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from ploughsim.running.spool import Place, Spool
from ploughsim.tracker.compression import compress
from ploughsim.tracker.outbox import MESSAGE_BYTES_MAX
from ploughsim.tracker.settings import TrackerSettings

# Longer than any night in messages of one epoch.
_MESSAGES_MAX = 1 << 22
# Packed, text is a fifth as long.
_PACKED = 5


class Epochs(NamedTuple):
    """Epochs of one boot that follow each other, as text."""

    boot: int
    seq: int
    epochs: int
    text: bytes


class Sent(NamedTuple):
    """A message on `log`, when it is through, and the first of its epochs."""

    through_ms: float
    boot: int
    seq: int
    payload: bytes


class _Waiting(NamedTuple):
    boot: int
    seq: int
    place: Place


class Backlog:
    """Epochs are added and messages sent at ascending times."""

    def __init__(self, spool: Spool, settings: TrackerSettings, *, uplink_kbps: float) -> None:
        self._spool, self._settings = spool, settings
        self._ms_per_byte = 8 / uplink_kbps
        self._text_bytes_max = MESSAGE_BYTES_MAX * (1 if settings.compression == "none" else _PACKED)
        self._waiting: deque[_Waiting] = deque(maxlen=_MESSAGES_MAX)
        self._open: list[Epochs] = []
        self._free_ms = 0.0
        self._newest = False

    @property
    def oldest(self) -> tuple[int, int] | None:
        """Boot and seq of the oldest epoch that waits."""
        firsts = [self._waiting[0][:2]] if self._waiting else []
        firsts += [self._open[0][:2]] if self._open else []
        return min(firsts, default=None)

    def add(self, epochs: Epochs, until_ms: float) -> None:
        """There was no network for these, and the tracker cannot call before `until_ms`."""
        self.hold(until_ms)
        if sum(len(one.text) for one in self._open) + len(epochs.text) > self._text_bytes_max:
            self._close()
        self._open.append(epochs)
        if sum(one.epochs for one in self._open) >= self._settings.log_epochs:
            self._close()

    def add_lost(self, epochs: Epochs, again_ms: float) -> None:
        """They were sent, and the tracker finds out at `again_ms` that it has to send them again."""
        self._close()
        lost = self._kept([epochs])
        place = len(self._waiting)
        while place and self._waiting[place - 1][:2] > lost[:2]:
            place -= 1
        self._waiting.insert(place, lost)
        self.hold(again_ms)

    def hold(self, until_ms: float) -> None:
        """Nothing can be sent before."""
        self._free_ms = max(self._free_ms, until_ms)

    def sent_by(self, time_ms: float) -> Iterator[Sent]:
        """What the uplink carries until then."""
        self._close()
        while self._waiting and self._free_ms < time_ms:
            boot, seq, place = self._next()
            payload = self._spool.get(place)
            self._free_ms += len(payload) * self._ms_per_byte
            yield Sent(self._free_ms, boot, seq, payload)

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
