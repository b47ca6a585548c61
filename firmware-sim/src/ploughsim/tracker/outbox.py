"""The outbox: which epochs to send now, on which topic, and when again (docs/device-protocol.md).

Every epoch is in the ring before it is here. While connected, one that is held is in one of three places: it waits to
go out live, it is to be sent on `log`, or it is in flight until `durable` covers it. Everything has a bound.
"""

from bisect import insort
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from math import inf

from ploughsim.tracker.backoff import Backoff
from ploughsim.tracker.compression import compress
from ploughsim.tracker.messages import Lane, Outgoing, Window
from ploughsim.tracker.ring import Name, Ring
from ploughsim.tracker.settings import TrackerSettings
from ploughsim.tracker.spans import Spans
from ploughsim.tracker.wording import Epoch, in_words

LIVE_EPOCHS_MAX = 10
LIVE_BYTES_MAX = 4096
MESSAGE_BYTES_MAX = 4096
"""Of a payload on `log`, as sent."""
FLIGHTS_MAX = 64
# So many messages on `log` may wait for their confirmation: with an engine that is away no more is sent in vain.
_LOG_FLIGHTS_MAX = 8
_CONFIRM_WITHIN_S = 30.0


class _From(Enum):
    """Which epochs went out: those just heard, or those at one end of the backlog."""

    LIVE = 0
    OLDEST = 1
    NEWEST = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flight:
    """Epochs that went out in one message, or in several."""

    origin: _From
    start: Name
    stop: Name
    sent_at: float


class Outbox:
    def __init__(self, ring: Ring, window: Window, settings: TrackerSettings, seed: int) -> None:
        self.settings = settings
        self._ring = ring
        self._window = window
        self._connected = False
        self._live: deque[Epoch] = deque(maxlen=LIVE_EPOCHS_MAX)
        self._live_bytes = 0
        self._live_since: float | None = None
        self._unsent = Spans()
        self._flights: list[_Flight] = []
        self._log_from = -inf
        self._trying_again = False
        self._newest_next = False
        self._backoff = Backoff(seed)

    @property
    def flights(self) -> int:
        return len(self._flights)

    @property
    def live_bytes(self) -> int:
        return self._live_bytes

    def take(self, epoch: Epoch) -> None:
        """A new epoch, which the ring has already. Where the link is too slow, the oldest waiting goes to `log`."""
        if not self._connected:
            return
        while self._live and (
            len(self._live) == LIVE_EPOCHS_MAX or self._live_bytes + len(epoch.payload) > LIVE_BYTES_MAX
        ):
            late = self._live.popleft()
            self._live_bytes -= len(late.payload)
            self._unsent.add(late.name, late.stop)
        self._live.append(epoch)
        self._live_bytes += len(epoch.payload)

    def connect(self) -> None:
        """What is held goes out on `log`, whatever was sent before."""
        self.disconnect()
        self._connected = True
        self._unsent.add(self._ring.oldest, self._ring.next)

    def disconnect(self) -> None:
        self._connected = False
        self._live.clear()
        self._live_bytes, self._live_since = 0, None
        self._unsent.clear()
        self._flights.clear()
        self._log_from, self._trying_again = -inf, False

    def confirmed(self) -> None:
        """The ring has freed something."""
        self._flights = [flight for flight in self._flights if self._ring.holds(flight.start, flight.stop)]
        self._backoff.succeeded()
        self._log_from, self._trying_again = -inf, False

    def next(self, now: float) -> Outgoing | None:
        """Live epochs first, then the backlog."""
        self._take_back_overdue(now)
        return self._next_live(now) or self._next_log(now)

    def due(self, now: float) -> float:
        """When `next` may have something, if nothing happens before."""
        due = inf
        if self._flights and self._flights[0].start < self._first_unsent():
            due = self._flights[0].sent_at + _CONFIRM_WITHIN_S
        if self._live and self._window.has_room(Lane.UP):
            due = min(due, self._live_due(now))
        if self._may_log():
            due = min(due, self._log_from)
        return max(due, now)

    def _live_due(self, now: float) -> float:
        if len(self._live) >= self.settings.epochs_per_message or self._live_bytes > LIVE_BYTES_MAX // 2:
            return now
        self._live_since = now if self._live_since is None else self._live_since
        return self._live_since + self.settings.message_wait_s

    def _next_live(self, now: float) -> Outgoing | None:
        if not self._live or not self._window.has_room(Lane.UP) or self._live_due(now) > now:
            return None
        epochs = list(self._live)
        self._live.clear()
        self._live_bytes, self._live_since = 0, None
        self._launch(_From.LIVE, epochs, now)
        return self._window.launch(Lane.UP, b"".join(epoch.payload for epoch in epochs), now)

    def _may_log(self) -> bool:
        if not self._unsent or not self._window.has_room(Lane.LOG):
            return False
        return sum(flight.origin is _From.OLDEST for flight in self._flights) < _LOG_FLIGHTS_MAX

    def _next_log(self, now: float) -> Outgoing | None:
        while self._may_log() and now >= self._log_from:
            order = self.settings.log_order
            newest = order == "newest" or (order == "interleaved" and self._newest_next)
            epochs, payload = self._of_the_backlog(newest=newest)
            if epochs:
                self._newest_next = not newest
                self._trying_again = False
                self._launch(_From.NEWEST if newest else _From.OLDEST, epochs, now)
                return self._window.launch(Lane.LOG, payload, now)
        return None

    def _of_the_backlog(self, *, newest: bool) -> tuple[Sequence[Epoch], bytes]:
        """The first or the last of what is to be sent, as much as fits into a message; nothing if it is gone."""
        start, stop = self._unsent.last() if newest else self._unsent.first()
        count = self.settings.log_epochs
        begin = self._ring.back_from(stop, start, count) if newest else start
        epochs = [epoch for found in self._ring.read(begin, stop, count) for epoch in in_words(found)]
        payload = self._packed(epochs)
        while len(payload) > MESSAGE_BYTES_MAX:
            fewer = min(len(epochs) - 1, len(epochs) * MESSAGE_BYTES_MAX // len(payload))
            epochs = epochs[-fewer:] if newest else epochs[:fewer]
            payload = self._packed(epochs)
        if newest:
            self._unsent.drop_from(epochs[0].name if epochs else start)
        else:
            self._unsent.drop_below(epochs[-1].stop if epochs else stop)
        return epochs, payload

    def _packed(self, epochs: Sequence[Epoch]) -> bytes:
        return compress(b"".join(epoch.payload for epoch in epochs), self.settings.compression)

    def _launch(self, origin: _From, epochs: Sequence[Epoch], now: float) -> None:
        """One flight is enough for all that nothing is known of before what is older has arrived."""
        start, stop = epochs[0].name, epochs[-1].stop
        crowded = origin is _From.LIVE and len(self._flights) >= FLIGHTS_MAX - _LOG_FLIGHTS_MAX - 1
        if origin is _From.NEWEST or crowded:
            other = next((flight for flight in reversed(self._flights) if flight.origin is origin), None)
            if other:
                self._flights.remove(other)
                start, stop = min(start, other.start), max(stop, other.stop)
        insort(self._flights, _Flight(origin=origin, start=start, stop=stop, sent_at=now), key=_start)

    def _first_unsent(self) -> Name:
        return self._unsent.first()[0] if self._unsent else self._ring.next

    def _take_back_overdue(self, now: float) -> None:
        """What `durable` should have covered by now is to be sent again.

        It cannot cover what is newer than an epoch that was not sent yet, or just now: so that is waited for from then.
        """
        if not self._flights or now < self._flights[0].sent_at + _CONFIRM_WITHIN_S:
            return
        sent_at, first_unsent = -inf, self._first_unsent()
        while self._flights and self._flights[0].start < first_unsent:
            sent_at = max(sent_at, self._flights[0].sent_at)
            if now < sent_at + _CONFIRM_WITHIN_S:
                return
            flight = self._flights.pop(0)
            self._unsent.add(flight.start, flight.stop)
            if not self._trying_again:
                self._trying_again = True
                self._log_from = now + self._backoff.wait_s()


def _start(flight: _Flight) -> Name:
    return flight.start
