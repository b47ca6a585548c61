"""A sensor that stays the same while it snows around it is stuck; where it does not snow, it is not."""

from collections.abc import Sequence

import numpy as np
import pytest

from snowtrack.snow.curves import Curves
from snowtrack.snow.stuck import beside, stuck_steps
from tests.snow.depths import Depth, curves_of, sensor

STEPS = 100
FLAT: list[Depth] = [300] * STEPS
DRY: list[Depth] = [300 - step // 10 for step in range(STEPS)]
SNOW: list[Depth] = [300 + max(0, min(step - 40, 30)) * 5 for step in range(STEPS)]
EVERYONE = ~np.eye(3, dtype=np.bool_)


def stuck(
    curves: Curves, near: np.ndarray[tuple[int, int], np.dtype[np.bool_]] = EVERYONE
) -> list[tuple[int, int] | None]:
    """Of each sensor the first and the last instant at which it was stuck."""
    places = [np.flatnonzero(row) for row in stuck_steps(curves, near)]
    return [(int(at[0]), int(at[-1])) if len(at) else None for at in places]


def test_the_same_to_the_digit_while_the_others_get_snow_is_stuck() -> None:
    first, *others = stuck(curves_of(FLAT, SNOW, SNOW))
    assert others == [None, None]
    assert first is not None
    # The others had five centimetres at about 50; six hours back from there, and on as long as six hours had as much.
    assert 49 - 36 <= first[0] <= 52 - 36
    assert first[1] >= 90


@pytest.mark.parametrize("others", [(DRY, DRY), (FLAT, FLAT)])
def test_the_same_while_nothing_falls_is_not(others: Sequence[list[Depth]]) -> None:
    assert stuck(curves_of(FLAT, *others)) == [None] * 3


def test_half_of_those_that_tell_are_enough_and_fewer_are_not() -> None:
    assert stuck(curves_of(FLAT, SNOW, DRY))[0] is not None
    everyone = ~np.eye(4, dtype=np.bool_)
    assert stuck(curves_of(FLAT, SNOW, DRY, DRY), everyone)[0] is None
    silent: list[Depth] = [None] * STEPS
    assert stuck(curves_of(FLAT, SNOW, silent, silent), everyone)[0] is not None


@pytest.mark.parametrize("change", [36, 45, 50])
def test_one_digit_of_change_shows_that_it_lives(change: int) -> None:
    alive = [300 + (step >= change) for step in range(70)]
    assert stuck(curves_of(alive, SNOW[:70], SNOW[:70]))[0] is None


def test_who_has_no_neighbour_is_never_stuck() -> None:
    assert stuck(curves_of(FLAT, SNOW, SNOW), np.zeros((3, 3), np.bool_)) == [None] * 3


def test_a_gap_ends_what_was_the_same() -> None:
    broken = FLAT.copy()
    broken[45:65] = [None] * 20
    assert stuck(curves_of(broken, SNOW, SNOW))[0] is None


def test_sensors_are_compared_when_they_are_near_and_about_as_high() -> None:
    sensors = [
        sensor("a", 36.70, 136.70, elevation_m=5),
        sensor("b", 36.80, 136.70, elevation_m=204),
        sensor("c", 36.75, 136.70, elevation_m=206),
        sensor("d", 36.84, 136.70, elevation_m=5),
        sensor("e", 36.70, 136.70),
    ]
    near = beside(sensors)
    pairs = {frozenset((one, other)) for one, other in np.argwhere(near).tolist()}
    assert np.array_equal(near, near.T)
    assert {frozenset(pair) for pair in [(0, 1), (0, 4), (1, 2), (1, 4), (2, 4), (1, 3)]} == pairs
