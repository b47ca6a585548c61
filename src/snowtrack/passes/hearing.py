"""What `judging` is told, goes by and remembers, and where it puts what it says."""

from typing import NamedTuple

from snowtrack.compiled import Array


class Limits(NamedTuple):
    """Times in microseconds, `full` per second for each way that a level can move. `services` fill them from policy."""

    bridge_us: int
    seen_us: int
    zone_us: int
    idle_us: int
    stand_us: int
    parked_us: int
    input_on: int
    input_off: int
    turn_off: int
    speed_on: int
    speed_off: int


class Said(NamedTuple):
    """By fix, those of each machine in observed order: its slot, what was said, and the way driven to it."""

    slot: Array
    observed_us: Array
    track_us: Array
    on_road: Array
    speed_mmps: Array
    stands: Array
    blade: Array
    pto: Array
    spreading: Array
    kind: Array
    way_mm: Array


class Known(NamedTuple):
    """What is remembered (`records`)."""

    machines: Array
    detectors: Array
    sensors: Array


class Judged(NamedTuple):
    """By fix and work: verdicts, and the evidence for what was driven to the fix; when the fix before was; and rows of
    an `ActivityBatch`, with slots for devices."""

    verdicts: Array
    evidence: Array
    before_us: Array
    spans: Array
