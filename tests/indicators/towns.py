"""Small towns with a season in them, as the oracle has them and as the program is given them."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from snowtrack.clearance.routes import NOBODYS, Route, Routes, missing_lines, places_of
from snowtrack.clearance.segments import Segments
from snowtrack.indicators.period import Mounted, Period, Scene
from snowtrack.indicators.progress import Roads
from snowtrack.indicators.season import Call, Season
from snowtrack.model.columns import ABSENT_32
from snowtrack.model.fleet import NOBODY, Agency, Fleet, Manages, Mountings
from snowtrack.model.machines import MachineKind
from snowtrack.model.policy import ROAD_CLASSES
from tests.oracles.indicators import HOUR_US, Machine, Street, Town

DAY_US = 24 * HOUR_US
FROM_US = 20_000 * DAY_US - 9 * HOUR_US
DAYS = 3
AGENCIES = ("a", "b")
STREETS = {
    1: Street(length_mm=30, road_class="local", owner="a", both_ways=False),
    2: Street(length_mm=20, road_class="main", owner="a", both_ways=True),
    3: Street(length_mm=25, road_class="national", owner="b", both_ways=True),
    5: Street(length_mm=15, road_class="footway", owner="-", both_ways=False),
    6: Street(length_mm=10, road_class="local", owner="b", both_ways=False),
}
UNKNOWN_SEGMENT = 4
HEARD = (1, 2, 3)

hours = st.one_of(st.integers(4, 8), st.integers(-12, DAYS * 24 + 26))


def at(hour: int, quarter: int) -> int:
    return FROM_US + hour * HOUR_US + quarter * 900_000_000


moments = st.builds(at, hours, st.integers(0, 3))
# Orders and proposals are those of the period.
calls = st.builds(at, st.one_of(st.integers(4, 8), st.integers(0, DAYS * 24 - 1)), st.integers(0, 3))


@st.composite
def machines(draw: st.DrawFn) -> list[Machine]:
    """Trackers on machines, each on one at a time. The first is on one all the time; the last was never heard."""
    always: dict[str, Any] = {"name": "m1", "device": HEARD[0], "tracker": "t1", "from_us": 0, "to_us": 10**17}
    found = [Machine(agency=draw(st.sampled_from(AGENCIES)), spreads=draw(st.booleans()), **always)]
    for device in (*HEARD[1:], None):
        agency = draw(st.sampled_from(AGENCIES))
        cuts = sorted(draw(st.lists(st.integers(-1, DAYS * 4 + 2), max_size=3, unique=True)))
        edges = [FROM_US + cut * DAY_US // 4 for cut in cuts]
        for start, end in zip(edges, [*edges[1:], 10**17], strict=False):
            if draw(st.booleans()):
                name = draw(st.sampled_from(["m1", "m2"]))
                span = {"from_us": start, "to_us": end}
                spreads = draw(st.booleans())
                found.append(
                    Machine(agency=agency, name=name, device=device, tracker=f"t{device}", spreads=spreads, **span)
                )
    return found


@st.composite
def a_pass(draw: st.DrawFn) -> tuple[int, ...]:
    from_mm = draw(st.integers(0, 28))
    started = draw(moments)
    return (
        draw(st.sampled_from([1, *HEARD, 9])),
        draw(st.sampled_from([*STREETS, *STREETS, UNKNOWN_SEGMENT])),
        draw(st.integers(-1, 1)),
        from_mm,
        from_mm + draw(st.integers(1, 30)),
        started,
        started + draw(st.sampled_from([0, 60_000_000, HOUR_US])),
        draw(st.sampled_from([0, 0, 1])),
        draw(st.integers(0, 1)),
        900,
        draw(st.sampled_from([ABSENT_32, 0, 70])),
    )


@st.composite
def an_activity(draw: st.DrawFn) -> tuple[int, ...]:
    started = draw(moments)
    length = draw(st.sampled_from([1, 1_000_000, HOUR_US]))
    return draw(st.sampled_from([*HEARD, 9])), started, started + length, draw(st.integers(0, 3)), 0, 0, 1, 5


@st.composite
def a_track(draw: st.DrawFn) -> tuple[int, ...]:
    started = draw(moments)
    return draw(st.sampled_from([*HEARD, 9])), started, started + draw(st.sampled_from([0, HOUR_US, 2 * DAY_US]))


lines = st.lists(st.tuples(st.sampled_from([*STREETS, UNKNOWN_SEGMENT]), st.integers(-1, 1)), min_size=1, max_size=5)
routes = st.lists(
    st.tuples(st.sampled_from(["a", "b", NOBODYS]), st.sampled_from([None, "m1", "m2"]), lines), min_size=1, max_size=4
)
towns = st.builds(
    Town,
    from_us=st.just(FROM_US),
    to_us=st.just(FROM_US + DAYS * DAY_US),
    now_us=st.integers(-1, DAYS * 2 + 2).map(lambda half: FROM_US + half * DAY_US // 2),
    streets=st.just(STREETS),
    machines=machines(),
    sharing=st.sampled_from([frozenset(), frozenset({"a"}), frozenset(AGENCIES)]),
    agencies=st.just(AGENCIES),
    routes=routes,
    event_starts_us=st.lists(moments, max_size=3, unique=True).map(sorted),
    passes=st.lists(a_pass(), min_size=3, max_size=12),
    activities=st.lists(an_activity(), min_size=1, max_size=6),
    tracks=st.lists(a_track(), max_size=4),
    orders=st.lists(
        st.tuples(st.sampled_from(AGENCIES), st.sampled_from(["m1", "m1", "m2", "m3"]), calls), min_size=1, max_size=6
    ),
    proposals=st.lists(st.tuples(st.sampled_from(AGENCIES), calls), min_size=1, max_size=5),
)


def season_of(town: Town) -> Season:
    """Nothing is added yet."""
    orders = [Call(agency=agency, machine=machine, at_us=at_us) for agency, machine, at_us in town.orders]
    proposals = [Call(agency=agency, machine=None, at_us=at_us) for agency, at_us in town.proposals]
    return Season(scene_of(town), orders, proposals)


def scene_of(town: Town) -> Scene:
    agencies = (*town.agencies, NOBODYS)
    ids = np.array(sorted(town.streets), np.int64)
    streets = [town.streets[segment] for segment in ids.tolist()]
    managers = [agencies.index(one.owner) for one in streets]
    return Scene(
        period=Period(from_us=town.from_us, to_us=town.to_us, now_us=town.now_us),
        roads=_roads(town, ids, streets),
        rows_by_id=np.arange(len(ids)),
        fleet=_fleet(town),
        managers=np.array([NOBODY if place == len(town.agencies) else place for place in managers], np.int16),
        mounted=tuple(
            Mounted(
                agency=one.agency,
                device=one.tracker,
                machine=one.name,
                number=one.device,
                from_us=one.from_us,
                to_us=one.to_us,
            )
            for one in town.machines
        ),
        event_starts_us=np.array(town.event_starts_us, np.int64),
    )


def _roads(town: Town, ids: "np.ndarray[tuple[int], np.dtype[np.int64]]", streets: list[Street]) -> Roads:
    lined = [
        (
            Route(agency=agency, id=f"r{number}", name="r", machine=machine),
            np.array([segment for segment, _ in own], np.int64),
            np.array([direction for _, direction in own], np.int8),
        )
        for number, (agency, machine, own) in enumerate(town.routes)
    ]
    routes, count = Routes.of(lined), len(ids)
    length_mm = np.array([one.length_mm for one in streets], np.int32)
    both_ways = np.array([one.both_ways for one in streets], np.bool_)
    segments = Segments(
        segment_id=ids,
        row=np.arange(count),
        length_mm=length_mm,
        done_permille=np.full(count, 900, np.int16),
        needed=np.ones(count, np.int8),
        both_ways=both_ways,
    )
    return Roads(
        routes=routes,
        places=places_of(routes, segments),
        missing=missing_lines(routes, segments),
        segment_id=ids,
        length_mm=length_mm,
        needed=np.ones(count, np.int8),
        both_ways=both_ways,
        classes=np.array([ROAD_CLASSES.index(one.road_class) for one in streets], np.int8),
    )


def _fleet(town: Town) -> Fleet:
    agencies = [
        Agency(id=id_, name=id_, manages=Manages.NOTHING, shares_passes=id_ in town.sharing) for id_ in town.agencies
    ]
    own = [(one.device, one.from_us, one) for one in town.machines if one.device is not None]
    heard = sorted(own, key=lambda one: one[:2])
    kinds = {False: MachineKind.GRADER, True: MachineKind.SPREADER}
    rows = [
        (device, start, one.to_us, kinds[one.spreads], 0, town.agencies.index(one.agency))
        for device, start, one in heard
    ]
    return Fleet(version=1, agencies=tuple(agencies), mountings=Mountings.from_rows(rows))
