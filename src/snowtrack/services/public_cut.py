"""What the public may see: segments, their labels, and times so coarse that they are nobody's track."""

from dataclasses import replace
from typing import Any

import numpy as np

from snowtrack.clearance.view import NEVER, Views
from snowtrack.model.calendar import SECOND_US
from snowtrack.model.columns import Int64s, present


def public_segments(views: Views, segment_ids: Int64s, round_s: int) -> list[dict[str, Any]]:
    """All but those that were never worked, with their times rounded down; no machine is named in a view."""
    shown = views.label != NEVER
    views, step_us = views.take(shown), round_s * SECOND_US
    coarse_us = np.where(present(views.at_us), views.at_us - views.at_us % step_us, views.at_us)
    return replace(views, at_us=coarse_us).as_json(segment_ids[shown])
