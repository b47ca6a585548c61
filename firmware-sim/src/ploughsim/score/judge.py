"""The figures: what an engine has of a night, held against the truth. Shares are from 0 to 1."""

from typing import Any, TypeAlias

import numpy as np
import polars as pl

from ploughsim.compiled import Array
from ploughsim.score.lengths import Stretches, measure
from ploughsim.score.truth import Truth
from ploughsim.world.truth import Activity

Figures: TypeAlias = dict[str, Any]
# A pass and what was cleared belong together when their ends are no further apart.
_TOGETHER_US = 10 * 60_000_000
_KEY = ("agency", "device")
# What reports call standing: by, or parked.
_SAID = {"working": ["working"], "travelling": ["travelling"], "standby": ["standby", "parked"]}
# What the engine calls what a machine does.
_DONE = {
    Activity.WORK: "working", Activity.TURN: "working", Activity.TRAVEL: "travelling", Activity.PARKED: "standby",
    Activity.STANDBY: "standby", Activity.BREAK: "standby", Activity.REFUEL: "standby",
}  # fmt: skip


def judge_decoding(truth: Truth, stored: pl.DataFrame) -> Figures:
    """How many of the epochs that trackers wrote are there as fixes, and how many fixes nobody wrote."""
    written = _with_names(truth, truth.epochs.filter(pl.col("seq") > 0).select("unit", "boot", "seq").unique()).drop(
        "kind"
    )
    ranges = stored.with_columns(seq=pl.col("start")).sort("seq")
    found = (
        written.sort("seq")
        .join_asof(ranges, on="seq", by=[*_KEY, "boot"], check_sortedness=False)
        .filter(pl.col("seq") < pl.col("stop"))
    )
    there = int((stored["stop"] - stored["start"]).sum())
    return {
        "epochs": len(written),
        "lost": len(written) - len(found),
        "lost_share": _share(len(written) - len(found), len(written)),
        "unknown": there - len(found),
    }


def judge_matching(truth: Truth, passes: pl.DataFrame) -> Figures:
    """Of the instants of ploughing on a road: in a pass on the right segment, in the right direction."""
    columns = ["unit", "time_us", "segment_id", "direction"]
    worked = truth.epochs.filter((pl.col("blade") == 1) & (pl.col("segment_id") > 0)).select(columns)
    rows = _with_names(truth, worked)
    found = _in_passes(rows, passes)
    segment = (found["segment_id"] == found["of_segment"]).fill_null(value=False)
    right = segment & (found["direction"] == found["of_direction"]).fill_null(value=False)
    by_kind = (
        pl.DataFrame({"kind": found["kind"], "right": right}).group_by("kind").agg(pl.col("right").mean()).sort("kind")
    )
    return {
        "instants": len(rows),
        "right": _share(int(right.sum()), len(rows)),
        "right_segment": _share(int(segment.sum()), len(rows)),
        "in_no_pass": _share(int(found["of_segment"].is_null().sum()), len(rows)),
        "right_by_kind": dict(by_kind.iter_rows()),
    }


def judge_coverage(truth: Truth, passes: pl.DataFrame) -> Figures:
    """Length cleared and length credited, each place and direction once. What spreads salt alone stands apart."""
    ploughs = truth.units.filter(pl.col("blade_mm") > 0).select(*_KEY)
    real = _stretches(truth.cleared.filter(pl.col("ploughed")).collect())
    lengths = measure(real, _stretches(passes.join(ploughs, on=_KEY)))
    spreading = _stretches(passes.join(ploughs, on=_KEY, how="anti"))
    return {
        "cleared_km": lengths.first / 1e6,
        "credited_km": lengths.second / 1e6,
        "precision": _share(lengths.both, lengths.second),
        "recall": _share(lengths.both, lengths.first),
        "credited_to_spreaders_km": measure(spreading, spreading).first / 1e6,
    }


def judge_cleared_at(truth: Truth, passes: pl.DataFrame) -> Figures:
    """By how many seconds the end of a pass is beside the end of what was cleared."""
    units = truth.units.filter(pl.col("twin_of").is_null()).select("machine", *_KEY)
    by = [*_KEY, "segment_id", "direction"]
    real = (
        truth.cleared.filter(pl.col("ploughed"))
        .cast({pl.Int8: pl.Int64})
        .collect()
        .join(units, on="machine")
        .select(*by, pl.col("end_us").alias("at_us"))
    )
    ends = passes.select(*by, pl.col("ended_us").alias("at_us"), "ended_us").sort("at_us")
    found = real.sort("at_us").join_asof(
        ends, on="at_us", by=by, strategy="nearest", tolerance=_TOGETHER_US, check_sortedness=False
    )
    error_s = (found["ended_us"] - found["at_us"]).abs().drop_nulls().to_numpy() / 1e6
    return {
        "cleared": len(real),
        "without_pass": _share(len(real) - len(error_s), len(real)),
        "p50_s": _quantile(error_s, 0.5),
        "p95_s": _quantile(error_s, 0.95),
    }


def judge_work_time(truth: Truth, working: pl.DataFrame) -> Figures:
    """Each instant with power: working or not. Turning on order is neither."""
    columns = ["unit", "time_us", "activity"]
    rows = _with_names(truth, truth.epochs.filter(pl.col("activity") != Activity.TURN).select(columns))
    spans = working.select(*_KEY, pl.col("started_us").alias("time_us"), "ended_us").sort("time_us")
    found = rows.sort("time_us").join_asof(spans, on="time_us", by=list(_KEY), check_sortedness=False)
    works = found["activity"] == Activity.WORK
    said = (found["time_us"] < found["ended_us"]).fill_null(value=False)
    return {
        "instants": len(rows),
        "right": _share(int((works == said).sum()), len(rows)),
        "work_missed": _share(int((works & ~said).sum()), int(works.sum())),
        "work_invented": _share(int((said & ~works).sum()), int((~works).sum())),
    }


def judge_reports(truth: Truth, reports: pl.DataFrame) -> Figures:
    """Hours and kilometres of the daily reports beside the true ones, summed over machines and days."""
    names = pl.DataFrame({"activity": [a.name.lower() for a in _DONE], "done": [*_DONE.values()]})
    real = truth.work.with_columns(pl.col("activity").str.to_lowercase()).join(names, on="activity")
    hours = dict(real.group_by("done").agg(pl.col("seconds").sum() / 3600).iter_rows())
    km = real.group_by(pl.col("done") == "working").agg(pl.col("km").sum())
    worked_km = float(km.filter(pl.col("done"))["km"].sum())
    return {
        "reports": len(reports),
        "hours": {
            kind: {"true": hours.get(kind, 0.0), "reported": sum(float(reports[one].sum()) for one in said) / 3600}
            for kind, said in _SAID.items()
        },
        "driven_km": {"true": float(km["km"].sum()), "reported": float(reports["driven_km"].sum())},
        "worked_km": {"true": worked_km, "reported": float(reports["worked_km"].sum())},
    }


def _with_names(truth: Truth, rows: pl.LazyFrame) -> pl.DataFrame:
    names = truth.units.lazy().select("unit", "kind", *_KEY)
    return rows.join(names, on="unit").drop("unit").cast({pl.Int8: pl.Int64, pl.Int32: pl.Int64}).collect()


def _in_passes(rows: pl.DataFrame, passes: pl.DataFrame) -> pl.DataFrame:
    """With the pass in which each instant lies, of several the last to begin; where one ends as the next begins, the
    right one of the two."""
    spans = passes.select(
        *_KEY,
        pl.col("segment_id").alias("of_segment"),
        pl.col("direction").alias("of_direction"),
        pl.col("started_us").alias("time_us"),
        "ended_us",
    ).sort("time_us", "ended_us")
    before = spans.with_columns(pl.all().exclude(*_KEY, "time_us").shift(1).over(_KEY).name.suffix("_before"))
    found = rows.sort("time_us").join_asof(before, on="time_us", by=list(_KEY), check_sortedness=False)
    inside = pl.col("time_us") <= pl.col("ended_us")
    fits = (pl.col("of_segment") == pl.col("segment_id")) & (pl.col("of_direction") == pl.col("direction"))
    ended = pl.col("time_us") == pl.col("ended_us_before")
    fitted = (pl.col("of_segment_before") == pl.col("segment_id")) & (
        pl.col("of_direction_before") == pl.col("direction")
    )
    return found.with_columns(
        pl.when(ended & fitted & ~(inside & fits))
        .then(pl.col(f"{name}_before"))
        .otherwise(pl.when(inside).then(pl.col(name)))
        .alias(name)
        for name in ("of_segment", "of_direction")
    )


def _stretches(table: pl.DataFrame) -> Stretches:
    one, other = table["from_mm"].to_numpy(), table["to_mm"].to_numpy()
    key = 2 * table["segment_id"].to_numpy().astype(np.int64) + (table["direction"].to_numpy() < 0)
    return Stretches(key, np.minimum(one, other).astype(np.int64), np.maximum(one, other).astype(np.int64))


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _quantile(values: Array, share: float) -> float | None:
    return float(np.quantile(values, share)) if len(values) else None
