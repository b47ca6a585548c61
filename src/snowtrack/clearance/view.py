"""Segments as a reader sees them now: a label, how much of it, since when, by what evidence and how surely."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from snowtrack.clearance.labels import of_both
from snowtrack.clearance.ledger import Ledger, Surroundings
from snowtrack.clearance.segments import PolicyTable
from snowtrack.model.calendar import read_utc, utc_text
from snowtrack.model.columns import ABSENT_8, ABSENT_64, Bools, Columns, Int8s, Int64s, Rows
from snowtrack.model.states import LABELS, Label
from snowtrack.model.work import Evidence

NEVER = LABELS.index(Label.NEVER)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Views(Columns):
    """One row per segment. `label` is a place in `LABELS`; `at_us` is when it was last worked on. In whole percent:
    `share`, the mean over the directions that count, and `confidence`, the mean over what is covered."""

    label: Int8s
    share: Int8s
    at_us: Int64s
    evidence: Int8s
    confidence: Int8s

    @classmethod
    def untouched(cls, count: int) -> Self:
        """Nothing is known in this event."""
        fills = {"label": NEVER, "at_us": ABSENT_64, "evidence": ABSENT_8}
        return cls(**{name: np.full(count, fills.get(name, 0), dtype) for name, dtype in cls.dtypes().items()})

    def differ(self, other: Self) -> Bools:
        """Where two read differently."""
        different = np.zeros(len(self), np.bool_)
        for name in self.dtypes():
            different |= getattr(self, name) != getattr(other, name)
        return different

    def replaced(self, rows: Rows, views: Self) -> Self:
        """With others in some rows. This one stays as it is: a tile may be made of it in another thread."""
        columns = {name: getattr(self, name).copy() for name in self.dtypes()}
        for name, column in columns.items():
            column[rows] = getattr(views, name)
        return type(self)(**columns)

    def as_json(self, segment_ids: Int64s) -> list[dict[str, Any]]:
        """For readers; `segment_ids` names the rows."""
        names = [str(each) for each in LABELS]
        evidences = {int(one): one.name.lower() for one in Evidence}
        return [
            {
                "id": id_,
                "label": names[label],
                "share": share,
                "at": None if at_us == ABSENT_64 else utc_text(at_us),
                "evidence": evidences.get(evidence),
                "confidence": confidence,
            }
            for id_, (label, share, at_us, evidence, confidence) in zip(segment_ids.tolist(), self.rows(), strict=True)
        ]

    @classmethod
    def from_json(cls, content: Iterable[Mapping[str, Any]]) -> Self:
        """What `as_json` wrote, without the ids."""
        return cls.from_rows(
            [
                (
                    LABELS.index(Label(one["label"])),
                    one["share"],
                    ABSENT_64 if one["at"] is None else read_utc(one["at"]),
                    ABSENT_8 if one["evidence"] is None else Evidence[one["evidence"].upper()],
                    one["confidence"],
                )
                for one in content
            ]
        )


def view(ledger: Ledger, rows: Rows, around: Surroundings, table: PolicyTable) -> Views:
    """The views of some rows of the network."""
    own = ledger.directions(rows, around, table)
    both = own.counts[:, 1]
    covered_mm = own.covered_mm.astype(np.int64)  # nothing stands in a direction that does not count
    shares = covered_mm * 100_000 // np.maximum(own.length_mm, 1)  # thousandths of a percent
    total_mm = covered_mm.sum(axis=1)
    return Views(
        label=np.where(both, of_both(own.label[:, 0], own.label[:, 1]), own.label[:, 0]).astype(np.int8),
        share=(shares.sum(axis=1) // (1000 * (1 + both))).astype(np.int8),
        at_us=own.last_us.max(axis=1),
        evidence=own.evidence.max(axis=1),
        confidence=((covered_mm * own.confidence).sum(axis=1) // (10 * np.maximum(total_mm, 1))).astype(np.int8),
    )
