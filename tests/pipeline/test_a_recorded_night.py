"""Promise 2 on a recorded night of forty ploughs: however it comes, it comes to the same bytes: passes, activities,
facts and indicators."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.night import fleet_of, played
from ploughsim.radio.settings import RadioSettings
from ploughsim.running.night import open_night
from ploughsim.scenario import NightSettings, Scenario
from ploughsim.tracker.settings import TrackerSettings
from ploughsim.world.settings import FleetSettings
from snowtrack.clearance.credit import credited, segment_agencies
from snowtrack.clearance.events import events
from snowtrack.clearance.fold import fold
from snowtrack.clearance.routes import Routes, with_derived
from snowtrack.clearance.segments import PolicyTable, Segments
from snowtrack.indicators.figures import Figure
from snowtrack.indicators.period import Mounted, Period, Scene
from snowtrack.indicators.progress import Roads
from snowtrack.indicators.season import Call, Season
from snowtrack.model.calendar import HOUR_US, SECOND_US, TOKYO, day_range_us
from snowtrack.model.columns import Columns
from snowtrack.model.fixes import FixBatch, Message
from snowtrack.model.fleet import FOREVER_US, Fleet
from snowtrack.model.passes import PassBatch
from snowtrack.model.policy import BUILT_IN, Policies
from snowtrack.model.tracks import DirtyStretch
from snowtrack.model.work import Activity, ActivityBatch
from snowtrack.nmea.decode import decode
from snowtrack.pipeline.engine import Engine, EnginePolicy, Outputs
from snowtrack.pipeline.replay import moment_of, whole_tracks, widen_to_now
from snowtrack.roads.files import write_network
from snowtrack.tracks.clock import observe
from snowtrack.tracks.identity import SequenceLedger
from tests.oracles.again import recompute
from tests.oracles.towns import sample_town

PLOUGHS, MINUTES = 40, 12
LATE_US_MAX = 72 * HOUR_US
POLICY = EnginePolicy()
Batch = TypeVar("Batch", PassBatch, ActivityBatch)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@cache
def recorded() -> tuple[tuple[Message, ...], Fleet]:
    """A night with dropouts, lost messages and power cuts, machines with inputs and without."""
    scenario = Scenario(
        night=NightSettings(name="recorded", hours=MINUTES / 60),
        fleet=FleetSettings(machines=PLOUGHS, muster_min=0.2, blade_sensors=0.7, power_cuts_per_h=6),
        tracker=TrackerSettings(message_wait_s=10),
        radio=RadioSettings(dropouts_per_h=20, dropout_s=60, loss=0.02, duplication=0.02),
    )
    with TemporaryDirectory() as folder:
        write_network(sample_town(), Path(folder) / "network")
        night = open_night(scenario, Path(folder) / "network", scenario.night.date_ms)
        return tuple(played(night, Path(folder))), fleet_of(night)


@dataclass(frozen=True)
class Delivery:
    """How the night comes: messages in which order and when, cut into batches, for so many workers; after which batches
    one crashes, looks at its clock, or computes again what is dirty."""

    messages: tuple[Message, ...]
    cuts: tuple[int, ...]
    workers: int
    random: Random


def as_it_came() -> Delivery:
    messages, _ = recorded()
    ordered = tuple(sorted(messages, key=lambda one: one.received_us))
    return Delivery(ordered, (len(ordered),), 1, Random(0))


def anyhow(seed: int, late_us: int) -> Delivery:
    """Shuffled, delayed, doubled, cut and dealt by lot."""
    random = Random(seed)
    late = [
        one._replace(received_us=one.received_us + random.randrange(late_us + 1))
        for one in recorded()[0]
        for _ in range(random.choice([1, 1, 1, 2]))
    ]
    ordered = tuple(sorted(late, key=lambda one: one.received_us))
    cuts = (*sorted(random.sample(range(1, len(ordered)), 40)), len(ordered))
    return Delivery(ordered, cuts, random.choice([1, 2, 5]), random)


class Desk:
    """One worker, and the rows that it stored: of fixes, passes and activities."""

    def __init__(self) -> None:
        self.engine, self.ledger = self._new_engine(), SequenceLedger()
        self.fixes = FixBatch.empty()
        self.passes: list[PassBatch] = []
        self.activities: list[ActivityBatch] = []
        self.dirty: list[DirtyStretch] = []

    def take(self, messages: Sequence[Message]) -> None:
        fixes = decode(messages).fixes
        new = fixes.take(self.ledger.fresh(fixes, ()))
        self.fixes = FixBatch.concat([self.fixes, new])
        self._keep(self.engine.on_batch(new))

    def tick(self, now_us: int) -> None:
        self._keep(self.engine.on_time(now_us))

    def crash(self) -> None:
        """All that a worker goes on from is what it stored of each device, and the clocks."""
        before, self.engine = self.engine, self._new_engine()
        self.engine.clocks.update(before.clocks)
        for device in np.unique(self.fixes.device).tolist():
            assert self.engine.restore(device, before.snapshot(device))

    def compute_again(self) -> None:
        for device in sorted({one.device for one in self.dirty}):
            own = [one for one in self.dirty if one.device == device]
            whole = DirtyStretch(device=device, from_us=min(s.from_us for s in own), to_us=max(s.to_us for s in own))
            track = observe(self.fixes.take(self.fixes.device == device), self.engine.clocks)
            tracks = whole_tracks(whole, track.observed_us, POLICY.cut_us)
            stretch = widen_to_now(moment_of(self.engine, device), tracks)
            inside = (track.observed_us >= stretch.from_us) & (track.observed_us <= stretch.to_us)
            again = recompute(self.engine, stretch, track.take(inside))
            self.passes = [_without(batch, stretch) for batch in self.passes] + [again.passes]
            self.activities = [_without(batch, stretch) for batch in self.activities] + [again.activities]
            if again.kept is not None:
                assert self.engine.restore(device, again.kept)
        self.dirty = []

    def finish(self) -> None:
        for _ in range(10):
            self.compute_again()
            self._keep(self.engine.flush(np.unique(self.fixes.device).tolist()))
            if not self.dirty:
                return
        raise AssertionError("the same stretch becomes dirty again and again")

    def _keep(self, outputs: Outputs) -> None:
        self.passes.append(outputs.passes)
        self.activities.append(outputs.activities)
        self.dirty += outputs.dirty

    def _new_engine(self) -> Engine:
        engine = Engine(sample_town(), POLICY)
        engine.use(recorded()[1])
        return engine


def _without(batch: Batch, stretch: DirtyStretch) -> Batch:
    """What does not begin in the stretch."""
    started_us = batch.started_us
    inside = (started_us >= stretch.from_us) & (started_us <= stretch.to_us)
    return batch.take((batch.device != stretch.device) | ~inside)


def results(delivery: Delivery) -> dict[str, bytes]:
    """Everything that the night comes to."""
    desks = [Desk() for _ in range(delivery.workers)]
    begin = 0
    for end in delivery.cuts:
        batch, begin = delivery.messages[begin:end], end
        for number, desk in enumerate(desks):
            desk.take([one for one in batch if one.device % delivery.workers == number])
            match delivery.random.randrange(6):
                case 0:
                    desk.tick(batch[-1].received_us + delivery.random.choice([0, 90_000_000]))
                case 1:
                    desk.crash()
                case 2:
                    desk.compute_again()
    for desk in desks:
        desk.finish()
    passes = PassBatch.concat(part for desk in desks for part in desk.passes)
    activities = ActivityBatch.concat(part for desk in desks for part in desk.activities)
    results = {"passes": in_bytes(passes), "activities": in_bytes(activities), **facts_of(passes)}
    return results | {"indicators": orjson.dumps([one.as_json() for one in indicators_of(passes, activities)])}


def facts_of(passes: PassBatch) -> dict[str, bytes]:
    """What is credited, folded."""
    network, fleet = sample_town(), recorded()[1]
    segments = Segments.of(network, PolicyTable.of(BUILT_IN, network))
    rows = segments.rows(passes.segment_id)
    counts = credited(fleet, segment_agencies(network, fleet), passes.device, rows, passes.started_us)
    states = fold(passes.take(counts), segments)
    covered = [getattr(states.covered, name).tobytes() for name in ("offsets", "from_mm", "to_mm")]
    return {"facts": in_bytes(states.facts), "covered": b"".join(covered)}


def indicators_of(passes: PassBatch, activities: ActivityBatch) -> list[Figure]:
    """Of the day, with an order to each machine; rows stand as they came."""
    network, fleet = sample_town(), recorded()[1]
    table, managers = PolicyTable.of(BUILT_IN, network), segment_agencies(network, fleet)
    agency = fleet.agencies[0].id
    started_us = activities.started_us[activities.activity == Activity.WORKING]
    hours = np.unique(started_us // HOUR_US * HOUR_US).tolist()
    begin_us, end_us = day_range_us(datetime.fromtimestamp(hours[0] // SECOND_US, TOKYO).date())
    devices = fleet.mountings.device.tolist()
    scene = Scene(
        period=Period(from_us=begin_us, to_us=end_us, now_us=end_us),
        roads=Roads.of(with_derived(Routes.of([]), network, [agency], managers), network, table),
        rows_by_id=network.rows_by_id.astype(np.int64),
        fleet=fleet,
        managers=managers,
        mounted=tuple(
            Mounted(agency=agency, device=f"d{one}", machine=f"m{one}", number=one, from_us=0, to_us=FOREVER_US)
            for one in devices
        ),
        event_starts_us=np.array([e.start_us for e in events(hours, [], now_us=end_us, quiet_us=Policies().quiet_us)]),
    )
    season = Season(scene, [Call(agency=agency, machine=f"m{one}", at_us=hours[0]) for one in devices], [])
    season.add_passes(passes)
    season.add_activities(activities)
    return season.figures()


def in_bytes(batch: Columns) -> bytes:
    """Its rows, ordered by all that they hold."""
    columns = [getattr(batch, name) for name in batch.dtypes()]
    order = np.lexsort(columns[::-1])
    return b"".join(column[order].tobytes() for column in columns)


def test_the_night_comes_to_something() -> None:
    messages, fleet = recorded()
    assert len(fleet.mountings) == PLOUGHS
    assert len(decode(messages).fixes) > 25_000
    found = calm()
    row_bytes = sum(dtype.itemsize for dtype in PassBatch.dtypes().values())
    assert len(found["passes"]) > 500 * row_bytes
    assert all(found.values())
    known = [one for one in orjson.loads(found["indicators"]) if one["value"]]
    assert len(known) > 20


@cache
def calm() -> dict[str, bytes]:
    return results(as_it_came())


@settings(max_examples=8)
@given(st.integers(0, 2**32), st.sampled_from([0, 120_000_000, LATE_US_MAX]))
def test_however_it_comes_it_comes_to_the_same(seed: int, late_us: int) -> None:
    assert results(anyhow(seed, late_us)) == calm()
