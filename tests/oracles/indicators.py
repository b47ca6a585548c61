"""The indicators of a period, row by row and millimetre by millimetre, from plain rows."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction

from snowtrack.model.calendar import TOKYO
from snowtrack.model.columns import ABSENT_32

DEVICE, SEGMENT, DIRECTION, FROM, TO, STARTED, ENDED, WORK, EVIDENCE, CONFIDENCE, MATERIAL = range(11)
Row = tuple[int, ...]
HOUR_US = 3_600_000_000
Key = tuple[str, str | None, str | None]
"""Indicator, agency or nothing for all, and what it is told apart by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Street:
    """A segment; `owner` is its agency or "-"."""

    length_mm: int
    road_class: str
    owner: str
    both_ways: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A tracker on a machine from an instant to before another."""

    agency: str
    name: str
    device: int | None
    tracker: str
    from_us: int
    to_us: int
    spreads: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """All that there is."""

    from_us: int
    to_us: int
    now_us: int
    streets: dict[int, Street]
    machines: list[Machine]
    sharing: frozenset[str]
    agencies: tuple[str, ...]
    routes: list[tuple[str, str | None, list[tuple[int, int]]]]
    """Agency, machine, and (segment, direction)."""
    event_starts_us: list[int]
    passes: list[Row] = field(default_factory=list)
    activities: list[Row] = field(default_factory=list)
    tracks: list[Row] = field(default_factory=list)
    orders: list[tuple[str, str, int]] = field(default_factory=list)
    proposals: list[tuple[str, int]] = field(default_factory=list)

    def machine_of(self, device: int, at_us: int) -> Machine | None:
        return next((one for one in self.machines if one.device == device and one.from_us <= at_us < one.to_us), None)

    def credited(self) -> list[tuple[Row, Machine]]:
        found = []
        for row in self.passes:
            machine, street = self.machine_of(row[DEVICE], row[STARTED]), self.streets.get(row[SEGMENT])
            if machine and street and (machine.agency == street.owner or machine.agency in self.sharing):
                found.append((row, machine))
        return found

    def holds(self, at_us: int) -> bool:
        return self.from_us <= at_us < self.to_us


def counted(town: Town) -> dict[Key, tuple[int, int]]:
    """Numerator and denominator of each figure, without those that are nothing of nothing."""
    found: dict[Key, tuple[int, int]] = {}
    for agency in (None, *town.agencies, "-"):
        for part in (_routes, _lengths, _segments, _material, _trackers, _calls):
            for (name, of), counts in part(town, agency).items():
                found[name, agency, of] = counts
    return found


Counts = dict[tuple[str, str | None], tuple[int, int]]


def _mine(agency: str | None, owner: str) -> bool:
    return agency in (None, owner)


def _length(row: Row, street: Street) -> list[int]:
    return list(range(max(row[FROM], 0), min(row[TO], street.length_mm)))


def _place(row: Row, street: Street) -> tuple[int, int] | None:
    """Segment and direction that a pass is on, where that can be said."""
    if not street.both_ways:
        return row[SEGMENT], 0
    return (row[SEGMENT], row[DIRECTION]) if row[DIRECTION] else None


def _planned(town: Town, agency: str, chosen: Callable[[str | None], bool]) -> set[tuple[int, int]]:
    places = set()
    for owner, machine, lines in town.routes:
        if owner == agency and chosen(machine):
            for segment, direction in lines:
                street = town.streets.get(segment)
                if street and not street.both_ways:
                    places.add((segment, 0))
                elif street:
                    places |= {(segment, way) for way in (1, -1) if direction in (0, way)}
    return places


def _routes(town: Town, agency: str | None) -> Counts:
    seen: dict[tuple[int, int], set[int]] = defaultdict(set)
    for row, _ in town.credited():
        street = town.streets[row[SEGMENT]]
        place = _place(row, street)
        if place and town.holds(row[ENDED]):
            seen[place] |= set(_length(row, street))
    carrying = {
        (one.agency, one.name) for one in town.machines if one.from_us < town.to_us and one.to_us > town.from_us
    }
    planned = covered = watched = 0
    for one in (*town.agencies, "-"):
        if _mine(agency, one):
            places = _planned(town, one, lambda _: True)
            planned += sum(town.streets[segment].length_mm for segment, _ in places)
            covered += sum(len(seen[place]) for place in places)
            by_machine = _planned(town, one, lambda machine, own=one: (own, machine) in carrying)  # type: ignore[misc]
            watched += sum(town.streets[segment].length_mm for segment, _ in by_machine)
    return {
        ("planned_length", None): (planned, 1),
        ("coverage", None): (covered, planned),
        ("visibility", None): (watched, planned),
    }


def _hour(at_us: int) -> int:
    return datetime.fromtimestamp(at_us / 1e6, TOKYO).hour


def _lengths(town: Town, agency: str | None) -> Counts:
    cleared: Counter[str] = Counter()
    first: Counter[str] = Counter()
    seen: set[tuple[int, tuple[int, int], int]] = set()
    # Before the event in which the period begins nothing matters.
    since_us = max((start for start in town.event_starts_us if start <= town.from_us), default=town.from_us)
    known = {row for row, _ in town.credited() if row[ENDED] >= since_us}
    rows = sorted(known, key=lambda row: (row[ENDED], row[STARTED], row[DEVICE]))
    for row in rows:
        street = town.streets[row[SEGMENT]]
        if row[WORK] != 0:
            continue
        place = _place(row, street)
        event = sum(start <= row[ENDED] for start in town.event_starts_us)
        new = {(event, place, at) for at in _length(row, street)} - seen if place else set()
        seen |= new
        if town.holds(row[ENDED]) and _mine(agency, street.owner):
            first[f"{street.road_class} {_hour(row[ENDED]):02d}"] += len(new)
    for row, _ in town.credited():
        street = town.streets[row[SEGMENT]]
        if row[WORK] == 0 and town.holds(row[ENDED]) and _mine(agency, street.owner):
            cleared[f"{street.road_class} {_hour(row[ENDED]):02d}"] += len(_length(row, street))
    found: Counts = {}
    for name, lengths in (("cleared_length", cleared), ("first_cleared_length", first)):
        found[name, None] = (lengths.total(), 1)
        found |= {(f"{name}_by_hour", of): (mm, 1) for of, mm in lengths.items() if mm}
    return found


def _segments(town: Town, agency: str | None) -> Counts:
    ploughed_mm: Counter[int] = Counter()
    for row, _ in town.credited():
        street = town.streets[row[SEGMENT]]
        if row[WORK] == 0 and town.holds(row[ENDED]) and _mine(agency, street.owner):
            ploughed_mm[row[SEGMENT]] += len(_length(row, street))
    counts = Counter(
        {segment: _times(mm, town.streets[segment].length_mm) for segment, mm in ploughed_mm.items() if mm}
    )
    bands = {"1": (1, 1), "2": (2, 2), "3-5": (3, 5), "6-10": (6, 10), "11-": (11, 10**9)}
    return {
        ("passes_per_segment", None): (counts.total(), len(counts)),
        ("passes_of_busiest_segment", None): (max(counts.values(), default=0), 1),
        **{
            ("segments_by_passes", name): (sum(low <= count <= high for count in counts.values()), 1)
            for name, (low, high) in bands.items()
        },
    }


def _times(ploughed_mm: int, length_mm: int) -> int:
    """The whole number that is nearest, of two the greater."""
    return max(1, int(Fraction(ploughed_mm, length_mm) + Fraction(1, 2)))


def _material(town: Town, agency: str | None) -> Counts:
    spread = known = grams = 0
    for row, _ in town.credited():
        street = town.streets[row[SEGMENT]]
        if row[WORK] == 1 and town.holds(row[ENDED]) and _mine(agency, street.owner):
            spread += len(_length(row, street))
            if row[MATERIAL] != ABSENT_32:
                known += len(_length(row, street))
                grams += row[MATERIAL]
    return {
        ("spread_length", None): (spread, 1),
        ("material", None): (grams, 1),
        ("material_per_km", None): (grams, known),
        ("material_known", None): (known, spread),
    }


def _trackers(town: Town, agency: str | None) -> Counts:
    found: Counts = {}
    all_heard = all_mounted = 0
    day_us = town.from_us
    while day_us < min(town.to_us, town.now_us):
        end_us = day_us + 24 * HOUR_US
        mounted = {
            (one.agency, one.tracker, one.device)
            for one in town.machines
            if _mine(agency, one.agency) and one.from_us < end_us and one.to_us > day_us
        }
        told = {
            device
            for device, start, end in [*((a[0], a[1], a[2]) for a in town.activities), *(t[:3] for t in town.tracks)]
            if start < end_us and (end > day_us or start >= day_us)
        }
        numbers = {(one.agency, one.tracker): one.device for one in town.machines}
        trackers = {(owner, tracker) for owner, tracker, _ in mounted}
        heard = sum(numbers[tracker] in told for tracker in trackers)
        day = (datetime.fromtimestamp(day_us / 1e6, TOKYO) + timedelta(0)).date().isoformat()
        found["device_availability_by_day", day] = (heard, len(trackers))
        all_heard, all_mounted = all_heard + heard, all_mounted + len(trackers)
        day_us = end_us
    found["device_availability", None] = (all_heard, all_mounted)
    for number, name in ((3, "working"), (2, "travelling"), (1, "standby"), (0, "parked")):
        spent = 0
        for device, start, end, activity, *_ in town.activities:
            machine = town.machine_of(device, start)
            if machine and activity == number and _mine(agency, machine.agency):
                spent += max(min(end, town.to_us) - max(start, town.from_us), 0)
        found["machine_hours", name] = (spent, 1)
    return found


def _calls(town: Town, agency: str | None) -> Counts:
    ploughed = [(row, machine) for row, machine in town.credited() if row[WORK] == 0]
    answers = [(row, machine) for row, machine in town.credited() if row[WORK] == 0 or machine.spreads]
    took, without = [], 0
    orders = [one for one in town.orders if _mine(agency, one[0])]
    for owner, name, at_us in orders:
        began = _began(answers, lambda machine, o=owner, n=name: (machine.agency, machine.name) == (o, n), at_us)  # type: ignore[misc]
        if began is not None and began - at_us <= 24 * HOUR_US:
            took.append(began - at_us)
        elif at_us + 24 * HOUR_US <= town.now_us:
            without += 1
    took.sort()
    proposals = [one for one in town.proposals if _mine(agency, one[0])]
    over = [one for one in proposals if one[1] + 2 * HOUR_US <= town.now_us]
    followed = 0
    for owner, at_us in over:
        began = _began(ploughed, lambda machine, o=owner: machine.agency == o, at_us)  # type: ignore[misc]
        followed += began is not None and began - at_us <= 2 * HOUR_US
    return {
        ("orders", None): (len(orders), 1),
        ("orders_without_work", None): (without, 1),
        ("response_median", None): (took[(len(took) - 1) // 2], 1) if took else (0, 0),
        ("response_p90", None): (took[-(-9 * len(took) // 10) - 1], 1) if took else (0, 0),
        ("proposals", None): (len(proposals), 1),
        ("proposals_followed", None): (followed, len(over)),
    }


def _began(ploughed: Iterable[tuple[Row, Machine]], whose: Callable[[Machine], bool], at_us: int) -> int | None:
    """When the first one began that is one of these, from an instant on."""
    return min((row[STARTED] for row, machine in ploughed if whose(machine) and row[STARTED] >= at_us), default=None)
