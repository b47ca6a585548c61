"""What the public may see: segments, their labels, and times so coarse that they are nobody's track."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from snowtrack.clearance.view import NEVER, Views
from snowtrack.model.calendar import SECOND_US, utc_text
from snowtrack.model.columns import present


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicCut:
    """A copy of all views of a network, row by row, made every few minutes; `cut_us` is 0 before the first."""

    cut_us: int
    views: Views

    @classmethod
    def of_nothing(cls, segments: int) -> Self:
        return cls(cut_us=0, views=Views.untouched(segments))

    @property
    def at(self) -> str | None:
        """When it was made, for readers."""
        return utc_text(self.cut_us) if self.cut_us else None

    def etag(self, network_id: str) -> str:
        """Another one for another cut, or another network."""
        return f'"{network_id}-{self.cut_us}"'

    @classmethod
    def made(cls, views: Views, cut_us: int, round_s: int) -> Self:
        """With times rounded down. Of what was never worked nothing is told; no machine is named in a view."""
        step_us = round_s * SECOND_US
        hidden = np.flatnonzero(views.label == NEVER)
        coarse = {name: getattr(views, name) for name in views.dtypes()}
        coarse["at_us"] = np.where(present(views.at_us), views.at_us - views.at_us % step_us, views.at_us)
        return cls(cut_us=cut_us, views=Views(**coarse).replaced(hidden, Views.untouched(len(hidden))))
