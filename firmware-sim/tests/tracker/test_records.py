"""Numbers to bits and back, against a plain reading of the table as a string of bits."""

from binascii import crc_hqx

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ploughsim.compiled import Array
from ploughsim.sentences.epoch import EPOCH
from ploughsim.sentences.families import FAMILIES
from ploughsim.tracker import records
from ploughsim.tracker.bits import BAD, BLANK, COMMITTED, CRC_AT, SLOT_BYTES, UNCOMMITTED
from ploughsim.tracker.records import FIELDS, LAYOUTS, ROW, TEXT, TEXT_AT, Field

KINDS = st.sampled_from(sorted(LAYOUTS))


def _value(field: Field) -> st.SearchStrategy[int]:
    highest = field.lowest + (1 << field.bits) - 2
    edges = [field.lowest, highest] if field.unsaid == 1 << 62 else [field.lowest, highest, field.unsaid]
    return st.sampled_from(edges) | st.integers(field.lowest, highest)


@st.composite
def _slots(draw: st.DrawFn) -> tuple[int, list[int]]:
    kind = draw(KINDS)
    return kind, [draw(_value(field)) for field in LAYOUTS[kind].values()]


def _packed(kind: int, values: list[int], slot: Array | None = None) -> Array | None:
    slot = np.zeros(SLOT_BYTES, dtype=np.uint8) if slot is None else slot
    given_values = np.zeros(FIELDS, dtype=np.int64)
    given_values[: len(values)] = values
    return slot if records.pack(kind, given_values, slot) else None


def _unpacked(slot: Array) -> tuple[int, list[int]]:
    kinds, values = records.unpack(slot.reshape(1, SLOT_BYTES))
    return int(kinds[0]), values[0, : len(LAYOUTS.get(int(kinds[0]), {}))].tolist()


def _bits(kind: int, values: list[int]) -> str:
    """Committed, the kind, then each field."""
    fields = [
        (1 << field.bits) - 1 if value == field.unsaid else value - field.lowest
        for field, value in zip(LAYOUTS[kind].values(), values, strict=True)
    ]
    widths = [field.bits for field in LAYOUTS[kind].values()]
    return f"0{kind:02b}" + "".join(f"{word:0{bits}b}" for word, bits in zip(fields, widths, strict=True))


@given(_slots())
def test_a_slot_is_its_fields_bit_after_bit_and_their_crc(given_slot: tuple[int, list[int]]) -> None:
    kind, values = given_slot
    slot = _packed(kind, values)
    assert slot is not None
    body = int(_bits(kind, values).ljust(8 * CRC_AT, "0"), 2).to_bytes(CRC_AT)
    assert _unpacked(slot)[0] == UNCOMMITTED
    slot[0] &= COMMITTED
    assert slot.tobytes() == body + crc_hqx(body, 0xFFFF).to_bytes(2)
    assert _unpacked(slot) == (kind, values)


@given(_slots(), st.data())
def test_a_value_beyond_its_bits_is_refused(given_slot: tuple[int, list[int]], data: st.DataObject) -> None:
    kind, values = given_slot
    if not values:
        return
    at = data.draw(st.integers(0, len(values) - 1))
    field = list(LAYOUTS[kind].values())[at]
    values[at] = data.draw(st.sampled_from([field.lowest - 1, field.lowest + (1 << field.bits) - 1]))
    if values[at] != field.unsaid:
        assert _packed(kind, values) is None


@given(_slots(), st.integers(8, 8 * SLOT_BYTES - 1))
def test_a_committed_slot_with_one_bit_changed_is_bad(given_slot: tuple[int, list[int]], bit: int) -> None:
    slot = _packed(*given_slot)
    assert slot is not None
    slot[0] &= COMMITTED
    slot[bit // 8] ^= 0x80 >> bit % 8
    assert _unpacked(slot)[0] == BAD


def test_text_behind_the_fields_is_under_the_crc() -> None:
    slot = np.zeros(SLOT_BYTES, dtype=np.uint8)
    slot[TEXT_AT[TEXT] : CRC_AT] = 77
    values = [1] * len(LAYOUTS[TEXT])
    assert _packed(TEXT, values, slot) is not None
    slot[0] &= COMMITTED
    assert _unpacked(slot) == (TEXT, values)
    assert set(slot[TEXT_AT[TEXT] : CRC_AT].tolist()) == {77}
    slot[CRC_AT - 1] = 78
    assert _unpacked(slot)[0] == BAD


def test_an_erased_slot_is_blank() -> None:
    assert _unpacked(np.full(SLOT_BYTES, 0xFF, dtype=np.uint8))[0] == BLANK


def test_the_fields_of_a_row_are_those_of_an_epoch_in_their_order() -> None:
    assert ("boot", *LAYOUTS[ROW]) == EPOCH.names
    assert list(LAYOUTS[TEXT])[:-1] == list(LAYOUTS[ROW])[: len(LAYOUTS[TEXT]) - 1]


def test_rows_are_made_of_the_fields() -> None:
    values = np.arange(2 * FIELDS, dtype=np.int64).reshape(2, FIELDS)
    assert [row.item()[1:] for row in records.rows_of(values)] == [tuple(row) for row in values.tolist()]


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_each_family_can_say_all_that_is_usual_in_japan(family: object) -> None:
    """Up to 4,000 m, 120 km/h, from Okinawa to Hokkaido, and its worst dilution."""
    places = {name: getattr(family, f"{name}_places") for name in ("minute", "speed", "course", "altitude", "hdop")}
    layout = LAYOUTS[ROW]
    usual = {
        "lat": 46 * 60 * 10 ** places["minute"],
        "lon": 154 * 60 * 10 ** places["minute"],
        "speed": 65 * 10 ** places["speed"],
        "course": 360 * 10 ** places["course"],
        "altitude": 2000 * 10 ** places["altitude"],
        "hdop": 100 * 10 ** places["hdop"],
    }
    for name, value in usual.items():
        assert layout[name].lowest <= value < layout[name].lowest + (1 << layout[name].bits) - 1, name
