"""What the public may see: segments, their labels, and times so coarse that they are nobody's track."""

from collections.abc import Iterable
from typing import Any

from snowtrack.clearance.view import SegmentView
from snowtrack.model.calendar import SECOND_US
from snowtrack.model.states import Label


def public_segments(views: Iterable[SegmentView], round_s: int) -> list[dict[str, Any]]:
    """Views with their times rounded down; no machine is named in a view."""
    step_us = round_s * SECOND_US
    coarse = (
        SegmentView(
            segment_id=view.segment_id,
            label=view.label,
            share=view.share,
            at_us=None if view.at_us is None else view.at_us - view.at_us % step_us,
            evidence=view.evidence,
        )
        for view in views
        if view.label is not Label.NEVER
    )
    return [view.as_json() for view in coarse]
