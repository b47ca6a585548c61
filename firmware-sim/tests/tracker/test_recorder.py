"""What was heard becomes an epoch of the ring, and comes out of it with the bytes it had."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tracker.rows import FAMILY, row_of

from ploughsim.sentences.epoch import NOT_SAID, UNKNOWN
from ploughsim.sentences.families import ALL_KINDS, FAMILIES, KEPT_KINDS
from ploughsim.sentences.write import write_epoch
from ploughsim.tracker.assembler import Heard
from ploughsim.tracker.flash import MemoryFlash
from ploughsim.tracker.recorder import Inputs, Recorder, sayable
from ploughsim.tracker.records import LAYOUTS, ROW
from ploughsim.tracker.ring import Ring
from ploughsim.tracker.wording import Epoch, in_words

_INPUTS = st.builds(
    Inputs,
    blade=st.integers(-1, 1),
    spreader=st.integers(-1, 1),
    pto=st.integers(-1, 1),
    angle_tenths=st.just(UNKNOWN) | st.integers(-900, 900),
    density_tenths=st.just(UNKNOWN) | st.integers(0, 10_000),
    width_tenths=st.just(UNKNOWN) | st.integers(0, 1000),
    inputs=st.just(UNKNOWN) | st.integers(0, 0xFFFF),
    battery_hundredths=st.just(UNKNOWN) | st.integers(0, 4094),
)


def _text(number: int, family: int, kinds: int = KEPT_KINDS) -> bytes:
    return write_epoch(row_of(number, boot=0, seq=0), family, own=False, kinds=kinds)


def _all(ring: Ring) -> list[Epoch]:
    return [epoch for found in ring.read((0, 0), ring.next, 10**6) for epoch in in_words(found)]


_TEXTS = st.one_of(
    st.tuples(st.just("whole"), st.integers(0, 10**6)),
    st.tuples(st.just("all kinds"), st.integers(0, 10**6)),
    st.tuples(st.just("broken"), st.integers(0, 10**6)),
)


@given(family=st.integers(0, len(FAMILIES) - 1), heard=st.lists(st.tuples(_TEXTS, _INPUTS), max_size=20))
def test_what_is_read_later_is_what_was_sent_at_first(family: int, heard: list[tuple[tuple[str, int], Inputs]]) -> None:
    ring = Ring(MemoryFlash(), 0, 4, family)
    recorder = Recorder(ring, family)
    sent = []
    for at, ((how, number), inputs) in enumerate(heard):
        text = _text(number, family, ALL_KINDS if how == "all kinds" else KEPT_KINDS)[:1024]
        if how == "broken":
            text = text[: number % len(text)] + b"\xff" + text[number % len(text) + 1 :]
        sent.append(recorder.record(Heard(text, b"", 1000 * at), inputs))
        assert sent[-1].name == (1, at + 1)
        assert sent[-1].payload.endswith(b"\r\n" + text)
    assert _all(ring) == sent


@pytest.mark.parametrize("family", range(len(FAMILIES)), ids=lambda family: FAMILIES[family].name)
def test_an_epoch_as_its_family_writes_it_takes_one_slot(family: int) -> None:
    ring = Ring(MemoryFlash(), 0, 2, family)
    recorder = Recorder(ring, family)
    for number in range(90):
        recorder.record(Heard(_text(number, family), b"", 1000 * number), Inputs(blade=1))
    assert (ring.held, ring.stretch_count, ring.wear) == (90, 1, 1)
    assert all(text is None for found in ring.read((0, 0), ring.next, 99) for text in found.texts)


def test_the_tracker_says_what_its_wires_say_and_how_much_waits() -> None:
    ring = Ring(MemoryFlash(), 0, 2, FAMILY)
    recorder = Recorder(ring, FAMILY)
    recorder.record(Heard(_text(1, FAMILY), b"", 1000), Inputs())
    inputs = Inputs(1, 1, 1, -250, 205, 32, 3, 1381)
    payload = recorder.record(Heard(_text(2, FAMILY), b"", 2000), inputs).payload
    assert payload.startswith(b"$PSNOW,1,2,2000,D,-25.0,1,20.5,3.2,1,0003,13.81,1*")


@given(_INPUTS)
def test_what_can_be_kept_is_said_as_it_is(inputs: Inputs) -> None:
    assert sayable(inputs) == inputs


@given(_INPUTS)
def test_what_can_be_said_fits_into_a_record(inputs: Inputs) -> None:
    layout = LAYOUTS[ROW]
    for key, value in zip(Inputs._fields, inputs, strict=True):
        field = layout[key]
        assert value == field.unsaid or 0 <= value - field.lowest < (1 << field.bits) - 1


def test_what_is_beyond_all_bounds_is_not_said() -> None:
    beyond = Inputs(2, 2, 2, 901, 10_001, 1001, 0x1_0000, 4095)
    assert sayable(beyond) == Inputs()
    assert sayable(Inputs(blade=-5, angle_tenths=-901)) == Inputs()
    assert Inputs().blade == NOT_SAID
