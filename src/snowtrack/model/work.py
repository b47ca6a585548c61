"""Is a machine working? The blade input says so; a machine without one is taken to work at ploughing speed."""

from snowtrack.model.columns import ABSENT_8
from snowtrack.model.fixes import BLADE_DOWN
from snowtrack.model.passes import Evidence

PLOUGHING_MMPS = (1_000, 11_000)


def judge_work(blade: int, speed_mmps: int) -> tuple[bool, Evidence]:
    """Whether it works, and how we know. An absent speed is below every speed."""
    if blade != ABSENT_8:
        return blade == BLADE_DOWN, Evidence.BLADE
    low, high = PLOUGHING_MMPS
    return low <= speed_mmps <= high, Evidence.INFERRED
