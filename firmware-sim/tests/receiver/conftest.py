"""Truth for receivers: units that drive straight, for as long as a test likes."""

from collections.abc import Callable

import numpy as np
import pytest

from ploughsim.compiled import Array
from ploughsim.world.truth import TRUTH

START_MS = 1_768_404_600_000  # 2026-01-14T15:30:00Z


def drive(units: int, first_s: float, last_s: float, step_ms: int = 1000, **others: object) -> Array:
    """Rows from `first_s` to before `last_s` after the start, in boot 1 since the start; `others` are columns."""
    times_ms = np.arange(int(first_s * 1000), int(last_s * 1000), step_ms)
    rows = np.zeros(units * len(times_ms), TRUTH)
    columns = {
        "unit": np.repeat(np.arange(units), len(times_ms)),
        "time_ms": START_MS + np.tile(times_ms, units),
        **{"boot": 1, "on_ms": START_MS, "lat_deg": 36.5, "lon_deg": 136.6, "alt_mm": 30_000},
        **{"blade_input": -1, "spreader_input": -1, "pto_input": -1},
    }
    for name, values in (columns | others).items():
        rows[name] = values
    return rows


@pytest.fixture(scope="session", name="drive")
def drive_fixture() -> Callable[..., Array]:
    return drive
