"""A town and tracks in it, as files."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from snowtrack.network.arrays import Kind, Network
from snowtrack.roads.files import write_network
from tests.oracles.towns import Metres, built, point, road

COMMAND = (sys.executable, "-m", "snowtrack", "match")
ENDED_S_MAX = 120
# A street of 600 m with a crossing in its middle, and a footway beside it.
STREET, ACROSS, FOOTWAY = 70, 71, 72


def town() -> Network:
    return built(
        road((0, 0), (300, 0), (600, 0), source_id=STREET),
        road((300, -200), (300, 0), (300, 200), source_id=ACROSS),
        road((0, 9), (600, 9), source_id=FOOTWAY, kind=Kind.FOOTWAY),
    )


def town_folder(folder: Path) -> Path:
    write_network(town(), folder / "net")
    return folder / "net"


def along(seconds: Sequence[float], *, north: float = 2, speed: float = 8) -> list[tuple[float, Metres]]:
    """A drive to the east along the street."""
    return [(second, (20 + second * speed, north)) for second in seconds]


def csv_of(fixes: Sequence[tuple[float, Metres]], header: str = "time,lat,lon", rest: str = "") -> str:
    lines = [header]
    for second, place in fixes:
        lat, lon = point(*place)
        lines.append(f"{second},{lat / 1e7:.7f},{lon / 1e7:.7f}{rest}")
    return "\n".join(lines) + "\n"


def run(*arguments: str | Path) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, timeout=ENDED_S_MAX, check=False)
