"""Services that are killed, as by the kernel, at random instants under load."""

import time

from tests.faults.parts import FleetSettings, kill
from tests.faults.trial import Ground, Outcome, Plan, Trial, judged, opened
from tests.faults.undisturbed import end_lease
from tests.services.waiting import await_true
from tests.store.databases import rows

# Of the kills of ingest so many come while it starts; the others while it works.
STARTING = 0.2
STARTS_S, WORKS_S = 3.0, 2.0
# Of the folds so many wait until the lease of the killed one is over by itself.
WAITING = 0.1
FOLDED_S_MAX = 60.0
NUMBER = "select coalesce(max(number), 0) from fold_progress"


def kill_ingest(ground: Ground, times: int) -> Outcome:
    """kill -9 of ingest: while it starts, drains, computes, writes, commits, tells."""
    with opened("kill-ingest", Plan(fleet=FleetSettings(seed=ground.seed)), ground) as trial:
        while trial.faults < times:
            kill_ingest_once(trial)
        return judged(trial, ground)


def kill_ingest_once(trial: Trial) -> None:
    trial.check_running()
    killed_s = time.monotonic()
    kill(trial.ingest)
    trial.ingest.start()
    if trial.chance.random() < STARTING:
        trial.faults += 1
        trial.pause(0, STARTS_S)
    else:
        trial.ingest.await_ready()
        trial.fault(killed_s)
        trial.pause(0, WORKS_S)


def kill_fold(ground: Ground, times: int) -> Outcome:
    """kill -9 of the fold: while it starts, waits, folds, commits, tells."""
    with opened("kill-fold", Plan(fleet=FleetSettings(seed=ground.seed)), ground) as trial:
        trial.notes["recovery"] = "until the next delta is committed"
        while trial.faults < times:
            kill_fold_once(trial)
        return judged(trial, ground)


def kill_fold_once(trial: Trial) -> None:
    """Until the next one has committed a number. Its lease is ended by hand, most times, since it lasts six seconds."""
    trial.check_running()
    killed_s = time.monotonic()
    kill(trial.fold)
    trial.faults += 1
    before = _number(trial)
    if trial.chance.random() >= WAITING:
        end_lease(trial.line.url)
    trial.fold.start()
    if trial.chance.random() >= STARTING:
        await_true(lambda: _number(trial) > before, "a fold commits", FOLDED_S_MAX)
        trial.recoveries_s.append(time.monotonic() - killed_s)
        trial.tell()
        trial.pause(0, WORKS_S)
    else:
        trial.pause(0, STARTS_S)


def _number(trial: Trial) -> int:
    return int(rows(trial.line.url, NUMBER)[0][0])
