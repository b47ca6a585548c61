"""Groups of segments at a glance: kilometres by label, and since when. One record, from which every format is made."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from snowtrack.clearance.groups import Groups
from snowtrack.clearance.view import Views
from snowtrack.model.calendar import utc_text
from snowtrack.model.columns import ABSENT_64, Int32s, Int64s, least, most, present
from snowtrack.model.states import LABELS, Label

DONE, CLOSED = LABELS.index(Label.DONE), LABELS.index(Label.CLOSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Of one group, lengths along the road. `done_share` is of what is open, absent where nothing is. It was last
    worked on at `newest_us`; of what is done, nothing was last worked on before `done_since_us`."""

    id: str
    name: str
    segments: int
    label_mm: dict[Label, int]
    done_share: float | None
    newest_us: int | None
    done_since_us: int | None

    def as_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "name": self.name,
            "segments": self.segments,
            "km": _km(sum(self.label_mm.values())),
            "km_by_label": {str(label): _km(mm) for label, mm in self.label_mm.items()},
            "done_share": self.done_share,
            "newest_at": None if self.newest_us is None else utc_text(self.newest_us),
            "done_since": None if self.done_since_us is None else utc_text(self.done_since_us),
        }


def summarise(groups: Groups, views: Views, length_mm: Int32s) -> Iterator[Summary]:
    """In the order of the groups."""
    count, own = len(groups.names), views.take(groups.row)
    cells = groups.member * len(LABELS) + own.label
    label_mm = np.zeros(count * len(LABELS), np.int64)
    np.add.at(label_mm, cells, length_mm[groups.row])
    by_label = label_mm.reshape(count, len(LABELS))
    segments = np.bincount(groups.member, minlength=count)
    worked = present(own.at_us)
    newest_us = most(own.at_us[worked], groups.member[worked], count)
    done = worked & (own.label == DONE)
    since_us = least(own.at_us[done], groups.member[done], count)
    for place, (id_, name) in enumerate(groups.names.items()):
        yield Summary(
            id=id_,
            name=name,
            segments=int(segments[place]),
            label_mm=dict(zip(LABELS, by_label[place].tolist(), strict=True)),
            done_share=_share(by_label[place]),
            newest_us=_known(newest_us[place]),
            done_since_us=_known(since_us[place]),
        )


def _share(label_mm: Int64s) -> float | None:
    open_mm = int(label_mm.sum() - label_mm[CLOSED])
    return round(int(label_mm[DONE]) / open_mm, 4) if open_mm else None


def _known(at_us: np.int64) -> int | None:
    """Of a group without any, the smallest or the largest number stands there."""
    return None if at_us in (ABSENT_64, np.iinfo(np.int64).max) else int(at_us)


def _km(mm: int) -> float:
    return round(mm / 1e6, 3)
