"""`clearance`: passes and facts: how fast on one core, how right, and how soon the fold is back after a restart.

Speed: 400 machines for half an hour at 1 Hz on 100,000 made-up segments, matched beforehand, in batches of 4,000 fixes;
after each the segments that were touched are folded from all their passes, as the fold does it. Truth: an hour of 30
machines of all kinds in the sample town, 3 m of noise that lasts 60 s, once with inputs and once without, judged by
`plough-sim score`'s judge. Restart: a million states read from the embedded PostgreSQL.
"""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.database import running_database
from benchmarks.judged import judged_night
from benchmarks.night import fleet_of, played
from benchmarks.report import Report, Result
from ploughsim.receiver.settings import ReceiverSettings
from ploughsim.roads.made import NetworkSettings, make_network
from ploughsim.running.night import open_night
from ploughsim.scenario import NightSettings, Scenario
from ploughsim.tracker.settings import TrackerSettings
from ploughsim.world.settings import FleetSettings
from snowtrack.clearance.fold import fold
from snowtrack.clearance.segments import PolicyTable, Segments
from snowtrack.matching.matcher import Matcher
from snowtrack.model.columns import Int64s
from snowtrack.model.fleet import Fleet
from snowtrack.model.ids import DeviceId
from snowtrack.model.matches import DrivenBatch, MatchBatch
from snowtrack.model.passes import PassBatch
from snowtrack.model.policy import BUILT_IN
from snowtrack.model.states import StateBatch, States, Stretches
from snowtrack.network.arrays import Network
from snowtrack.nmea.decode import decode
from snowtrack.passes.stage import PassStage
from snowtrack.pipeline.engine import EnginePolicy
from snowtrack.roads.files import open_network
from snowtrack.store.database import connect
from snowtrack.store.devices import device_number
from snowtrack.store.migrate import migrate
from snowtrack.store.states import read_states, replace_states
from snowtrack.tracks.clock import observe

OURS = "snowtrack"
SEGMENTS, MACHINES, MINUTES = 100_000, 400, 30
LOADED, LOADED_AT_ONCE = 1_000_000, 100_000
REPEATS = 3
Matched = tuple[MatchBatch, DrivenBatch]


def run(progress: Callable[[str], None]) -> Report:
    """Speed, truth, restart."""
    with TemporaryDirectory() as place:
        folder = Path(place)
        progress(f"{MACHINES} machines for {MINUTES} minutes on {SEGMENTS:,} segments")
        speeds = list(_speeds(*_matched(folder), progress))
        progress("an hour with inputs, and one without, held against the truth")
        shares = {"blade": 1.0, "inferred": 0.0}
        nights = {name: judged_night(folder, blade_sensors=share) for name, share in shares.items()}
        progress(f"reading {LOADED:,} states from PostgreSQL")
        load_s = asyncio.run(_loading(folder))
    results = [*speeds, *_truths(nights), Result(what="states of 1M segments read", of=OURS, value=load_s, unit="s")]
    ratios = {
        "fixes_per_s_core": next(row.value for row in speeds if row.what == "passes and facts"),
        **{f"precision_{name}": figures["coverage"]["precision"] for name, figures in nights.items()},
        **{f"recall_{name}": figures["coverage"]["recall"] for name, figures in nights.items()},
        "cleared_at_error_p95_s": nights["blade"]["cleared_at"]["p95_s"],
        **{f"work_time_{name}": figures["work_time"]["right"] for name, figures in nights.items()},
        "load_1m_s": load_s,
    }
    return Report(name="clearance", results=tuple(results), ratios=ratios)


def _matched(folder: Path) -> tuple[Network, Fleet, list[Matched]]:
    """What the matcher says of the night, in batches."""
    make_network(NetworkSettings(segments=SEGMENTS), folder / "made")
    scenario = Scenario(
        night=NightSettings(name="clearance", hours=MINUTES / 60),
        fleet=FleetSettings(machines=MACHINES, muster_min=0.2),
        receiver=ReceiverSettings(families="u-blox-6"),
        tracker=TrackerSettings(message_wait_s=60),
    )
    night = open_night(scenario, folder / "made", scenario.night.date_ms)
    messages = played(night, folder)
    network, policy, fleet = open_network(folder / "made"), EnginePolicy(), fleet_of(night)
    matcher = Matcher(network, lag_us=policy.lag_us, cut_us=policy.cut_us, silence_us=policy.silence_us)
    matcher.fleet = fleet
    answers = []
    for at in range(0, len(messages), MACHINES):
        found = matcher.on_batch(observe(decode(messages[at : at + MACHINES]).fixes, {}))
        answers.append((found.settled, found.driven))
    rest = matcher.flush([unit.number for unit in night.world.units])
    return network, fleet, [*answers, (rest.settled, rest.driven)]


def _speeds(
    network: Network, fleet: Fleet, matched: list[Matched], progress: Callable[[str], None]
) -> Iterator[Result]:
    fixes = sum(len(settled) for settled, _ in matched)
    segments = Segments.of(network, PolicyTable.of(BUILT_IN, network))
    best: dict[str, float] = {}
    for turn in range(REPEATS + 1):
        progress(f"passes and facts of {fixes:,} fixes" + (", to load the code" if turn == 0 else ""))
        stage = PassStage(network, EnginePolicy().work, fleet)
        passes, spent = PassBatch.empty(), {"passes": 0.0, "facts": 0.0}
        for settled, driven in matched:
            began = perf_counter()
            new = stage.on_batch(settled, driven).passes
            spent["passes"] += perf_counter() - began
            passes = PassBatch.concat([passes, new])
            touched = passes.take(np.isin(passes.segment_id, new.segment_id))
            began = perf_counter()
            fold(touched, segments)
            spent["facts"] += perf_counter() - began
        if turn:
            spent["passes and facts"] = sum(spent.values())
            best = {name: min(best.get(name, seconds), seconds) for name, seconds in spent.items()}
    for name, seconds in best.items():
        yield Result(what=name, of=OURS, value=fixes / seconds, unit="fixes/s")
    yield Result(what="passes in the night", of=OURS, value=len(passes), unit="passes")
    size = sum(part.nbytes for part in stage.memory.rows) / len(stage.memory.devices)
    yield Result(what="memory of a machine", of=OURS, value=size, unit="bytes")
    states = fold(passes, segments)
    facts = sum(getattr(states.facts, name).nbytes for name in StateBatch.dtypes())
    yield Result(what="memory of a segment's facts", of=OURS, value=facts / len(states.facts), unit="bytes")


def _truths(nights: dict[str, dict[str, Any]]) -> Iterator[Result]:
    for night, figures in nights.items():
        coverage, at, time = figures["coverage"], figures["cleared_at"], figures["work_time"]
        for what, value, unit in [
            ("cleared, precision", coverage["precision"], "of length"),
            ("cleared, recall", coverage["recall"], "of length"),
            ("cleared at, error p50", at["p50_s"], "s"),
            ("cleared at, error p95", at["p95_s"], "s"),
            ("working or not, right", time["right"], "of time"),
        ]:
            yield Result(what=f"{what}, {night}", of=OURS, value=value, unit=unit)


async def _loading(folder: Path) -> float:
    """Seconds until a million states are in memory, the best of some turns."""
    with running_database(folder / "database") as server:
        async with connect(server.url, name="benchmark") as connection:
            await migrate(connection)
            device = await device_number(connection, DeviceId("a", "b"))
            for first in range(1, LOADED + 1, LOADED_AT_ONCE):
                ids = np.arange(first, first + LOADED_AT_ONCE)
                await replace_states(connection, ids.tolist(), _states(ids, device))
            await connection.execute("analyze segment_state")
            spent = []
            for _ in range(REPEATS):
                began = perf_counter()
                read = await read_states(connection)
                spent.append(perf_counter() - began)
            if len(read) != LOADED:
                raise RuntimeError(f"{len(read)} states came back")
            return min(spent)


def _states(ids: Int64s, device: int) -> States:
    """As after one pass over the whole of each."""
    count, dtypes = len(ids), StateBatch.dtypes()
    numbers = {"length_mm": 80_000, "covered_mm": 80_000, "passes": 1, "confidence": 990, "last_device": device}
    numbers |= {"direction": 0, "evidence": 0, "spreads": 0}
    columns = {name: np.full(count, value, dtypes[name]) for name, value in numbers.items()}
    columns |= dict.fromkeys(("first_us", "last_us", "done_us", "fresh_us"), 1_768_400_000_000_000 + ids)
    return States(
        facts=StateBatch.of(count, segment_id=ids, **columns), covered=Stretches.of_all([((0, 80_000),)] * count)
    )
