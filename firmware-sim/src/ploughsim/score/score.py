"""A night scored: each figure, or why it is missing, as a table and as JSON."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console
from rich.table import Table

from ploughsim.errors import ScoreError
from ploughsim.score import judge
from ploughsim.score.database import Database
from ploughsim.score.judge import Figures
from ploughsim.score.reports import read_reports
from ploughsim.score.truth import Truth, read_truth

_NO_DATABASE = "needs --database"
_NO_API = "needs --api"
# What is said of a figure, and how it reads: a share, a number, kilometres, seconds.
_WORDS = {
    "decoding": "from tracker to database",
    "matching": "instants of ploughing, by the passes",
    "coverage": "length cleared, by segment and direction",
    "cleared_at": "end of a pass beside the end of the work",
    "work_time": "working or not, second by second",
    "reports": "daily reports",
    "latency": "from the device's clock to the database",
}


def score(folder: Path, *, api: str | None, database: str | None) -> dict[str, Any]:
    """Figures by what they are about; `{"missing": why}` where there is no data."""
    if not (api or database):
        raise ScoreError("give --database URL or --api URL, or both")
    truth = read_truth(folder)
    figures: dict[str, Any] = {about: {"missing": _NO_DATABASE} for about in _WORDS}
    figures["reports"] = {"missing": _NO_API}
    if database:
        figures |= _by_database(truth, database)
    if api:
        # A machine with two trackers worked once.
        machines = truth.units.filter(pl.col("twin_of").is_null())
        days = [str(day) for day in truth.work["day"].unique().sort()]
        figures["reports"] = judge.judge_reports(truth, read_reports(api, machines, days))
    if not truth.night["over"]:
        figures["decoding"]["remark"] = (
            "the run was stopped before its night was over: what trackers hold counts as lost"
        )
    figures["live"] = {"missing": "the engine does not tell yet when a fix became visible on /v1/live"}
    return {"night": truth.night, "figures": figures}


def _times(truth: Truth) -> tuple[datetime, datetime]:
    """From when to when, in UTC."""
    first, last = (datetime.fromtimestamp(us / 1e6, UTC) for us in (truth.night["start_us"], truth.until_us))
    return first, last


def _by_database(truth: Truth, url: str) -> dict[str, Figures]:
    names = list(truth.units.select("agency", "device").iter_rows())
    database = Database(url, names, _times(truth))
    stored, passes, working, latency = database.stored(), database.passes(), database.working(), database.latency()
    database.close()
    return {
        "decoding": judge.judge_decoding(truth, stored),
        "matching": judge.judge_matching(truth, passes),
        "coverage": judge.judge_coverage(truth, passes),
        "cleared_at": judge.judge_cleared_at(truth, passes),
        "work_time": judge.judge_work_time(truth, working),
        "latency": _latency(truth, *latency),
    }


def _latency(truth: Truth, fixes: int, median_s: float | None, most_s: float | None) -> Figures:
    if truth.night.get("speed") != 1:
        return {"missing": "the night did not run in real time"}
    return {"fixes_within_a_minute": fixes, "p50_s": median_s, "p99_s": most_s}


def print_score(scored: dict[str, Any]) -> None:
    """For people, on standard output."""
    night = scored["night"]
    table = Table(title=f"{night.get('scenario')} · seed {night.get('seed')}", title_justify="left")
    for name in ("about", "figure", "value"):
        table.add_column(name, justify="right" if name == "value" else "left")
    for about, figures in scored["figures"].items():
        first = f"{about}: {_WORDS[about]}" if about in _WORDS else about
        for name, value in _flat(figures):
            table.add_row(first, name, value)
            first = ""
    Console().print(table, highlight=False, markup=False)


def _flat(figures: Figures, before: str = "") -> list[tuple[str, str]]:
    rows = []
    for name, value in figures.items():
        if isinstance(value, dict):
            rows += _flat(value, f"{before}{name} ")
        else:
            rows.append((f"{before}{name}", _said(value)))
    return rows


def _said(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:,.4f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
