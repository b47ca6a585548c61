"""How far apart places are, on a sphere: right to half a percent, which is nothing beside how snow falls."""

import numpy as np
import numpy.typing as npt

from snowtrack.model.columns import Floats, Int32s, Int64s
from snowtrack.network.geometry import RAD_PER_E7

EARTH_M = 6_371_009.0

Vectors = npt.NDArray[np.float64]
"""A row of three for each place, from the middle of the earth."""


def unit_vectors(lat_e7: Int32s | Int64s, lon_e7: Int32s | Int64s) -> Vectors:
    lat, lon = lat_e7 * RAD_PER_E7, lon_e7 * RAD_PER_E7
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)


def distances_m(places: Vectors, others: Vectors) -> Floats:
    """Of each place to each other one, along the great circle."""
    return arcs_m(places @ others.T)


def arcs_m(cosines: Floats) -> Floats:
    """The distance whose angle has this cosine; to a metre also where it is nearly one."""
    arcs: Floats = 2 * EARTH_M * np.arcsin(np.sqrt(np.clip((1 - cosines) / 2, 0, 1)))
    return arcs
