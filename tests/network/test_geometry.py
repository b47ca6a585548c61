"""How long a degree is, against the ellipsoid."""

import numpy as np
import pytest

from snowtrack.network.geometry import metres_per_e7
from tests.oracles.towns import WGS84


@pytest.mark.parametrize("lat_e7", [0, 243_000_000, 365_600_000, -455_000_000, 800_000_000])
def test_a_degree_is_as_long_as_on_the_ellipsoid(lat_e7: int) -> None:
    north_m, east_m = (float(scale[0]) for scale in metres_per_e7(np.array([lat_e7], np.int32)))
    steps = 10_000
    lat = lat_e7 / 1e7
    half = steps / 2e7
    assert abs(WGS84.inv(0, lat - half, 0, lat + half)[2] - steps * north_m) < 1e-4
    assert abs(WGS84.inv(0, lat, steps / 1e7, lat)[2] - steps * east_m) < 1e-4
