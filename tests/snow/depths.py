"""Depths on a grid, drawn and made, for the tests of what is computed from them."""

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from snowtrack.model.columns import ABSENT_32
from snowtrack.model.snow import Sensor, SensorId
from snowtrack.snow.curves import Curves, make_curves
from snowtrack.snow.series import STEP_US, Grid

START_US = 1_768_316_400_000_000  # midnight in Japan, 2026-01-14
Depth = int | None

# Walks as sensors make them: noise, snowfall, settling, holes short and long, and leaps.
STEPS = st.one_of(
    st.integers(-12, 12), st.integers(0, 40), st.integers(-8, 0), st.sampled_from([-300, 300, 25, -25, 24])
)


@st.composite
def walks(draw: st.DrawFn, length: int = 120) -> list[Depth]:
    """Depths from step to step, with holes."""
    steps = draw(st.lists(st.tuples(STEPS, st.integers(1, 12)), min_size=1, max_size=12))
    holes = draw(st.lists(st.tuples(st.integers(0, length), st.integers(1, 40)), max_size=4))
    walk = np.cumsum([0, *(step for step, times in steps for _ in range(times))])[:length] + 500
    depths: list[Depth] = walk.tolist()
    for begin, size in holes:
        depths[begin : begin + size] = [None] * len(depths[begin : begin + size])
    return depths


def curves_of(*series: Sequence[Depth]) -> Curves:
    """One sensor for each series."""
    longest = max(len(one) for one in series)
    table = np.full((len(series), longest), ABSENT_32, np.int32)
    for row, one in enumerate(series):
        table[row, : len(one)] = [ABSENT_32 if depth is None else depth for depth in one]
    return make_curves(Grid(start_us=START_US, steps=longest), table)


def at(step: float) -> int:
    """The time of a place on the grid."""
    return START_US + round(step * STEP_US)


def new_mm(curves: Curves, begin: float, end: float, sensor: int = 0) -> int | None:
    """Of one sensor between two places on the grid."""
    (found,) = curves.new_mm(np.array([sensor]), np.array([at(begin)]), np.array([at(end)])).tolist()
    return None if found == ABSENT_32 else int(found)


def sensor(name: str, lat: float, lon: float, *, agency: str = "kahoku", elevation_m: int | None = None) -> Sensor:
    return Sensor(
        id=SensorId(agency, name),
        name=f"観測所{name}",
        lat_e7=round(lat * 1e7),
        lon_e7=round(lon * 1e7),
        elevation_m=elevation_m,
    )
