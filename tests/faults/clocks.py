"""Clocks that are wrong and step: those of receivers, and that of the machine on which ingest runs."""

import time
from dataclasses import replace

from tests.faults.parts import FleetSettings
from tests.faults.shifted_ingest import write_shift
from tests.faults.trial import Ground, Outcome, Plan, judged, opened

SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US
# The fleet's time is hours behind ours, so that with any of these its fixes are still of the past.
SHIFTS_US = (HOUR_US, -HOUR_US, 24 * HOUR_US, 10 * SECOND_US, -10 * SECOND_US, 365 * 24 * HOUR_US, 0)
WORKS_S = (4.0, 8.0)
WRONG = "default_date = 0.2\nrollover = 0.2\njump = 0.2\nleap_second = 0.1\nunset = 0.1"


def clocks_of_trackers(ground: Ground, times: int) -> Outcome:
    """Receivers with default dates, lost weeks, jumps, leap seconds and no date at all."""
    fleet = FleetSettings(seed=ground.seed, clock=WRONG)
    with opened("clocks-of-trackers", Plan(fleet=fleet), ground) as trial:
        for _ in range(times):
            trial.pause(60, 90)
            trial.fault(time.monotonic())
        return judged(trial, ground)


def clock_of_ingest(ground: Ground, times: int) -> Outcome:
    """The clock of ingest's machine steps, forwards and back, while it works."""
    file = ground.folder / "clock-of-ingest.shift"
    write_shift(file, 0)
    fleet = replace(FleetSettings(seed=ground.seed), ago_min=720)
    plan = Plan(fleet=fleet, ingest=("tests.faults.shifted_ingest", str(file)))
    with opened("clock-of-ingest", plan, ground) as trial:
        for _ in range(times):
            trial.pause(*WORKS_S)
            write_shift(file, trial.chance.choice(SHIFTS_US))
            trial.fault(time.monotonic())
        trial.pause(*WORKS_S)
        write_shift(file, 0)
        return judged(trial, ground)
