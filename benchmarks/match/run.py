"""`match`: our matcher beside Valhalla, fastmm and the nearest road by heading, how right and how fast.

Input: the real tracks of the folder beside this repository where they are there, simulated drives on the same seeds
elsewhere. Peers match the same tracks in the same run, each track whole; loading roads is left out on all sides.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path as File
from tempfile import TemporaryDirectory

from benchmarks.match.accuracy import Cell, grid_rows, nights, real_tracks, side_by_side, streams
from benchmarks.match.devset import DEVSET
from benchmarks.match.heading_peer import NearestByHeading
from benchmarks.match.nights import EXTRACTS, read_roads
from benchmarks.match.ours import NAME
from benchmarks.match.peers import installed
from benchmarks.match.score import Calibration
from benchmarks.match.speed import Fleet, beside_peers
from benchmarks.report import Report, Result

# Keys of the figures that have a target: what was done to the tracks, at which lag, which figure.
TARGETS = {
    "fix_acc_lag10": ("clean", 10.0, "fix_acc"),
    "precision_lag10": ("clean", 10.0, "precision"),
    "recall_lag10": ("clean", 10.0, "recall"),
    "fix_acc_lag0": ("clean", 0.0, "fix_acc"),
    "rmf_lag30": ("clean", 30.0, "rmf"),
    "rmf_noise_10m": ("noise 10 m", 30.0, "rmf"),
    "fix_acc_noise_10m": ("noise 10 m", 30.0, "fix_acc"),
    "rmf_every_30s": ("every 30 s", 30.0, "rmf"),
}


def run(progress: Callable[[str], None]) -> Report:
    """All of it."""
    peers, missing = installed()
    with TemporaryDirectory() as name:
        folder = File(name)
        progress("many vehicles at once, and one vehicle's twelve hours")
        figures = _fast(folder / "fleet")
        progress("parallel roads")
        grid = side_by_side(folder / "parallel")
        rows = list(grid_rows(grid))
        figures["wrong_share_25m_3m"] = next(part.wrong_share for sigma, at, part in grid if (sigma, at) == (3, 25))
        if DEVSET.is_dir():
            progress("real tracks, beside the peers")
            beside = beside_peers(peers, folder / "speed")
            figures |= {f"vs_{row.of.split()[0].lower()}": beside[0].value / row.value for row in beside[1:]}
            cells, calibration = real_tracks({**peers, "nearest by heading": NearestByHeading}, folder / "real")
            rows += beside + [row for cell in cells for row in cell.rows()]
            figures |= _targets(cells) | _sure("", calibration)
            progress("real tracks as streams to the peers")
            rows += streams(peers, folder / "streams")
            progress("simulated nights")
            rows += _nights(folder / "nights", figures)
        else:
            missing.append("the set of real tracks (SNOWTRACK_MATCH_DEVSET)")
    return Report(name="match", results=tuple(rows), ratios=figures, missing=tuple(missing))


def _fast(folder: File) -> dict[str, float]:
    fleet = Fleet(folder)
    online, kept = fleet.online()
    return {"online_fixes_per_s": online, "backlog_fixes_per_s": fleet.backlog(), "bytes_per_vehicle": kept}


def _nights(folder: File, figures: dict[str, float]) -> Iterator[Result]:
    """One fix a second, and fewer."""
    roads = [read_roads(DEVSET / extract) for extract in EXTRACTS]
    for every_s in (1.0, 5.0, 30.0):
        cell, calibration = nights(roads, every_s, folder / f"{every_s:g}")
        figures |= _sure(f"night_{every_s:g}s_", calibration)
        yield from cell.rows()


def _targets(cells: Sequence[Cell]) -> dict[str, float]:
    ours = {(cell.spoilt, cell.lag_s): cell.score for cell in cells if cell.of == NAME}
    return {key: getattr(ours[spoilt, lag_s], figure) for key, (spoilt, lag_s, figure) in TARGETS.items()}


def _sure(prefix: str, calibration: Calibration) -> dict[str, float]:
    return {f"{prefix}ece": calibration.expected_error, f"{prefix}least_sure_5pc_errors": calibration.error_share}
