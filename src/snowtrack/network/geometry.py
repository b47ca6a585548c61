"""How long a degree is."""

import numpy as np

from snowtrack.model.columns import Floats, Int32s, Int64s

# WGS84: metres per radian along the meridian and the parallel follow from these two.
SEMI_MAJOR_M = 6_378_137.0
ECCENTRICITY_2 = 0.00669437999014
RAD_PER_E7 = np.pi / 180 / 1e7


def metres_per_e7(lat_e7: Int32s | Int64s) -> tuple[Floats, Floats]:
    """Metres per 1e-7 degree to the north and to the east, at these latitudes."""
    sine = np.sin(lat_e7 * RAD_PER_E7)
    curve = 1 - ECCENTRICITY_2 * sine * sine
    east_radius = SEMI_MAJOR_M / np.sqrt(curve)
    north_radius = east_radius * (1 - ECCENTRICITY_2) / curve
    return north_radius * RAD_PER_E7, east_radius * np.sqrt(1 - sine * sine) * RAD_PER_E7
