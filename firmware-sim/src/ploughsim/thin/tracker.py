"""The tracker's rules for sending, confirming and sending again (docs/device-protocol.md), without network or clock.

`now` is any monotonic number of seconds. Every epoch is on flash before it is sent. While connected, a position of the
ring is in one of three places: waiting to go out live, to be sent on `log`, or in flight until `durable` covers it.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import orjson

from ploughsim.thin.ring import Epoch, Ring
from ploughsim.thin.sentences import blade_sentence
from ploughsim.thin.spans import Spans

FIRMWARE = "ploughsim-0.1.0"
OFFLINE = orjson.dumps({"state": "offline"})

LIVE_EPOCHS_MAX = 10
LOG_EPOCHS_MAX = 500
# So many epochs on `log` may wait for their confirmation; with an engine that is away no more is sent in vain.
_LOG_WINDOW_EPOCHS = 4 * LOG_EPOCHS_MAX
_STATUS_EVERY_S = 60.0


class Lane(Enum):
    """The last part of the topic."""

    LIVE = "up"
    LOG = "log"
    STATUS = "status"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    lane: Lane
    payload: bytes

    @property
    def retained(self) -> bool:
        return self.lane is Lane.STATUS


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingRules:
    """A live message goes out when it is full, or when its oldest epoch has waited long enough."""

    epochs_per_message: int
    message_wait_s: float
    confirm_within_s: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flight:
    """Ring positions that went out in one message."""

    lane: Lane
    start: int
    stop: int
    sent_at: float


class Tracker:
    def __init__(self, ring: Ring, rules: SendingRules) -> None:
        self.ring = ring
        self.connected = False
        self._rules = rules
        self._live_start = ring.head
        self._live_since = 0.0
        self._unsent = Spans()
        self._flights: deque[_Flight] = deque()
        self._status_due = 0.0

    def record(self, fix: bytes, *, uptime_ms: int, blade_down: bool, now: float) -> None:
        """Writes one epoch to the ring and, while connected, lines it up to go out live."""
        ring = self.ring
        blade = "D" if blade_down else "U"
        if self._live_start == ring.head:
            self._live_since = now
        ring.append(blade_sentence(boot=ring.boot, seq=ring.next_seq, uptime_ms=uptime_ms, blade=blade) + fix)
        if not self.connected:
            self._live_start = ring.head
        elif ring.head - self._live_start > LIVE_EPOCHS_MAX:
            # The link is too slow to be live with these.
            self._unsent.add(self._live_start, ring.head - 1)
            self._live_start = ring.head - 1

    def connect(self, now: float) -> None:
        """What is held goes out on `log`, whatever was sent before."""
        self.connected = True
        self._flights.clear()
        self._unsent.clear()
        self._unsent.add(self.ring.first_held(0), self.ring.head)
        self._live_start = self.ring.head
        self._status_due = now

    def disconnect(self) -> None:
        self.connected = False

    def on_durable(self, payload: bytes) -> bool:
        """Frees what the engine has committed; says whether that was anything."""
        if not self.ring.free(self._marks(payload)):
            return False
        self._flights = deque(flight for flight in self._flights if self.ring.first_held(flight.start) < flight.stop)
        return True

    def next_message(self, now: float) -> Outgoing | None:
        """What to send now: the status first, then live epochs, then the backlog. Sent again if never confirmed."""
        if not self.connected:
            return None
        self._give_up_on_flights(now)
        if now >= self._status_due:
            self._status_due = now + _STATUS_EVERY_S
            return Outgoing(lane=Lane.STATUS, payload=self._status())
        return self._next_live(now) or self._next_log(now)

    def due_at(self, now: float) -> float:
        """When `next_message` may have something again, if neither an epoch nor a confirmation comes before."""
        due = [self._status_due]
        if self._live_start < self.ring.head:
            due.append(self._live_since + self._rules.message_wait_s)
        if self._flights:
            due.append(self._flights[0].sent_at + self._rules.confirm_within_s)
        return max(now, min(due))

    def _next_live(self, now: float) -> Outgoing | None:
        waiting = self.ring.head - self._live_start
        full = waiting >= self._rules.epochs_per_message
        if waiting == 0 or not (full or now >= self._live_since + self._rules.message_wait_s):
            return None
        epochs = self.ring.read(self._live_start, self.ring.head, LIVE_EPOCHS_MAX)
        self._live_start = self.ring.head
        return self._launch(Lane.LIVE, epochs, now) if epochs else None

    def _next_log(self, now: float) -> Outgoing | None:
        in_flight = sum(flight.stop - flight.start for flight in self._flights if flight.lane is Lane.LOG)
        while self._unsent and in_flight < _LOG_WINDOW_EPOCHS:
            start, stop = self._unsent.first()
            epochs = self.ring.read(start, stop, LOG_EPOCHS_MAX)
            self._unsent.drop_below(epochs[-1].position + 1 if epochs else stop)
            if epochs:
                return self._launch(Lane.LOG, epochs, now)
        return None

    def _launch(self, lane: Lane, epochs: Sequence[Epoch], now: float) -> Outgoing:
        start, stop = epochs[0].position, epochs[-1].position + 1
        self._flights.append(_Flight(lane=lane, start=start, stop=stop, sent_at=now))
        return Outgoing(lane=lane, payload=b"".join(epoch.payload for epoch in epochs))

    def _give_up_on_flights(self, now: float) -> None:
        while self._flights and now >= self._flights[0].sent_at + self._rules.confirm_within_s:
            flight = self._flights.popleft()
            self._unsent.add(self.ring.first_held(flight.start), flight.stop)

    def _status(self) -> bytes:
        boot, seq = self.ring.oldest
        oldest = {"boot": boot, "seq": seq}
        return orjson.dumps({"state": "online", "boot": self.ring.boot, "oldest": oldest, "firmware": FIRMWARE})

    def _marks(self, payload: bytes) -> dict[int, int]:
        """What a payload confirms; nothing of it when it is not a confirmation.

        A sequence number that was never used was confirmed to another tracker of the same name: it frees nothing here.
        """
        try:
            entries = orjson.loads(payload)
        except orjson.JSONDecodeError:
            return {}
        if not isinstance(entries, list) or not all(_is_mark(entry) for entry in entries):
            return {}
        marks = {entry["boot"]: entry["seq"] for entry in entries}
        if marks.get(self.ring.boot, 0) >= self.ring.next_seq:
            del marks[self.ring.boot]
        return marks


def _is_mark(entry: object) -> bool:
    return isinstance(entry, dict) and all(
        type(entry.get(key)) is int and 0 <= entry[key] < 1 << 32 for key in ("boot", "seq")
    )
