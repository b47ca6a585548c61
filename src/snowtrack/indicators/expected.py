"""When what is left of some segments may be done: as the routes that hold them."""

from dataclasses import dataclass

import numpy as np

from snowtrack.indicators.progress import Progress, Roads, Sure
from snowtrack.model.calendar import SECOND_US, utc_text
from snowtrack.model.columns import Rows, present

STEP_US = 600 * SECOND_US
"""Told in such steps, the earliest rounded down and the latest up: nobody knows it to the second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Between which instants, and how sure that is."""

    early_us: int
    late_us: int
    sure: Sure

    def as_json(self) -> dict[str, str]:
        return {
            "from": utc_text(self.early_us),
            "until": utc_text(self.late_us),
            "confidence": self.sure.name.lower(),
        }


def expected(roads: Roads, progress: Progress, rows: Rows, now_us: int) -> Expected | None:
    """Of rows of the network on which something is left. Nothing where no route holds them, or where one of these has
    something left and nobody can tell how long that takes."""
    routes = np.unique(roads.places.route[np.isin(roads.places.row, rows)])
    routes = routes[progress.left_mm[routes] > 0]
    early_s, late_s = progress.early_s[routes], progress.late_s[routes]
    if not len(routes) or not (present(early_s) & present(late_s)).all():
        return None
    return Expected(
        early_us=(now_us + int(early_s.min()) * SECOND_US) // STEP_US * STEP_US,
        late_us=-(-(now_us + int(late_s.max()) * SECOND_US) // STEP_US) * STEP_US,
        sure=Sure(int(progress.sure[routes].min())),
    )
