"""Ages and confidence told in bands, so that what is told seldom changes and is small."""

import numpy as np

from snowtrack.clearance.view import Views
from snowtrack.model.calendar import MINUTE_US
from snowtrack.model.columns import ABSENT_8, Int64s, present

AGE_MIN = (0, 60, 180, 360, 720, 1_440)
"""From so many minutes since it was last worked on: the steps that people of Hokuriku know from Fukui's map."""
CONFIDENCE = (0, 50, 80)
"""From so many percent."""
NO_BAND = -1


def age_bands(views: Views, now_us: int) -> Int64s:
    """Places in `AGE_MIN`; `NO_BAND` for what was not worked on. Clocks that differ make nothing younger than now."""
    minutes = np.maximum(now_us - views.at_us, 0) // MINUTE_US
    return np.where(present(views.at_us), np.searchsorted(AGE_MIN, minutes, side="right") - 1, NO_BAND)


def confidence_bands(views: Views) -> Int64s:
    """Places in `CONFIDENCE`; `NO_BAND` where there is no evidence."""
    found = np.searchsorted(CONFIDENCE, views.confidence, side="right") - 1
    return np.where(views.evidence != ABSENT_8, found, NO_BAND)
