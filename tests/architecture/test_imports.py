"""The import contracts of pyproject.toml hold, and each of them can break."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
# Imports that the contracts forbid: the module that gets the line, and the line.
FORBIDDEN = [
    ("snowtrack/nmea/decode.py", "snowtrack.tracks.clock"),
    ("snowtrack/passes/builder.py", "snowtrack.matching.window"),
    ("snowtrack/model/ids.py", "snowtrack.network.arrays"),
    ("snowtrack/compiled.py", "snowtrack.model.columns"),
    ("snowtrack/network/cells.py", "snowtrack.clearance.fold"),
    ("snowtrack/matching/matcher.py", "snowtrack.settings"),
    ("snowtrack/pipeline/engine.py", "snowtrack.store.fixes"),
    ("snowtrack/tiles/layers.py", "snowtrack.passes.builder"),
    ("snowtrack/reports/daily.py", "snowtrack.nmea.decode"),
    ("snowtrack/store/passes.py", "snowtrack.live.bus"),
    ("snowtrack/store/passes.py", "snowtrack.services.up"),
    ("snowtrack/roads/build.py", "snowtrack.sources.mqtt"),
    ("snowtrack/api/app.py", "snowtrack.services.serve"),
    ("snowtrack/settings.py", "snowtrack.store.database"),
    ("snowtrack/api/health.py", "portal_bridge.app"),
    ("snowtrack/services/up.py", "ploughsim.cli"),
    ("ploughsim/tracker.py", "snowtrack.model.topics"),
]


def lint(source: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the contracts over the installed packages, or over a copy of them."""
    environment = os.environ | ({} if source is None else {"PYTHONPATH": str(source)})
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()"]
    options = ["--config", str(ROOT / "pyproject.toml"), "--no-cache", "--no-logo"]
    return subprocess.run([*command, *options], env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of all packages that a test may spoil."""
    for folder in (ROOT / "src", ROOT / "firmware-sim" / "src"):
        shutil.copytree(folder, tmp_path, ignore=shutil.ignore_patterns("pages", "__pycache__"), dirs_exist_ok=True)
    return tmp_path


def test_all_contracts_hold() -> None:
    result = lint()
    assert result.returncode == 0, result.stdout + result.stderr


def test_each_forbidden_import_is_found(copied: Path) -> None:
    for path, imported in FORBIDDEN:
        with (copied / path).open("a") as file:
            file.write(f"\nimport {imported}\n")
    result = lint(copied)
    assert result.returncode == 1, result.stdout + result.stderr
    for path, imported in FORBIDDEN:
        importer = path.removesuffix(".py").replace("/", ".")
        assert f"{importer} -> {imported}" in result.stdout


def test_a_circle_of_siblings_is_found(copied: Path) -> None:
    with (copied / "snowtrack/nmea/fields.py").open("a") as file:
        file.write("\nimport snowtrack.nmea.sentences\n")
    result = lint(copied)
    assert result.returncode == 1
    assert "circle BROKEN" in result.stdout


def test_a_new_package_needs_its_place_among_the_layers(copied: Path) -> None:
    (copied / "snowtrack/gossip").mkdir()
    (copied / "snowtrack/gossip/__init__.py").write_text("")
    result = lint(copied)
    assert result.returncode == 1
    assert "gossip" in result.stdout
