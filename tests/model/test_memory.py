"""Rows by device: each device has its own, however many come and go."""

from typing import NamedTuple

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.compiled import Array
from snowtrack.model.memory import Memory


class Counters(NamedTuple):
    numbers: Array
    pairs: Array


def counters(slots: int) -> Counters:
    return Counters(np.full(slots, 7, np.int64), np.zeros((slots, 2), np.int16, order="F"))


STEPS = st.lists(st.tuples(st.sampled_from(["set", "forget", "keep", "restore"]), st.integers(1, 200)), max_size=60)


@given(STEPS)
def test_each_device_has_its_own_rows_and_a_new_one_those_of_nobody(steps: list[tuple[str, int]]) -> None:
    memory, expected, kept = Memory(counters), dict[int, int](), dict[int, tuple[str, int]]()
    for number, (step, device) in enumerate(steps, 100):
        match step:
            case "set":
                slot = memory.slot(device)
                memory.rows.numbers[slot], memory.rows.pairs[slot] = number, (number, -number)
                expected[device] = number
            case "forget":
                memory.forget(device)
                expected.pop(device, None)
            case "keep":
                kept[device] = memory.snapshot(device), expected.setdefault(device, 7)
            case "restore" if device in kept:
                memory.restore(device, kept[device][0])
                expected[device] = kept[device][1]
    for device, value in expected.items():
        slot = memory.slot(device)
        assert memory.devices[slot] == device
        assert memory.rows.numbers[slot] == value
        assert memory.rows.pairs[slot].tolist() == ([0, 0] if value == 7 else [value, -value])
    slot = memory.slot(999)
    assert memory.rows.numbers[slot] == 7


def test_slots_of_many_devices_are_those_of_each() -> None:
    memory = Memory(counters)
    devices = np.array([5, 3, 5, 9], np.int32)
    assert memory.slots(devices).tolist() == [memory.slot(5), memory.slot(3), memory.slot(5), memory.slot(9)]
    assert not len(memory.slots(devices[:0]))
