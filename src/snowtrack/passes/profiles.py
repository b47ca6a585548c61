"""What each kind of machine does, and how fast: what is taken for granted where no input of the machine tells."""

from typing import NamedTuple

import numpy as np

from snowtrack.compiled import Array
from snowtrack.model.columns import ABSENT_8, Bools, Int8s, Int32s
from snowtrack.model.fixes import BLADE_DOWN
from snowtrack.model.machines import MachineKind
from snowtrack.model.work import Evidence


class Profile(NamedTuple):
    """Whether it ploughs and spreads without an input that says so; from what speed to what it works, and from what
    speed on it surely does not (mm/s); whether its power take-off is the input that says that it works; and how slow a
    machine stands."""

    ploughs: bool
    spreads: bool
    slow_mmps: int
    fast_mmps: int
    never_mmps: int
    by_pto: bool = False
    stands_mmps: int = 500


PROFILES = {
    MachineKind.UNKNOWN: Profile(True, False, 800, 11_000, 13_000),
    MachineKind.GRADER: Profile(True, False, 1_200, 7_600, 9_200),
    MachineKind.DOZER: Profile(True, False, 1_000, 5_600, 7_400),
    MachineKind.TRUCK: Profile(True, False, 1_500, 11_400, 12_600),
    MachineKind.ROTARY: Profile(True, False, 500, 2_900, 5_500, by_pto=True, stands_mmps=200),
    MachineKind.SMALL: Profile(True, False, 400, 1_700, 2_500, by_pto=True, stands_mmps=200),
    MachineKind.SPREADER: Profile(False, True, 2_000, 13_200, 14_500),
    MachineKind.PATROL: Profile(False, False, 0, 0, 0),
}
TABLE: Array = np.array([PROFILES[kind] for kind in MachineKind], np.int32)


def at_work(kind: Int8s, blade: Int8s, pto: Int8s, spreading: Int8s, speed_mmps: Int32s) -> tuple[Bools, Int8s]:
    """At first sight of one fix each, for the live map: whether the machine works, and the `Evidence`."""
    ploughs, spreads, slow, fast, _, by_pto, _ = TABLE[kind].T
    asked = np.where((by_pto == 1) & (pto != ABSENT_8), pto == 1, blade == BLADE_DOWN)
    told = (blade != ABSENT_8) | ((by_pto == 1) & (pto != ABSENT_8))
    likely = (speed_mmps >= slow) & (speed_mmps <= fast)
    sprays = np.where(spreading != ABSENT_8, spreading == 1, (spreads == 1) & likely)
    works = np.where(told, asked, (ploughs == 1) & likely) | sprays
    known = np.where(ploughs == 1, told, True) & np.where(spreads == 1, spreading != ABSENT_8, True)
    return works, np.where(known, Evidence.BLADE, Evidence.INFERRED).astype(np.int8)
