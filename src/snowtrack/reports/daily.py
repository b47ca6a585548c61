"""The daily work report (除雪作業日報) of one device: a pure function of its fixes and passes of a Japanese day.

What no registry holds yet is empty and says so; nothing is made up. A run over midnight is split by day.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from snowtrack.model.calendar import day_range_us, utc_text
from snowtrack.model.columns import present
from snowtrack.model.fixes import FixBatch
from snowtrack.model.ids import DeviceId
from snowtrack.model.intervals import Interval
from snowtrack.model.passes import Evidence, PassBatch
from snowtrack.network.arrays import Kind, Network
from snowtrack.network.geometry import metres_per_e7
from snowtrack.reports.timeline import STANDING_MMPS, Timeline, make_timeline

# Work on one road with a longer pause is two lines.
PAUSE_US = 10 * 60_000_000
# Registry fields of the report's head, in the order of the form.
HEAD_FIELDS = ("contractor", "district", "contract", "order", "machine", "operator", "assistant", "weather", "snow")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkLine:
    """One stretch of work on one road. `metres` is what was worked, counted each time."""

    road: str | None
    route: str | None
    footway: bool
    begins: str | None
    ends: str | None
    from_us: int
    to_us: int
    metres: float
    segments: int
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyReport:
    """One day of one device."""

    day: date
    device: DeviceId
    timeline: Timeline | None
    lines: tuple[WorkLine, ...]
    driven_km: float

    @property
    def worked_km(self) -> float:
        return sum(line.metres for line in self.lines) / 1000

    def as_json(self) -> dict[str, Any]:
        """For machines: times in UTC, nothing rounded away."""
        timeline = self.timeline
        return {
            "date": self.day.isoformat(),
            "timezone": "Asia/Tokyo",
            "agency": self.device.agency,
            "device": self.device.device,
            "registered": False,
            "head": dict.fromkeys(HEAD_FIELDS),
            "from": None if timeline is None else utc_text(timeline.from_us),
            "to": None if timeline is None else utc_text(timeline.to_us),
            "seconds": None if timeline is None else {str(kind): spent for kind, spent in timeline.seconds.items()},
            "gps_gaps": [] if timeline is None else [[utc_text(a), utc_text(b)] for a, b in timeline.gaps],
            "worked_km": round(self.worked_km, 3),
            "driven_km": round(self.driven_km, 3),
            "lines": [_line_json(line) for line in self.lines],
            "corrections": [],
        }


def make_daily_report(
    device: DeviceId, day: date, *, fixes: FixBatch, passes: PassBatch, network: Network
) -> DailyReport:
    """`fixes` and `passes` in order, reaching a little beyond the day on both sides."""
    borders = day_range_us(day)
    return DailyReport(
        day=day,
        device=device,
        timeline=make_timeline(fixes, borders),
        lines=tuple(_lines(passes, borders, network)),
        driven_km=_driven_m(fixes, borders) / 1000,
    )


def _lines(passes: PassBatch, day: Interval, network: Network) -> Iterator[WorkLine]:
    stretch: list[tuple[int, ...]] = []
    for one in (cut for row in passes.rows() if (cut := _cut_to_day(row, day)) is not None):
        if stretch and not _same_stretch(stretch[-1], one, network):
            yield _line(stretch, network)
            stretch = []
        stretch.append(one)
    if stretch:
        yield _line(stretch, network)


def _cut_to_day(row: tuple[int, ...], day: Interval) -> tuple[int, ...] | None:
    """The part of a pass that falls into the day, its length by the share of its time."""
    device, segment, direction, from_mm, to_mm, started, ended, work, evidence = row
    first, last = max(started, day[0]), min(ended, day[1])
    if first > last or (first == last and not started == ended < day[1]):
        return None
    spent, length = max(ended - started, 1), to_mm - from_mm
    begins, ends = length * (first - started) // spent, length * (last - started) // spent
    if started == ended:
        begins, ends = 0, length
    return (device, segment, direction, from_mm + begins, from_mm + ends, first, last, work, evidence)


def _same_stretch(one: tuple[int, ...], other: tuple[int, ...], network: Network) -> bool:
    return _road(one, network) == _road(other, network) and other[5] - one[6] <= PAUSE_US


def _road(row: tuple[int, ...], network: Network) -> tuple[int, int, int]:
    at = int(network.rows_of([row[1]])[0])
    return (int(network.name_text[at]), int(network.route_text[at]), int(network.kind[at])) if at >= 0 else (-1, -1, 0)


def _line(stretch: Sequence[tuple[int, ...]], network: Network) -> WorkLine:
    name, route, kind = _road(stretch[0], network)
    return WorkLine(
        road=network.text(name),
        route=network.text(route),
        footway=kind == Kind.FOOTWAY,
        begins=_crossing(stretch[0], network, begins=True),
        ends=_crossing(stretch[-1], network, begins=False),
        from_us=stretch[0][5],
        to_us=stretch[-1][6],
        metres=sum(row[4] - row[3] for row in stretch) / 1000,
        segments=len({row[1] for row in stretch}),
        evidence=Evidence(max(row[8] for row in stretch)),
    )


def _crossing(row: tuple[int, ...], network: Network, *, begins: bool) -> str | None:
    """The name of a road that crosses where the stretch begins or ends."""
    at = int(network.rows_of([row[1]])[0])
    if at < 0:
        return None
    along = row[2] >= 0
    node = int(network.from_node[at] if along == begins else network.to_node[at])
    crossing = np.flatnonzero((network.from_node == node) | (network.to_node == node))
    names = [int(name) for name in network.name_text[crossing] if name >= 0 and name != network.name_text[at]]
    return network.text(min(names)) if names else None


def _driven_m(fixes: FixBatch, day: Interval) -> float:
    """Along the fixes, without those that stood still, whose noise would add up; a step belongs to where it began."""
    moving = fixes.take(present(fixes.lat_e7) & (fixes.speed_mmps >= STANDING_MMPS))
    began = moving.time_us[:-1]
    north_m, east_m = metres_per_e7(moving.lat_e7[:-1])
    steps = np.hypot(np.diff(moving.lat_e7) * north_m, np.diff(moving.lon_e7) * east_m)
    return float(np.sum(steps[(began >= day[0]) & (began < day[1])]))


def _line_json(line: WorkLine) -> dict[str, Any]:
    return {
        "work": "ploughing",
        "road": line.road,
        "route": line.route,
        "footway": line.footway,
        "begins": line.begins,
        "ends": line.ends,
        "from": utc_text(line.from_us),
        "to": utc_text(line.to_us),
        "km": round(line.metres / 1000, 3),
        "segments": line.segments,
        "evidence": line.evidence.name.lower(),
    }
