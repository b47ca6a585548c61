"""A simulated night with its truth, through the engine without any I/O, held against that truth by the simulator's own
judge."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.night import fleet_of, played
from ploughsim.radio.settings import RadioSettings
from ploughsim.receiver.settings import ReceiverSettings
from ploughsim.running.night import Night, open_night, truth_head
from ploughsim.scenario import NightSettings, Scenario
from ploughsim.score import judge
from ploughsim.score.truth import read_truth
from ploughsim.tracker.settings import TrackerSettings
from ploughsim.world.ledger import Ledger
from ploughsim.world.settings import FleetSettings
from snowtrack.model.columns import Columns
from snowtrack.model.fixes import Message
from snowtrack.model.passes import PassBatch
from snowtrack.model.work import Activity, ActivityBatch, Work
from snowtrack.nmea.decode import decode
from snowtrack.pipeline.engine import Engine, EnginePolicy
from snowtrack.roads.files import open_network, write_network
from snowtrack.roads.sample import sample_network

MACHINES, HOURS, SIGMA_M = 30, 1, 3.0
BATCH_MESSAGES = 400


def judged_night(folder: Path, *, blade_sensors: float) -> dict[str, Any]:
    """Coverage, when roads were cleared, and working or not; `blade_sensors` is the share of machines with inputs."""
    if not (folder / "network").exists():
        write_network(sample_network(), folder / "network")
    scenario = Scenario(
        night=NightSettings(name="judged", hours=HOURS),
        fleet=FleetSettings(machines=MACHINES, blade_sensors=blade_sensors),
        receiver=ReceiverSettings(sigma_m=SIGMA_M),
        tracker=TrackerSettings(message_wait_s=60),
        radio=RadioSettings(),
    )
    night = open_night(scenario, folder / "network", scenario.night.date_ms)
    told = folder / f"truth-{blade_sensors}"
    ledger = Ledger(told, night.world, truth_head(scenario, None))
    messages = played(night, folder, lambda seen, heard, stop_ms: ledger.epochs(seen, heard.every_seq, stop_ms))
    ledger.close()
    passes, activities = _worked(folder, night, messages)
    truth = read_truth(told)
    ploughed = _named(night, passes.take(passes.work == Work.PLOUGHING))
    working = _named(night, activities.take(activities.activity == Activity.WORKING))
    return {
        "coverage": judge.judge_coverage(truth, ploughed),
        "cleared_at": judge.judge_cleared_at(truth, ploughed),
        "work_time": judge.judge_work_time(truth, working),
    }


def _worked(folder: Path, night: Night, messages: list[Message]) -> tuple[PassBatch, ActivityBatch]:
    engine = Engine(open_network(folder / "network"), EnginePolicy())
    engine.use(fleet_of(night))
    batches = range(0, len(messages), BATCH_MESSAGES)
    outputs = [engine.on_batch(decode(messages[at : at + BATCH_MESSAGES]).fixes) for at in batches]
    outputs.append(engine.flush([unit.number for unit in night.world.units]))
    passes = PassBatch.concat(one.passes for one in outputs)
    return passes, ActivityBatch.concat(one.activities for one in outputs)


def _named(night: Night, batch: Columns) -> pl.DataFrame:
    """As the judge reads tables of the database."""
    names = {unit.number: (unit.agency, unit.device) for unit in night.world.units}
    columns = {name: getattr(batch, name).astype(np.int64) for name in batch.dtypes()}
    owners = [names[device] for device in columns.pop("device").tolist()]
    schema = {"agency": pl.String, "device": pl.String}
    return pl.DataFrame(owners, schema=schema, orient="row").with_columns(**columns)
