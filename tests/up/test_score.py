"""A simulated night through the whole of snowtrack, scored: nothing is lost, and what it says is near the truth.

The limits are far below what is measured (docs/benchmarks.md); here it is about every figure being there and about none
being from another world.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from ploughsim.score.reports import KEY_VARIABLE
from snowtrack.model.access import Right
from tests.keys import key_headers
from tests.up.instance import Instance, await_true, running

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
SCENARIO = """
[night]
name = "scored"
speed = 60
start = "now-1h"
hours = 0.4
[fleet]
agencies = ["kanazawa"]
machines = 6
kinds = { truck = 1, grader = 1 }
muster_min = 0.5
[radio]
latency_ms = 20
dropouts_per_h = 10
"""


def plough_sim(*flags: str, key: str = "") -> str:
    command = [sys.executable, "-m", "ploughsim", *flags]
    environment = {**os.environ, KEY_VARIABLE: key}
    done = subprocess.run(command, capture_output=True, text=True, timeout=150, check=True, env=environment)
    return done.stdout


def is_settled(database: str) -> bool:
    """Every machine has been silent for so long that what it did last is told."""
    with psycopg.connect(database) as connection:
        row = connection.execute("select min(now() - heard_at) > interval '6 seconds' from device").fetchone()
        return bool(row and row[0])


def register_fleet(instance: Instance, scenario: Path, network: list[str]) -> None:
    """Machines are inferred by their kind, and credited, when the registry knows them."""
    files = str(scenario.parent / "fleet")
    plough_sim("fleet", str(scenario), *network, "--out", files)
    command = [sys.executable, "-m", "snowtrack", "fleet", "import", files, "--data", str(instance.folder)]
    subprocess.run(command, capture_output=True, timeout=60, check=True)


def test_a_night_is_scored_against_its_truth(instance: Instance, tmp_path: Path) -> None:
    (tmp_path / "scored.toml").write_text(SCENARIO)
    truth = str(tmp_path / "truth")
    with running(instance, "--set", "engine.silence_s=3", "--set", "ingest.save_s=0.5"):
        broker = f"mqtt://127.0.0.1:{instance.broker_port}"
        network = ["--network", str(instance.folder / "network")]
        register_fleet(instance, tmp_path / "scored.toml", network)
        places = [*network, "--state", str(tmp_path / "state"), "--truth", truth]
        plough_sim("run", str(tmp_path / "scored.toml"), "--broker", broker, *places)
        database = json.loads((instance.folder / "running.json").read_text())["database"]
        await_true(lambda: is_settled(database), 30, "the tails of all machines are settled")
        engine = ["--database", database, "--api", instance.api]
        key = key_headers(database, Right.REPORT)["authorization"].removeprefix("Bearer ")
        scored = json.loads(plough_sim("score", "--truth", truth, *engine, "--json", key=key))
        table = plough_sim("score", "--truth", truth, *engine, key=key)
    figures = scored["figures"]
    assert scored["night"]["scenario"] == "scored"
    assert figures["decoding"] == {"epochs": 6 * 1440, "lost": 0, "lost_share": 0.0, "unknown": 0}
    assert figures["matching"]["instants"] > 2_000
    assert figures["matching"]["right"] > 0.7
    assert figures["coverage"]["cleared_km"] > 10
    assert min(figures["coverage"]["precision"], figures["coverage"]["recall"]) > 0.8
    assert figures["cleared_at"]["p50_s"] < 5
    assert figures["work_time"]["right"] > 0.9
    # Past midnight in Japan there are two days of them.
    assert figures["reports"]["reports"] in (6, 12)
    true, reported = figures["reports"]["driven_km"].values()
    assert reported == pytest.approx(true, rel=0.3)
    assert "real time" in figures["latency"]["missing"]
    for about in ("decoding", "matching", "coverage", "cleared_at", "work_time", "reports", "latency", "live"):
        assert about in table
