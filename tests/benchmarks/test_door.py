"""The door of the benchmarks: what it refuses, and what it writes."""

import subprocess
import sys
from pathlib import Path

import orjson

from benchmarks.report import Report, Result, best_rate


def test_an_unknown_name_is_refused_with_those_that_there_are() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "nothing"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 2
    assert "line" in done.stderr


def test_a_report_is_one_json_object_with_rows_ratios_and_machine(tmp_path: Path) -> None:
    row = Result(what="decode", of="snowtrack", value=2.0, unit="sentences/s")
    report = Report(name="line", results=(row,), ratios={"decode_vs_peer": 2.0}, missing=("gpsdecode",))
    report.write(tmp_path / "line.json")
    written = orjson.loads((tmp_path / "line.json").read_bytes())
    assert written["name"] == "line"
    assert "cores" in written["machine"]
    assert written["results"] == [{"what": "decode", "of": "snowtrack", "value": 2.0, "unit": "sentences/s"}]
    assert written["ratios"] == {"decode_vs_peer": 2.0}
    assert written["missing"] == ["gpsdecode"]


def test_a_rate_is_the_amount_over_the_quickest_run() -> None:
    runs: list[int] = []
    assert best_rate(lambda: runs.append(1), amount=10, repeats=3) > 0
    assert len(runs) == 3
