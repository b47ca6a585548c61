"""One segment as a reader sees it now: a label, how much of it, since when, and by what evidence."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Self

from snowtrack.clearance.labels import LabelPolicy, label_direction, label_segment
from snowtrack.model.calendar import read_utc, utc_text
from snowtrack.model.passes import Evidence
from snowtrack.model.states import DirectionFacts, Label
from snowtrack.network.arrays import Kind, Network, RoadClass

WIDE = (RoadClass.NATIONAL, RoadClass.PREFECTURAL, RoadClass.MAIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentView:
    """`share` is whole percent, the mean over the directions in which the segment can be driven."""

    segment_id: int
    label: Label
    share: int
    at_us: int | None
    evidence: Evidence | None

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.segment_id,
            "label": str(self.label),
            "share": self.share,
            "at": None if self.at_us is None else utc_text(self.at_us),
            "evidence": None if self.evidence is None else self.evidence.name.lower(),
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        at, evidence = content["at"], content["evidence"]
        return cls(
            segment_id=content["id"],
            label=Label(content["label"]),
            share=content["share"],
            at_us=None if at is None else read_utc(at),
            evidence=None if evidence is None else Evidence[evidence.upper()],
        )


def untouched(segment_id: int) -> SegmentView:
    """Nothing is known of it in this event."""
    return SegmentView(segment_id=segment_id, label=Label.NEVER, share=0, at_us=None, evidence=None)


def counts_both_ways(network: Network, row: int) -> bool:
    """Does each direction have to be worked? Only on wide roads: a narrow street or footway is clear after one pass."""
    carriageway = int(network.kind[row]) == Kind.CARRIAGEWAY and int(network.oneway[row]) == 0
    return carriageway and int(network.road_class[row]) in WIDE


def view_segments(
    network: Network, facts: Sequence[DirectionFacts], *, now_us: int, silent: Collection[int], policy: LabelPolicy
) -> list[SegmentView]:
    """Views of the segments that have facts; `facts` is ordered by segment."""
    views = []
    for segment_id, own in groupby(facts, key=lambda one: one.segment_id):
        row = int(network.rows_of([segment_id])[0])
        if row >= 0:
            views.append(
                _view(segment_id, list(own), 2 if counts_both_ways(network, row) else 1, now_us, silent, policy)
            )
    return views


def _view(
    segment_id: int,
    own: list[DirectionFacts],
    directions: int,
    now_us: int,
    silent: Collection[int],
    policy: LabelPolicy,
) -> SegmentView:
    labels = [label_direction(one, now_us=now_us, silent=one.last_device in silent, policy=policy) for one in own]
    return SegmentView(
        segment_id=segment_id,
        label=label_segment(labels, directions),
        share=sum(one.share_permille for one in own) // (10 * directions),
        at_us=max(one.last_us for one in own),
        evidence=max(one.evidence for one in own),
    )


def changed_views(before: dict[int, SegmentView], after: Iterable[SegmentView]) -> list[SegmentView]:
    """Those that read differently."""
    return [view for view in after if before.get(view.segment_id) != view]
