"""The tracker: its state machines joined. It has no clock, no network and no thread; someone calls it.

`now` is any monotonic number of seconds, `uptime_ms` the milliseconds since its power-up. Making one is a power-up.
"""

from math import inf

import orjson

from ploughsim.chance import draw
from ploughsim.tracker.assembler import Assembler, Heard
from ploughsim.tracker.backoff import Backoff
from ploughsim.tracker.configuration import SECTORS, Configuration, Kept
from ploughsim.tracker.flash import Flash
from ploughsim.tracker.messages import Lane, Outgoing, Window
from ploughsim.tracker.orders import Driver, Orders
from ploughsim.tracker.outbox import Outbox
from ploughsim.tracker.recorder import Inputs, Recorder
from ploughsim.tracker.ring import Ring
from ploughsim.tracker.settings import TOP_RATE_HZ, TrackerSettings, changed, wrong_with
from ploughsim.tracker.watchdog import Watchdog

FIRMWARE = "ploughsim-0.1.0"
OFFLINE = orjson.dumps({"state": "offline"})
"""The last will on `status`."""
DURABLE_BYTES_MAX = 64 * 1024
_CONNECTING, _SENDING_AGAIN, _DRIVING = range(3)


class Tracker:
    """`next` says what to send, `due` when to ask again; `restart_if_stuck` is to be asked now and then."""

    def __init__(self, flash: Flash, settings: TrackerSettings, family: int, seed: int, boots_before: int = 0) -> None:
        self._configuration = Configuration(flash)
        sent = self._configuration.kept.settings
        self.settings = changed(settings, {} if wrong_with(sent) else sent)
        self.ring = Ring(flash, SECTORS, settings.ring_sectors, family, boots_before)
        self.uptime_ms = 0
        self.connected_since: float | None = None
        self._assembler = Assembler(family, everything=settings.storage == "raw")
        self._recorder = Recorder(self.ring, family)
        self._inputs = Inputs()
        self._last_kept: object = None
        self._window = Window()
        chance = draw(seed, self.ring.boot)
        self.outbox = Outbox(self.ring, self._window, self.settings, draw(chance, _SENDING_AGAIN))
        driver = Driver(settings.driver_answer_s, settings.driver_refuses, draw(chance, _DRIVING))
        self.orders = Orders(driver, self._configure, lambda: (self.ring.boot, self.uptime_ms))
        self._backoff = Backoff(draw(chance, _CONNECTING))
        self._connect_from = -inf
        self._status_due = -inf
        self._network_watchdog = Watchdog(60 * settings.watchdog_min)
        self._serial_watchdog = Watchdog(60 * settings.watchdog_min)

    @property
    def messages_without_puback(self) -> int:
        return len(self._window)

    def hear(self, data: bytes, uptime_ms: int, inputs: Inputs) -> list[tuple[int, int]]:
        """Bytes of the serial line, or none while it is silent; uptime and seq of the epochs that were written."""
        self.uptime_ms = uptime_ms
        if data:
            self._serial_watchdog.feed(uptime_ms / 1000)
        written = []
        for heard in self._assembler.feed(data, uptime_ms):
            if self._is_wanted(heard):
                # An epoch may end with the first line of the next one, whose instant has inputs of its own.
                epoch = self._recorder.record(heard, inputs if heard.uptime_ms == uptime_ms else self._inputs)
                self.outbox.take(epoch)
                written.append((heard.uptime_ms, epoch.name[1]))
        self._inputs = inputs
        return written

    def connect_at(self, now: float) -> float:
        """When to try to connect."""
        return max(now, self._connect_from)

    def connected(self, now: float) -> None:
        self.connected_since = now
        self._status_due = now
        self.outbox.connect()

    def disconnected(self, now: float) -> None:
        """The connection ended, or could not be made."""
        self.connected_since = None
        self._window.forget_all()
        self.outbox.disconnect()
        self.orders.disconnect()
        self._connect_from = now + self._backoff.wait_s()

    def next(self, now: float) -> Outgoing | None:
        """What to send now: the status first, then answers, live epochs, the backlog."""
        if self.connected_since is None or not self._window.has_room(Lane.STATUS):
            return None
        if now >= self._status_due:
            self._status_due = now + self.settings.status_interval_s
            return self._window.launch(Lane.STATUS, self._status(), now)
        answer = self.orders.next_answer(now)
        if answer is not None:
            return self._window.launch(Lane.ACK, answer, now)
        return self.outbox.next(now)

    def due(self, now: float) -> float:
        """When to ask `next` and `gives_up` again, if nothing is heard, acknowledged or received before."""
        if self.connected_since is None:
            return inf
        due = self._window.gives_up_at()
        if self._window.has_room(Lane.STATUS):
            due = min(due, self._status_due, self.orders.due(), self.outbox.due(now))
        return max(due, now)

    def gives_up(self, now: float) -> bool:
        """Whether the connection is dead: no PUBACK came for too long."""
        return now >= self._window.gives_up_at()

    def acknowledged(self, number: int, now: float) -> None:
        """A PUBACK. It shows that the connection is of use."""
        lane = self._window.acknowledged(number)
        if lane is None:
            return
        self._network_watchdog.feed(now)
        self._backoff.succeeded()
        if lane is Lane.ACK:
            self.orders.acknowledged()

    def on_message(self, lane: Lane, payload: bytes, now: float) -> None:
        """What came on `durable` or `down`."""
        if lane is Lane.DOWN:
            self.orders.take(payload, now)
        elif lane is Lane.DURABLE and self.ring.free(self._marks(payload)):
            self.outbox.confirmed()

    def restart_if_stuck(self, now: float) -> bool:
        """Whether it must be powered up anew, for want of PUBACKs or of a receiver; if so, that has been counted."""
        stuck = self._network_watchdog.bites(now) or self._serial_watchdog.bites(self.uptime_ms / 1000)
        if stuck:
            kept = self._configuration.kept
            self._configuration.keep(Kept(settings=kept.settings, restarts=kept.restarts + 1))
        return stuck

    def _is_wanted(self, heard: Heard) -> bool:
        """Of the epochs of each part of a second the first one; the fastest rate keeps all."""
        rate_hz = self.settings.rate_hz
        if rate_hz == TOP_RATE_HZ:
            return True
        second, _, fraction = heard.time.partition(b".")
        digits = fraction[:3].ljust(3, b"0")
        milliseconds = int(digits) if second and digits.isdigit() else heard.uptime_ms % 1000
        moment = (second or heard.uptime_ms // 1000, milliseconds * rate_hz // 1000)
        wanted = moment != self._last_kept
        self._last_kept = moment
        return wanted

    def _configure(self, values: dict[str, object]) -> str | None:
        why = wrong_with(values)
        if why is None:
            kept = self._configuration.kept
            self._configuration.keep(Kept(settings=kept.settings | values, restarts=kept.restarts))
            self.settings = self.outbox.settings = changed(self.settings, values)
        return why

    def _status(self) -> bytes:
        ring = self.ring
        boot, seq = ring.oldest
        return orjson.dumps(
            {
                "state": "online",
                "boot": ring.boot,
                "oldest": {"boot": boot, "seq": seq},
                "firmware": FIRMWARE,
                "uptime": self.uptime_ms,
                "held": ring.held,
                "overwritten": ring.overwritten,
                "unreadable": ring.unreadable,
                "wear": ring.wear,
                "restarts": self._configuration.kept.restarts,
                "dropped_bytes": self._assembler.dropped_bytes,
                "ignored_orders": self.orders.ignored,
            }
        )

    def _marks(self, payload: bytes) -> dict[int, int]:
        """What a payload confirms; nothing of it when it is not a confirmation.

        A sequence number that was never used was confirmed to another tracker of the same name: it frees nothing here.
        """
        if len(payload) > DURABLE_BYTES_MAX:
            return {}
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
        type(entry.get(key)) is int and 0 <= entry[key] < 1 << 53 for key in ("boot", "seq")
    )
