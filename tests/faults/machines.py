"""A whole machine that goes: broker, ingest, fold and database are killed at one instant, and start again.

What a service alone may get wrong, the broker makes good by sending again; here it has forgotten too.
"""

import time
from collections.abc import Callable
from functools import partial

from tests.faults.faulty_database import FaultyDatabase
from tests.faults.parts import FleetSettings, kill
from tests.faults.trial import Ground, Outcome, Plan, Trial, judged, with_own_database

BETWEEN_S = (1.0, 6.0)
AWAY_S = (0.0, 2.0)


def machine_killed(ground: Ground, times: int) -> Outcome:
    """kill -9 of broker, ingest, fold and database together; the disk keeps what was written."""
    with with_own_database("machine-killed", Plan(fleet=FleetSettings(seed=ground.seed)), ground) as (trial, database):
        for _ in range(times):
            trial.pause(*BETWEEN_S)
            kill_machine_once(trial, database)
        return judged(trial, ground)


def kill_machine_once(trial: Trial, database: FaultyDatabase) -> None:
    killing: list[Callable[[], None]] = [database.kill, trial.broker.kill]
    killing += [partial(kill, service) for service in (trial.ingest, trial.fold)]
    trial.chance.shuffle(killing)
    for one in killing:
        one()
    trial.pause(*AWAY_S)
    began_s = time.monotonic()
    database.start()
    trial.broker.start()
    trial.ingest.start()
    trial.fold.start()
    trial.fault(began_s)
