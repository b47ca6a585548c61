"""The whole tracker against a model of broker and engine: power cuts, lost connections, messages and PUBACKs.

Every epoch that was written arrives, with the same bytes each time, or was overwritten and counted.
"""

import gzip
from dataclasses import dataclass, field

import orjson
from hypothesis import given
from hypothesis import strategies as st
from tracker.power import Cut, FailingFlash, PowerCutError, cuts
from tracker.rows import FAMILY, row_of

from ploughsim.sentences.families import ALL_KINDS, KEPT_KINDS
from ploughsim.sentences.write import write_epoch
from ploughsim.tracker.messages import WINDOW_MESSAGES, Lane, Outgoing
from ploughsim.tracker.outbox import FLIGHTS_MAX, MESSAGE_BYTES_MAX
from ploughsim.tracker.recorder import Inputs
from ploughsim.tracker.ring import Name
from ploughsim.tracker.sectors import SLOTS
from ploughsim.tracker.settings import TrackerSettings
from ploughsim.tracker.tracker import Tracker

_HOURS_OF_TWO_SECTORS = 0.05


@dataclass
class Engine:
    """Commits what arrives, confirms what it has without a gap, and passes over what the tracker holds no more."""

    epochs: dict[Name, bytes] = field(default_factory=dict)
    passed_over_below: Name = (0, 0)

    def take(self, message: Outgoing) -> None:
        if message.lane is Lane.STATUS:
            oldest = orjson.loads(message.payload)["oldest"]
            self.passed_over_below = max(self.passed_over_below, (oldest["boot"], oldest["seq"]))
            return
        text = gzip.decompress(message.payload) if message.lane is Lane.LOG else message.payload
        for epoch in text.split(b"$PSNOW,")[1:]:
            boot, seq, _ = epoch.split(b",", 2)
            name = int(boot), int(seq)
            assert self.epochs.setdefault(name, epoch) == epoch

    def durable(self) -> bytes:
        marks = []
        for boot in sorted({boot for boot, _ in self.epochs}):
            seq = self.passed_over_below[1] - 1 if boot == self.passed_over_below[0] else 0
            while (boot, seq + 1) in self.epochs:
                seq += 1
            marks.append({"boot": boot, "seq": seq})
        return orjson.dumps(marks)


@dataclass
class Night:
    """A tracker, what it wrote, and the network between it and the engine."""

    settings: TrackerSettings
    flash: FailingFlash = field(default_factory=FailingFlash)
    engine: Engine = field(default_factory=Engine)
    written: dict[Name, bytes] = field(default_factory=dict)
    overwritten: int = 0
    now: float = 0.0

    def __post_init__(self) -> None:
        self._power_up()

    def do(self, action: str, number: int, cut: Cut | None) -> None:
        self.flash.cut = cut or self.flash.cut
        try:
            getattr(self, action)(number)
        except PowerCutError:
            self.flash.power_up()
            # The epoch that was about to be written may have begun to make room, which only flash knows.
            self.overwritten += SLOTS
            self.restart(0)
        self._keep_bounds()

    def hear(self, number: int) -> None:
        for at in range(number):
            self._hear(write_epoch(row_of(number * 100 + at, boot=0, seq=0), FAMILY, own=False, kinds=ALL_KINDS))

    def hear_junk(self, number: int) -> None:
        text = bytearray(write_epoch(row_of(number, boot=0, seq=0), FAMILY, own=False, kinds=ALL_KINDS))
        text[number * 37 % len(text)] ^= 1 << number % 8
        self._hear(bytes(text))

    def connect(self, _: int) -> None:
        if self.tracker.connected_since is None:
            self.tracker.connected(self.now)

    def drop(self, _: int) -> None:
        self.tracker.disconnected(self.now)

    def send(self, _: int) -> None:
        while (message := self.tracker.next(self.now)) is not None:
            self._check(message)
            self.engine.take(message)
            self.tracker.acknowledged(message.number, self.now)
        assert self.tracker.due(self.now) > self.now or self.tracker.gives_up(self.now)

    def send_without_pubacks(self, _: int) -> None:
        while (message := self.tracker.next(self.now)) is not None:
            self.engine.take(message)

    def lose_messages(self, number: int) -> None:
        """And with them the connection, later."""
        for _ in range(number):
            self.tracker.next(self.now)

    def confirm(self, _: int) -> None:
        self.tracker.on_message(Lane.DURABLE, self.engine.durable(), self.now)

    def wait(self, number: int) -> None:
        self.now += 10 * number
        if self.tracker.gives_up(self.now):
            self.tracker.disconnected(self.now)

    def restart(self, _: int) -> None:
        self.overwritten += self.tracker.ring.overwritten
        self._power_up()

    def finish(self) -> None:
        """With a network that is always there, until nothing is held."""
        self.flash.cut = None
        self.drop(0)
        for _ in range(100):
            self.connect(0)
            self.send(0)
            self.confirm(0)
            self.wait(4)
            if self.tracker.ring.held == 0:
                break
        self.overwritten += self.tracker.ring.overwritten
        assert self.tracker.ring.held == 0

    def _power_up(self) -> None:
        try:
            self.tracker = Tracker(self.flash, self.settings, FAMILY, seed=1)
        except PowerCutError:
            self.flash.power_up()
            self.tracker = Tracker(self.flash, self.settings, FAMILY, seed=1)

    def _hear(self, text: bytes) -> None:
        self.now += 1.0
        boot = self.tracker.ring.boot
        for _, seq in self.tracker.hear(text, int(1000 * self.now), Inputs(blade=1)):
            self.written[boot, seq] = text

    def _check(self, message: Outgoing) -> None:
        assert message.lane is not Lane.LOG or len(message.payload) <= MESSAGE_BYTES_MAX

    def _keep_bounds(self) -> None:
        assert self.tracker.outbox.flights <= FLIGHTS_MAX
        assert self.tracker.messages_without_puback <= WINDOW_MESSAGES


_ACTIONS = ["hear"] * 4 + [
    "hear_junk",
    "connect",
    "connect",
    "drop",
    "send",
    "send",
    "send_without_pubacks",
    "lose_messages",
]
_STEPS = st.lists(
    st.tuples(
        st.sampled_from([*_ACTIONS, "confirm", "confirm", "wait", "restart"]),
        st.integers(1, 40),
        st.none() | st.none() | cuts(120),
    ),
    min_size=10,
    max_size=50,
)
_SETTINGS = st.builds(
    TrackerSettings,
    epochs_per_message=st.integers(1, 10),
    message_wait_s=st.sampled_from([0.0, 1.0, 30.0]),
    log_epochs=st.sampled_from([1, 10, 100, 500]),
    log_order=st.sampled_from(["oldest", "newest", "interleaved"]),
    storage=st.sampled_from(["packed", "raw"]),
    ring_hours=st.sampled_from([_HOURS_OF_TWO_SECTORS, 10.0]),
)


@given(chosen=_SETTINGS, steps=_STEPS)
def test_every_epoch_arrives_with_the_same_bytes_or_was_overwritten_and_counted(
    chosen: TrackerSettings, steps: list[tuple[str, int, Cut | None]]
) -> None:
    night = Night(chosen)
    for action, number, cut in steps:
        night.do(action, number, cut)
    night.finish()
    missing = night.written.keys() - night.engine.epochs.keys()
    if chosen.ring_hours > _HOURS_OF_TWO_SECTORS:
        assert not missing
    assert len(missing) <= night.overwritten


def test_a_night_without_trouble_arrives_as_it_was_heard() -> None:
    night = Night(TrackerSettings(ring_hours=1.0))
    night.do("connect", 1, None)
    for number in range(1, 40):
        night.do("hear", number, None)
        night.do("send", 1, None)
        night.do("confirm", 1, None)
    night.finish()
    assert night.overwritten == 0
    assert len(night.engine.epochs) == 39 * 40 // 2
    for name, text in night.written.items():
        kept = b"".join(line for line in text.splitlines(keepends=True) if line[3:6] in (b"RMC", b"GGA"))
        assert night.engine.epochs[name].split(b"\r\n", 1)[1] == kept
    assert KEPT_KINDS < ALL_KINDS
