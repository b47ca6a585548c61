"""The routes of simulated machines, as the engine takes them."""

from pathlib import Path

from ploughsim.registry import write_registry
from ploughsim.scenario import adjust, load_scenario
from snowtrack.network.arrays import Network
from tests.services.test_routes import Command, command
from tests.store.databases import rows

__all__ = ["command"]


def test_they_are_registered_as_they_were_written(
    command: Command, clean_database: str, network: Network, network_folder: Path, tmp_path: Path
) -> None:
    counts = write_registry(adjust(load_scenario("demo"), "fleet", {"machines": 20}), network_folder, tmp_path)
    said = command("fleet", "import", str(tmp_path))
    assert f"routes: {counts['routes']:,} added" in said
    assert f"route_segments: {counts['route_segments']:,} added" in said
    found = rows(clean_database, "select segment_id, direction from route_segment")
    lanes = set(found)
    open_lanes = int(2 * len(network) - (network.oneway != 0).sum())
    # All roads but those from which nobody comes back, by ploughs; main ones once more by the rotary ones.
    assert 0.9 * open_lanes < len(lanes) <= 2 * len(network)
