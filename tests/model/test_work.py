"""Is it working: the blade decides where there is one, the speed where there is none."""

import pytest

from snowtrack.model.columns import ABSENT_8, ABSENT_32
from snowtrack.model.fixes import BLADE_DOWN, BLADE_UP
from snowtrack.model.passes import Evidence
from snowtrack.model.work import PLOUGHING_MMPS, judge_work

LOW, HIGH = PLOUGHING_MMPS


@pytest.mark.parametrize("speed", [ABSENT_32, 0, LOW, HIGH, HIGH + 1])
def test_a_blade_decides_at_any_speed(speed: int) -> None:
    assert judge_work(BLADE_DOWN, speed) == (True, Evidence.BLADE)
    assert judge_work(BLADE_UP, speed) == (False, Evidence.BLADE)


@pytest.mark.parametrize(
    ("speed", "working"),
    [(ABSENT_32, False), (0, False), (LOW - 1, False), (LOW, True), (HIGH, True), (HIGH + 1, False)],
)
def test_without_a_blade_ploughing_speed_is_taken_for_work(speed: int, working: bool) -> None:
    assert judge_work(ABSENT_8, speed) == (working, Evidence.INFERRED)
