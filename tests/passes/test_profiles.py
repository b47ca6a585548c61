"""Kinds of machines, and what is said of one fix at first sight."""

import numpy as np
import pytest

from snowtrack.model.columns import ABSENT_8, ABSENT_32
from snowtrack.model.machines import MachineKind
from snowtrack.model.work import Evidence
from snowtrack.passes.profiles import PROFILES, TABLE, at_work

NOBODY_SAYS = {"blade": ABSENT_8, "pto": ABSENT_8, "spreading": ABSENT_8}


def at_sight(kind: MachineKind, speed_mmps: int, **said: int) -> tuple[bool, Evidence]:
    inputs = NOBODY_SAYS | said
    blade, pto, spreading = (np.array([inputs[name]], np.int8) for name in NOBODY_SAYS)
    kinds, speeds = np.array([kind], np.int8), np.array([speed_mmps], np.int32)
    works, evidence = at_work(kinds, blade, pto, spreading, speeds)
    return bool(works[0]), Evidence(int(evidence[0]))


def test_every_kind_has_a_profile_at_its_place() -> None:
    assert list(PROFILES) == list(MachineKind)
    assert [tuple(row) for row in TABLE.tolist()] == [tuple(PROFILES[kind]) for kind in MachineKind]


@pytest.mark.parametrize("kind", MachineKind)
def test_speeds_of_a_profile_are_in_order(kind: MachineKind) -> None:
    profile = PROFILES[kind]
    if profile.ploughs or profile.spreads:
        assert 0 < profile.slow_mmps < profile.fast_mmps < profile.never_mmps
    else:
        assert kind is MachineKind.PATROL


def test_at_first_sight_an_input_says_it() -> None:
    assert at_sight(MachineKind.TRUCK, 20_000, blade=1) == (True, Evidence.BLADE)
    assert at_sight(MachineKind.TRUCK, 8_000, blade=0) == (False, Evidence.BLADE)
    assert at_sight(MachineKind.TRUCK, 8_000, blade=0, spreading=1) == (True, Evidence.BLADE)
    assert at_sight(MachineKind.SPREADER, 8_000, spreading=0) == (False, Evidence.BLADE)
    assert at_sight(MachineKind.PATROL, 8_000, blade=1) == (True, Evidence.BLADE)


def test_at_first_sight_a_power_take_off_says_it_where_it_drives_what_works() -> None:
    assert at_sight(MachineKind.ROTARY, 8_000, pto=1, blade=0) == (True, Evidence.BLADE)
    assert at_sight(MachineKind.SMALL, 1_000, pto=0, blade=1) == (False, Evidence.BLADE)
    assert at_sight(MachineKind.TRUCK, 8_000, pto=1, blade=0) == (False, Evidence.BLADE)
    assert at_sight(MachineKind.TRUCK, 20_000, pto=1) == (False, Evidence.INFERRED)


@pytest.mark.parametrize("kind", [kind for kind in MachineKind if kind is not MachineKind.PATROL])
def test_at_first_sight_without_inputs_the_speed_says_it(kind: MachineKind) -> None:
    profile = PROFILES[kind]
    for speed_mmps, works in (
        (profile.slow_mmps - 1, False),
        (profile.slow_mmps, True),
        (profile.fast_mmps, True),
        (profile.fast_mmps + 1, False),
        (ABSENT_32, False),
    ):
        assert at_sight(kind, speed_mmps) == (works, Evidence.INFERRED)


@pytest.mark.parametrize("speed_mmps", [0, 1_000, 10_000, ABSENT_32])
def test_a_patrol_car_without_inputs_never_works(speed_mmps: int) -> None:
    assert at_sight(MachineKind.PATROL, speed_mmps)[0] is False


def test_what_some_inputs_do_not_say_is_inferred() -> None:
    """A spreader with a plough and a sensor on that alone."""
    assert at_sight(MachineKind.SPREADER, 8_000, blade=0) == (True, Evidence.INFERRED)
    assert at_sight(MachineKind.TRUCK, 8_000, spreading=0) == (True, Evidence.INFERRED)
