"""The daily work report (除雪作業日報) of one device: a pure function of its activities and passes of a Japanese day.

What the registry does not say is empty and says so; nothing is made up. A run over midnight is split by day.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from snowtrack.model.calendar import day_range_us, utc_text
from snowtrack.model.columns import ABSENT_32
from snowtrack.model.ids import DeviceId
from snowtrack.model.intervals import Interval
from snowtrack.model.passes import PassBatch
from snowtrack.model.work import ActivityBatch, Evidence, Work
from snowtrack.network.arrays import Kind, Network
from snowtrack.reports.head import HEAD_FIELDS, Registered
from snowtrack.reports.timeline import Timeline, make_timeline

# Work on one road with a longer pause is two lines.
PAUSE_US = 10 * 60_000_000
# Nobody signs for less by itself.
LISTED_M = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkLine:
    """One stretch of work on one road. `metres` is what was worked, counted each time; `material_g` what was spread, as
    far as that is known."""

    work: Work
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
    material_g: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyReport:
    """One day of one device. `registered` is there when a machine carried it."""

    day: date
    device: DeviceId
    timeline: Timeline | None
    lines: tuple[WorkLine, ...]
    registered: Registered | None = None

    @property
    def listed(self) -> tuple[WorkLine, ...]:
        """Lines to be signed: those that are long enough, or all where none is."""
        return tuple(line for line in self.lines if line.metres >= LISTED_M) or self.lines

    def unlisted(self, work: Work) -> tuple[WorkLine, ...]:
        """The other lines of one kind of work, which are in the sums too."""
        listed = set(self.listed)
        return tuple(line for line in self.lines if line.work is work and line not in listed)

    @property
    def head(self) -> dict[str, str | None]:
        return dict.fromkeys(HEAD_FIELDS) if self.registered is None else self.registered.head()

    def km(self, work: Work) -> float:
        """Along the lines of one kind of work."""
        return sum(line.metres for line in self.lines if line.work is work) / 1000

    @property
    def material_kg(self) -> float | None:
        return spread_kg(self.lines)

    @property
    def worked_km(self) -> float:
        """Driven at work, on roads or not."""
        return 0.0 if self.timeline is None else self.timeline.worked_mm / 1e6

    @property
    def driven_km(self) -> float:
        return 0.0 if self.timeline is None else self.timeline.driven_mm / 1e6

    def as_json(self) -> dict[str, Any]:
        """For machines: times in UTC, nothing rounded away."""
        timeline = self.timeline
        return {
            "date": self.day.isoformat(),
            "timezone": "Asia/Tokyo",
            "agency": self.device.agency,
            "device": self.device.device,
            "registered": self.registered is not None,
            "agency_name": None if self.registered is None else self.registered.agency,
            "head": self.head,
            "machines": [] if self.registered is None else self.registered.as_json(),
            "from": None if timeline is None else utc_text(timeline.from_us),
            "to": None if timeline is None else utc_text(timeline.to_us),
            "seconds": None if timeline is None else _seconds(timeline),
            "gps_gaps": [] if timeline is None else [[utc_text(a), utc_text(b)] for a, b in timeline.gaps],
            "ploughed_km": round(self.km(Work.PLOUGHING), 3),
            "spread_km": round(self.km(Work.SPREADING), 3),
            "material_kg": self.material_kg,
            "worked_km": round(self.worked_km, 3),
            "driven_km": round(self.driven_km, 3),
            "lines": [_line_json(line) for line in self.lines],
            "corrections": [],
        }


def make_daily_report(
    device: DeviceId,
    day: date,
    *,
    activities: ActivityBatch,
    passes: PassBatch,
    network: Network,
    registered: Registered | None = None,
) -> DailyReport:
    """`activities` and `passes` in order, reaching a little beyond the day on both sides."""
    borders = day_range_us(day)
    return DailyReport(
        day=day,
        device=device,
        timeline=make_timeline(activities, borders),
        lines=tuple(sorted(_lines(passes, borders, network), key=lambda line: (line.from_us, line.work))),
        registered=registered,
    )


def spread_kg(lines: Sequence[WorkLine]) -> float | None:
    """As far as it is known."""
    known = [line.material_g for line in lines if line.material_g is not None]
    return sum(known) / 1000 if known else None


def _lines(passes: PassBatch, day: Interval, network: Network) -> Iterator[WorkLine]:
    for work in Work:
        yield from _lines_of(passes.take(passes.work == work), day, network)


def _lines_of(passes: PassBatch, day: Interval, network: Network) -> Iterator[WorkLine]:
    stretch: list[tuple[int, ...]] = []
    for one in (cut for row in passes.rows() if (cut := _cut_to_day(row, day)) is not None):
        if stretch and not _same_stretch(stretch[-1], one, network):
            yield _line(stretch, network)
            stretch = []
        stretch.append(one)
    if stretch:
        yield _line(stretch, network)


def _cut_to_day(row: tuple[int, ...], day: Interval) -> tuple[int, ...] | None:
    """The part of a pass that falls into the day, its length and its salt by the share of its time."""
    device, segment, direction, from_mm, to_mm, started, ended, *how, material = row
    first, last = max(started, day[0]), min(ended, day[1])
    if first > last or (first == last and not started == ended < day[1]):
        return None
    spent, length = max(ended - started, 1), to_mm - from_mm
    begins, ends = length * (first - started) // spent, length * (last - started) // spent
    if started == ended:
        begins, ends = 0, length
    if material != ABSENT_32:
        material = material * ends // length - material * begins // length
    return (device, segment, direction, from_mm + begins, from_mm + ends, first, last, *how, material)


def _same_stretch(one: tuple[int, ...], other: tuple[int, ...], network: Network) -> bool:
    return _road(one, network) == _road(other, network) and other[5] - one[6] <= PAUSE_US


def _road(row: tuple[int, ...], network: Network) -> tuple[int, int, int]:
    at = int(network.rows_of([row[1]])[0])
    return (int(network.name_text[at]), int(network.route_text[at]), int(network.kind[at])) if at >= 0 else (-1, -1, 0)


def _line(stretch: Sequence[tuple[int, ...]], network: Network) -> WorkLine:
    name, route, kind = _road(stretch[0], network)
    spread = [row[10] for row in stretch if row[10] != ABSENT_32]
    return WorkLine(
        work=Work(stretch[0][7]),
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
        material_g=sum(spread) if spread else None,
    )


def _crossing(row: tuple[int, ...], network: Network, *, begins: bool) -> str | None:
    """The name of a road that crosses where the stretch begins or ends."""
    at = int(network.rows_of([row[1]])[0])
    if at < 0:
        return None
    along = row[2] >= 0
    node = int(network.from_node[at] if along == begins else network.to_node[at])
    crossing = network.node_ends[network.node_offsets[node] : network.node_offsets[node + 1]] >> 1
    names = [int(name) for name in network.name_text[crossing] if name >= 0 and name != network.name_text[at]]
    return network.text(min(names)) if names else None


def _seconds(timeline: Timeline) -> dict[str, int]:
    return {kind.name.lower(): spent for kind, spent in timeline.seconds.items()} | {"no_signal": timeline.unseen_s}


def _line_json(line: WorkLine) -> dict[str, Any]:
    return {
        "work": line.work.name.lower(),
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
        "material_kg": None if line.material_g is None else line.material_g / 1000,
    }
