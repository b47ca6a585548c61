"""What the public sees in a storm: cuts made of the truth of a simulated night.

The truth says which machine cleared which metres when. What is known of it, by what evidence and how surely, is drawn
from the passes that the engine makes of some of the same machines for half an hour, each machine from those of machines
that have blade inputs, or have none, as it has. Draws do not depend on each other, so that they compress worse than
what neighbouring roads have in common. Nobody measures snow, so labels go by age.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.night import fleet_of, played
from ploughsim.running.night import Night, open_night
from ploughsim.scenario import Scenario, load_scenario
from snowtrack.clearance.fold import fold
from snowtrack.clearance.ledger import Ledger, Surroundings, no_figure
from snowtrack.clearance.public_cut import PublicCut
from snowtrack.clearance.segments import PolicyTable, Segments
from snowtrack.clearance.view import view
from snowtrack.model.calendar import MINUTE_US
from snowtrack.model.columns import Int64s
from snowtrack.model.passes import PassBatch
from snowtrack.model.policy import BUILT_IN
from snowtrack.model.work import Evidence, Work
from snowtrack.network.arrays import Network
from snowtrack.nmea.decode import decode
from snowtrack.pipeline.engine import Engine, EnginePolicy
from snowtrack.roads.files import open_network

SEGMENTS_PER_MACHINE = 167
HOURS, SEEN_HOURS, SEEN_MACHINES = 12.0, 0.5, 100
BATCH_MESSAGES = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """Twelve hours of it: when it began, and all ploughing."""

    network: Network
    begun_us: int
    passes: PassBatch

    @property
    def busiest_us(self) -> int:
        """The end of the minute in which most passes were finished."""
        minutes = (self.passes.ended_us - self.begun_us) // MINUTE_US
        return self.begun_us + (int(np.bincount(minutes).argmax()) + 1) * MINUTE_US

    def cut(self, at_us: int, told_us: int, round_s: int) -> PublicCut:
        """How the roads read at an instant of the storm, told as if it were another one."""
        table = PolicyTable.of(BUILT_IN, self.network)
        segments, ledger = Segments.of(self.network, table), Ledger(table.both_ways)
        facts = fold(self.passes.take(self.passes.ended_us <= at_us), segments).facts
        ledger.replace(np.empty(0, np.int64), facts, segments.rows(facts.segment_id))
        nowhere = np.zeros(len(self.network), np.bool_)
        around = Surroundings(
            now_us=at_us,
            event_us=self.begun_us,
            closed=nowhere,
            untold=nowhere,
            silent=np.empty(0, np.int32),
            fallen=no_figure,
        )
        views = view(ledger, np.arange(len(self.network)), around, table)
        worked = views.at_us != np.iinfo(np.int64).min
        views = replace(views, at_us=np.where(worked, views.at_us + (told_us - at_us), views.at_us))
        return PublicCut.made(views, told_us, round_s)


def simulate_storm(roads: Path) -> Storm:
    """As many machines for each road as the simulator's own storm has."""
    network = open_network(roads)
    scenario = load_scenario("storm")
    night = _night(scenario, roads, round(len(network) / SEGMENTS_PER_MACHINE), HOURS)
    night.world.run_to(night.end_ms or night.start_ms)
    cleared = night.world.cleared(night.end_ms or night.start_ms)
    cleared = cleared[cleared["ploughed"]]
    evidence, confidence = _known(cleared["machine"], night, *_seen(scenario, roads, network))
    passes = PassBatch.of(
        len(cleared),
        device=cleared["machine"] + np.int32(1),
        segment_id=night.world.network.segment_id[cleared["row"]],
        direction=cleared["direction"].copy(),
        from_mm=np.minimum(cleared["from_mm"], cleared["to_mm"]),
        to_mm=np.maximum(cleared["from_mm"], cleared["to_mm"]),
        started_us=1_000 * cleared["start_ms"],
        ended_us=1_000 * cleared["end_ms"],
        work=np.full(len(cleared), Work.PLOUGHING, np.int8),
        evidence=evidence.astype(np.int8),
        confidence=confidence.astype(np.int16),
    )
    return Storm(network=network, begun_us=1_000 * night.start_ms, passes=passes)


def _night(scenario: Scenario, roads: Path, machines: int, hours: float) -> Night:
    cut_down = replace(
        scenario, night=replace(scenario.night, hours=hours), fleet=replace(scenario.fleet, machines=machines)
    )
    return open_night(cut_down, roads, scenario.night.date_ms)


def _seen(scenario: Scenario, roads: Path, network: Network) -> tuple[PassBatch, dict[int, bool]]:
    """What the engine makes of some machines' ploughing, and which of their trackers have blade inputs."""
    machines = min(SEEN_MACHINES, round(len(network) / SEGMENTS_PER_MACHINE))
    night = _night(scenario, roads, machines, SEEN_HOURS)
    with TemporaryDirectory() as folder:
        messages = played(night, Path(folder))
    engine = Engine(network, EnginePolicy())
    engine.use(fleet_of(night))
    batches = range(0, len(messages), BATCH_MESSAGES)
    parts = [engine.on_batch(decode(messages[at : at + BATCH_MESSAGES]).fixes).passes for at in batches]
    parts.append(engine.flush([unit.number for unit in night.world.units]).passes)
    passes = PassBatch.concat(parts)
    inputs = {unit.number: unit.has_blade_input for unit in night.world.units}
    return passes.take(passes.work == Work.PLOUGHING), inputs


def _known(machine: Int64s, night: Night, seen: PassBatch, inputs: dict[int, bool]) -> tuple[Int64s, Int64s]:
    """Evidence and confidence of each pass, drawn together."""
    with_input = np.zeros(len(night.world.machines), np.bool_)
    for unit in night.world.units:
        with_input[unit.machine] |= unit.has_blade_input
    chance = np.random.default_rng(night.scenario.night.seed)
    source = np.array([inputs[device] for device in seen.device.tolist()])
    evidence, confidence = np.full(len(machine), Evidence.INFERRED, np.int64), np.zeros(len(machine), np.int64)
    for has in (True, False):
        own, pool = np.flatnonzero(with_input[machine] == has), np.flatnonzero(source == has)
        drawn = chance.choice(pool, len(own))
        evidence[own], confidence[own] = seen.evidence[drawn], seen.confidence[drawn]
    return evidence, confidence
