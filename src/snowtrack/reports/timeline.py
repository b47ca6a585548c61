"""How a machine spent its day: from its fixes to intervals that add up to the time between the first and the last."""

from dataclasses import dataclass
from enum import StrEnum

import polars as pl

from snowtrack.model.columns import ABSENT_8, ABSENT_32
from snowtrack.model.fixes import BLADE_DOWN, FixBatch
from snowtrack.model.intervals import Interval
from snowtrack.model.work import PLOUGHING_MMPS

STANDING_MMPS = 500
GAP_US = 60_000_000


class Activity(StrEnum):
    """Breaks cannot be seen from a GPS track; they are entered by hand."""

    WORKING = "working"
    TRAVELLING = "travelling"
    STANDBY = "standby"
    NO_SIGNAL = "no_signal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """`seconds` by activity add up to `to_us - from_us` exactly, in whole seconds."""

    from_us: int
    to_us: int
    seconds: dict[Activity, int]
    gaps: tuple[Interval, ...]
    inferred: bool


def make_timeline(fixes: FixBatch, day: Interval) -> Timeline | None:
    """The day of one device, from its fixes in observed order; those around the day tell what crosses its borders."""
    steps = _steps(fixes, day)
    if steps.is_empty():
        return None
    spent = dict(steps.group_by("activity").agg(pl.col("seconds").sum()).rows())
    silent = steps.filter(pl.col("activity") == Activity.NO_SIGNAL)
    return Timeline(
        from_us=steps["from_s"][0] * 1_000_000,
        to_us=steps["to_s"][-1] * 1_000_000,
        seconds={activity: int(spent.get(activity, 0)) for activity in Activity},
        gaps=tuple((a * 1_000_000, b * 1_000_000) for a, b in silent.select("from_s", "to_s").rows()),
        inferred=bool(steps["inferred"].any()),
    )


def _steps(fixes: FixBatch, day: Interval) -> pl.DataFrame:
    """From each fix to the next one, cut at the day's borders, in whole seconds."""
    frame = pl.DataFrame({"at_us": fixes.time_us, "blade": fixes.blade, "speed": fixes.speed_mmps})
    has_blade = pl.col("blade") != ABSENT_8
    moving = (pl.col("speed") != ABSENT_32) & (pl.col("speed") >= STANDING_MMPS)
    working = (
        pl.when(has_blade).then(pl.col("blade") == BLADE_DOWN).otherwise(pl.col("speed").is_between(*PLOUGHING_MMPS))
    )
    activity = (
        pl.when(pl.col("next_us") - pl.col("at_us") > GAP_US)
        .then(pl.lit(Activity.NO_SIGNAL))
        .when(working)
        .then(pl.lit(Activity.WORKING))
        .when(moving)
        .then(pl.lit(Activity.TRAVELLING))
        .otherwise(pl.lit(Activity.STANDBY))
    )
    start_s, end_s = day[0] // 1_000_000, day[1] // 1_000_000
    return (
        frame.with_columns(next_us=pl.col("at_us").shift(-1))
        .drop_nulls("next_us")
        .with_columns(
            activity=activity,
            inferred=~has_blade,
            from_s=(pl.col("at_us") // 1_000_000).clip(start_s, end_s),
            to_s=(pl.col("next_us") // 1_000_000).clip(start_s, end_s),
        )
        .with_columns(seconds=pl.col("to_s") - pl.col("from_s"))
        .filter(pl.col("seconds") > 0)
    )
