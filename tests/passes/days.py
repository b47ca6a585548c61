"""Drawn days of machines, and what a scalar oracle makes of them."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import NamedTuple

from hypothesis import strategies as st

from snowtrack.model.columns import ABSENT_8, ABSENT_16, ABSENT_32
from snowtrack.model.fixes import BLADE_DOWN, BLADE_UP
from snowtrack.model.fleet import FOREVER_US, NOBODY, Fleet, Mountings
from snowtrack.model.machines import MachineKind
from snowtrack.model.matches import NO_ROW
from snowtrack.model.work import Activity, Work
from snowtrack.passes.profiles import PROFILES
from snowtrack.passes.stage import PassStage, Worked, WorkPolicy, joined
from tests.oracles.driving import Moment, Pass, passes
from tests.oracles.inputs import Heard
from tests.oracles.working import Run, Span, merged, told
from tests.passes.journeys import MINUTE, SECOND, START, STREET, TOWN, Came, Journey, batches, named

POLICIES = (
    WorkPolicy(),
    WorkPolicy(
        bridge_us=8 * SECOND,
        seen_us=3 * SECOND,
        zone_us=12 * SECOND,
        down_us=2 * SECOND,
        lift_us=3 * SECOND,
        turn_us=6 * SECOND,
        guess_us=4 * SECOND,
        leave_us=3 * SECOND,
        idle_us=15 * SECOND,
        stand_us=4 * SECOND,
        parked_us=30 * SECOND,
    ),
)
# When a machine changes under a device, if it does.
CHANGED_US = START + 5 * MINUTE
CADENCES = [1, 1, 1, 1, 0, 0.1, 0.7, 2, 2.5, 7, 14, 16, 31, 45]
COUNTS = [1, 2, 3, 4, 5, 8, 13, 16, 20, 31, 62, 80]
SPEEDS = [0, 5, 0, 5, 0, 5, 0.2, 0.6, 1.5, 2.7, 8, 10, 11.2, 12.2, 13, 14, 17, 25, 90]
INPUTS = {
    "blade": [ABSENT_8, BLADE_UP, BLADE_UP, BLADE_DOWN, BLADE_DOWN, BLADE_DOWN],
    "pto": [ABSENT_8, ABSENT_8, 0, 1],
    "spreading": [ABSENT_8, ABSENT_8, 0, 1],
    "spread_dgpm": [ABSENT_16, 0, 137, 300],
    "confidence": [1000, 873, 400],
}
EVENTS: dict[str, Callable[[Journey], Journey]] = {
    "nothing": lambda journey: journey,
    "turn": Journey.turn,
    "gap": lambda journey: journey.wait(70),
    "pause": lambda journey: journey.wait(7),
    "track": Journey.new_track,
    "elsewhere": lambda journey: journey.take(journey.row % len(TOWN) // 2),
    "streets": lambda journey: journey.take(STREET),
    "put back": lambda journey: journey.put(journey.along_mm - 17_000),
    "put on": lambda journey: journey.put(journey.along_mm + 9_000),
}


class Spell(NamedTuple):
    """Fixes in which a machine does one thing."""

    event: str
    every_s: float
    fixes: int
    speed_mps: float
    stated: bool
    on_road: bool
    ends: bool
    inputs: dict[str, int]


class Day(NamedTuple):
    """Of one device: what it was on, then on what else, and what it did."""

    kinds: tuple[MachineKind, MachineKind]
    spells: list[Spell]


@cache
def _speaks(inputs: tuple[str, ...]) -> st.SearchStrategy[dict[str, int]]:
    """Devices have different inputs."""
    own = {name: st.sampled_from(values) for name, values in INPUTS.items() if name in inputs}
    return st.fixed_dictionaries(own)


def _spells(inputs: tuple[str, ...]) -> st.SearchStrategy[list[Spell]]:
    spell = st.builds(
        Spell,
        event=st.sampled_from(["nothing", "nothing", "nothing", *EVENTS]),
        every_s=st.sampled_from(CADENCES),
        fixes=st.sampled_from(COUNTS),
        speed_mps=st.sampled_from(SPEEDS),
        stated=st.sampled_from([True, True, True, False]),
        on_road=st.sampled_from([True, True, True, False]),
        ends=st.sampled_from([False] * 7 + [True]),
        inputs=_speaks(inputs),
    )
    return st.lists(spell, min_size=1, max_size=14)


DEVICES = [(), ("blade",), ("blade", "confidence"), ("blade", "pto"), ("spreading", "spread_dgpm"), tuple(INPUTS)]
KINDS = st.sampled_from(MachineKind)
DAYS = st.builds(Day, kinds=st.tuples(KINDS, KINDS), spells=st.sampled_from(DEVICES).flatmap(_spells))


def came(device: int, day: Day) -> list[Came]:
    said = dict.fromkeys(INPUTS, ABSENT_8) | {"spread_dgpm": ABSENT_16, "confidence": 900}
    journey = Journey(device % 10, 20, device=device, **said)
    ended = set()
    for event, every_s, count, speed_mps, stated, on_road, ends, inputs in day.spells:
        EVENTS[event](journey)
        if ends:
            ended.add(len(journey.came))
        stands = {"stands": int(speed_mps == 0)}
        journey.fixes(count, speed_mps, every_s, **inputs, **stands)
        for at in range(-min(count, len(journey.came)), 0):
            journey.came[at] = _with(journey.came[at], stated=stated or MachineKind.SMALL in day.kinds, on_road=on_road)
    return [one._replace(flushed=at in ended) for at, one in enumerate(journey.came)]


def _with(one: Came, *, stated: bool, on_road: bool) -> Came:
    match = one.match if stated else one.match | {"speed_mmps": ABSENT_32}
    return one if on_road and stated else one._replace(match=match if on_road else match | {"row": NO_ROW})


def fleet_of(days: Sequence[Day]) -> Fleet:
    """Devices 1, 2 … on machines of these kinds."""
    rows = []
    for device, day in enumerate(days, 1):
        for kind, from_us, to_us in zip(day.kinds, (0, CHANGED_US), (CHANGED_US, FOREVER_US), strict=True):
            rows.append((device, from_us, to_us, kind, 0, NOBODY))
    return Fleet(version=1, mountings=Mountings.from_rows(rows))


def expected(day: Day, fixes: Sequence[Came], policy: WorkPolicy) -> tuple[list[Run], dict[Work, list[Pass]]]:
    """By the oracle: runs, and passes by kind of work."""
    heard = [_heard(day, one) for one in fixes]
    runs = told(heard, policy)
    befores = [0, *(one.at_us for one in heard)]
    made = {}
    for work in Work:
        ways = [way for run in runs for way in run.ways[work]]
        moments = []
        for way, before_us, one in zip(ways, befores, fixes, strict=False):
            dgpm = one.match["spread_dgpm"]
            known = None if dgpm == ABSENT_16 else dgpm
            moments.append(Moment(way, before_us, one.match["observed_us"], one.driven, one.match["confidence"], known))
        made[work] = passes(moments, work)
    return runs, made


def _heard(day: Day, one: Came) -> Heard:
    match = one.match
    profile = PROFILES[day.kinds[match["observed_us"] >= CHANGED_US]]
    ploughs = match["pto"] if profile.by_pto and match["pto"] != ABSENT_8 else match["blade"]
    stated = match["speed_mmps"]
    return Heard(
        at_us=match["observed_us"],
        track_us=match["track_us"],
        opens=one.flushed,
        on_road=match["row"] != NO_ROW,
        stated_mmps=None if stated == ABSENT_32 else stated,
        stands=match["stands"] == 1,
        asked=(_said(ploughs), _said(match["spreading"])),
        way_mm=sum(abs(to_mm - from_mm) for *_, from_mm, to_mm in one.driven),
        profile=profile,
    )


def _said(value: int) -> int | None:
    return None if value == ABSENT_8 else value


def taken(stage: PassStage, fixes: Iterable[Came], size: int) -> Worked:
    """In batches of so many fixes; before some of them their tracks are ended."""
    parts, batch = [], list[Came]()
    for one in fixes:
        if one.flushed or len(batch) == size:
            parts.append(stage.on_batch(*batches(batch)))
            batch = []
        if one.flushed:
            parts.append(stage.flush([one.match["device"]]))
        batch.append(one)
    return joined([*parts, stage.on_batch(*batches(batch))])


def of_device(made: Worked, device: int) -> Worked:
    return Worked(
        passes=made.passes.take(made.passes.device == device),
        activities=made.activities.take(made.activities.device == device),
    )


def rows_of(made: Worked, work: Work) -> list[Pass]:
    """Passes as the oracle tells them."""
    rows = [row[1:] for row in made.passes.rows() if row[7] == work]
    return [(int(TOWN.rows_of([segment])[0]), *rest) for segment, *rest in rows]


def spans_of(made: Worked) -> list[Span]:
    return merged([(one["started_us"], one["ended_us"], Activity(one["activity"])) for one in named(made.activities)])
