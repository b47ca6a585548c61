"""The ring under an adversary who cuts the power at any write, and leaves any part of it garbled."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ploughsim.errors import RingError
from ploughsim.thin.flash import FileFlash
from ploughsim.thin.ring import EPOCH_BYTES_MAX, Ring, stored_epochs


class PowerCutError(Exception):
    """The machine went dark in the middle of a write."""


@dataclass(frozen=True)
class Tear:
    """Of the write that is cut, a share of the bytes arrives; so much of the rest turns into garbage."""

    arrives: float
    garbled: float
    garbage: int


class TearingFlash:
    """Flash in memory whose power fails at the write for which a tear is waiting."""

    name = "memory"

    def __init__(self) -> None:
        self.memory = bytearray()
        self.tear: Tear | None = None

    def read(self, offset: int, size: int) -> bytes:
        return bytes(self.memory[offset : offset + size])

    def write(self, offset: int, data: bytes) -> None:
        self.memory.extend(bytes(max(0, offset + len(data) - len(self.memory))))
        if self.tear is None:
            self.memory[offset : offset + len(data)] = data
            return
        tear, self.tear = self.tear, None
        arrived = round(tear.arrives * len(data))
        garbled = round(tear.garbled * (len(data) - arrived))
        self.memory[offset : offset + arrived] = data[:arrived]
        self.memory[offset + arrived : offset + arrived + garbled] = bytes([tear.garbage]) * garbled
        raise PowerCutError

    def sync(self) -> None:
        pass


@dataclass(frozen=True)
class Step:
    """One thing that happens; `share` picks what is freed, `tear` cuts the power in its (next) write."""

    action: str
    share: float = 0.0
    tear: Tear | None = None


Written = tuple[int, int, bytes]


@dataclass
class Owner:
    """Uses a ring, is told when the power fails, and remembers what the ring promised."""

    slots: int
    flash: TearingFlash = field(default_factory=TearingFlash)
    kept: dict[int, Written] = field(default_factory=dict)
    # Cut in the middle: such a write or mark may have arrived whole or not at all.
    torn: dict[int, Written] = field(default_factory=dict)
    perhaps_freed: set[int] = field(default_factory=set)
    highest_boot: int = 0

    def __post_init__(self) -> None:
        self.ring = Ring(self.flash, self.slots)

    def take(self, step: Step) -> None:
        self.flash.tear = step.tear
        try:
            {"append": self._append, "free": self._free, "restart": self._restart}[step.action](step.share)
        except PowerCutError:
            self._restart(0.0)

    def _append(self, share: float) -> None:
        position, payload = self.ring.head, bytes([65 + int(25 * share)]) * int(EPOCH_BYTES_MAX * share)
        written = (self.ring.boot, self.ring.next_seq, payload)
        # Once begun, the write may destroy what lay in the slot before, or not.
        if position - self.slots in self.kept:
            self.torn[position - self.slots] = self.kept.pop(position - self.slots)
        self.torn[position] = written
        self.highest_boot = max(self.highest_boot, self.ring.boot)
        self.ring.append(payload)
        self.torn.clear()
        self.kept[position] = written

    def _free(self, share: float) -> None:
        boots = sorted({boot for boot, _, _ in self.kept.values()})
        if not boots:
            return
        boot = boots[int(share * 7919) % len(boots)]
        last = int(share * max(seq for of, seq, _ in self.kept.values() if of == boot))
        covered = {position for position, (of, seq, _) in self.kept.items() if of == boot and seq <= last}
        self.perhaps_freed |= covered
        self.ring.free({boot: last})
        for position in covered:
            del self.kept[position]
        self.perhaps_freed -= covered

    def _restart(self, _: float) -> None:
        try:
            self.ring = Ring(self.flash, self.slots)
        except PowerCutError:
            self.ring = Ring(self.flash, self.slots)
        assert self.ring.boot > self.highest_boot
        self._settle()

    def _settle(self) -> None:
        """What was in doubt is now decided: by what the ring shows."""
        found = self.found()
        assert self.kept.keys() - self.perhaps_freed <= found.keys()
        assert all(found[position] == (self.kept | self.torn)[position] for position in found)
        self.kept, self.torn, self.perhaps_freed = found, {}, set()

    def found(self) -> dict[int, Written]:
        epochs = self.ring.read(0, self.ring.head, self.slots + 1)
        positions = [epoch.position for epoch in epochs]
        assert positions == sorted(set(positions))
        order = [(epoch.boot, epoch.seq) for epoch in epochs]
        assert order == sorted(set(order))
        assert len(epochs) == self.ring.held
        if order:
            assert order[0] == self.ring.oldest
        return {epoch.position: (epoch.boot, epoch.seq, epoch.payload) for epoch in epochs}


def _tears() -> st.SearchStrategy[Tear | None]:
    share = st.sampled_from([0.0, 0.01, 0.3, 0.5, 0.9, 0.999, 1.0])
    return st.none() | st.builds(Tear, arrives=share, garbled=share, garbage=st.integers(0, 255))


def _steps() -> st.SearchStrategy[list[Step]]:
    actions = st.sampled_from(["append"] * 6 + ["free"] * 2 + ["restart"])
    return st.lists(st.builds(Step, action=actions, share=st.floats(0, 1), tear=_tears()), max_size=60)


@settings(max_examples=400, deadline=None)
@given(slots=st.integers(1, 12), steps=_steps())
def test_what_was_written_and_not_freed_survives_and_what_was_freed_stays_away(slots: int, steps: list[Step]) -> None:
    owner = Owner(slots)
    for step in steps:
        owner.take(step)
        assert owner.found() == owner.kept
    owner.take(Step("restart"))


_SCRIPT = [
    *(Step("append", share / 10) for share in range(10)),
    Step("free", 0.45),
    Step("restart"),
    *(Step("append", share / 10) for share in range(7)),
    Step("free", 0.3),
    Step("free", 0.9),
    Step("restart"),
    *(Step("append", 1 - share / 10) for share in range(9)),
    Step("free", 1.0),
    Step("append", 0.5),
]


@pytest.mark.parametrize("arrives", [0.0, 0.02, 0.5, 0.999, 1.0])
@pytest.mark.parametrize("garbled", [0.0, 0.5, 1.0])
def test_a_power_cut_at_each_write_of_a_night_loses_nothing(arrives: float, garbled: float) -> None:
    for cut_at in range(len(_SCRIPT)):
        owner = Owner(slots=8)
        for number, step in enumerate(_SCRIPT):
            tear = Tear(arrives, garbled, garbage=0xA5) if number == cut_at else None
            owner.take(Step(step.action, step.share, tear))
            assert owner.found() == owner.kept
        owner.take(Step("restart"))


def test_a_boot_that_never_wrote_its_number_is_counted_again() -> None:
    flash = TearingFlash()
    assert Ring(flash, 4).boot == 1
    flash.tear = Tear(arrives=0.001, garbled=0.0, garbage=0)
    with pytest.raises(PowerCutError):
        Ring(flash, 4)
    assert Ring(flash, 4).boot == 2


def test_a_full_ring_overwrites_the_oldest_and_counts_it() -> None:
    ring = Ring(TearingFlash(), 4)
    for number in range(6):
        ring.append(b"%d" % number)
    assert (ring.overwritten, ring.held, ring.oldest) == (2, 4, (1, 3))
    assert [epoch.payload for epoch in ring.read(0, ring.head, 9)] == [b"2", b"3", b"4", b"5"]


def test_overwriting_what_was_freed_loses_nothing() -> None:
    ring = Ring(TearingFlash(), 4)
    for _ in range(4):
        ring.append(b"x")
    assert ring.free({1: 3})
    for _ in range(3):
        ring.append(b"y")
    assert (ring.overwritten, ring.held, ring.oldest) == (0, 4, (1, 4))


def test_with_nothing_held_the_oldest_is_the_next_epoch() -> None:
    ring = Ring(TearingFlash(), 4)
    assert ring.oldest == (1, 1)
    ring.append(b"x")
    assert ring.free({1: 1})
    assert ring.oldest == (1, 2)
    assert not ring.free({1: 1})


def test_a_later_boot_may_be_freed_before_an_earlier_one() -> None:
    flash = TearingFlash()
    for _ in range(2):
        ring = Ring(flash, 9)
        for _ in range(3):
            ring.append(b"x")
    assert ring.free({2: 2})
    ring = Ring(flash, 9)
    assert [(epoch.boot, epoch.seq) for epoch in ring.read(0, ring.head, 9)] == [(1, 1), (1, 2), (1, 3), (2, 3)]


def test_more_boots_than_marks_are_freed_from_the_oldest_on() -> None:
    flash = TearingFlash()
    for _ in range(600):
        ring = Ring(flash, 2000)
        ring.append(b"first")
        ring.append(b"second")
    assert ring.free(dict.fromkeys(range(1, 601), 1))
    freed_at_first = 1200 - Ring(flash, 2000).held
    assert 400 < freed_at_first < 600
    ring = Ring(flash, 2000)
    assert ring.free(dict.fromkeys(range(1, 601), 2))
    assert ring.free(dict.fromkeys(range(1, 601), 2))
    assert Ring(flash, 2000).held == 0


def test_a_new_epoch_never_takes_the_place_of_a_freed_one_whose_slot_wore_out() -> None:
    flash = TearingFlash()
    ring = Ring(flash, 9)
    for _ in range(3):
        ring.append(b"x")
    assert ring.free({1: 3})
    flash.memory[-1] ^= 1
    Ring(flash, 9).append(b"new")
    assert Ring(flash, 9).oldest == (2, 1)


def test_an_epoch_beyond_the_slot_is_refused() -> None:
    with pytest.raises(RingError, match="memory: an epoch of 233 bytes is above 232"):
        Ring(TearingFlash(), 4).append(bytes(EPOCH_BYTES_MAX + 1))


def test_a_ring_keeps_its_size() -> None:
    flash = TearingFlash()
    Ring(flash, 4)
    with pytest.raises(RingError, match="memory: made with 4 slots, not 5"):
        Ring(flash, 5)


def test_flash_changed_behind_the_rings_back_is_noticed() -> None:
    flash = TearingFlash()
    ring = Ring(flash, 4)
    ring.append(b"x")
    flash.memory[-1] ^= 1
    with pytest.raises(RingError, match="memory: slot 0"):
        ring.read(0, 1, 1)


def test_flash_in_a_file_is_found_again(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "plough.ring"
    flash = FileFlash(path)
    ring = Ring(flash, 300)
    for number in range(290):
        ring.append(b"%d" % number)
    flash.close()
    again = FileFlash(path)
    assert [epoch.payload for epoch in stored_epochs(again, 300)] == [b"%d" % number for number in range(290)]
    assert Ring(again, 300).boot == 2
    again.close()
