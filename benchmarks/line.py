"""`line`: what the thin line costs, stage by stage, on one core and without any I/O.

Input: 40 ploughs for 20 minutes at 1 Hz, ten epochs a message, noise 1.5 m lasting 60 s (seed 1). Peers do the same
work in the same run: pynmea2 reading latitude, longitude and time; shapely's STRtree giving the nearest segment of
each fix (by distance alone); mapbox-vector-tile encoding the same tile. Accuracy is the share of moving fixes whose
segment is the true one.
"""

from collections.abc import Callable
from importlib.metadata import version

import mapbox_vector_tile
import numpy as np
import pynmea2
import shapely

from benchmarks.night import Night, simulate
from benchmarks.report import Report, Result, best_rate
from snowtrack.clearance.fold import fold
from snowtrack.clearance.segments import PolicyTable, Segments
from snowtrack.matching.matcher import Matcher
from snowtrack.model.columns import Int64s
from snowtrack.model.matches import MatchBatch
from snowtrack.model.passes import PassBatch
from snowtrack.model.policy import BUILT_IN
from snowtrack.model.tracks import ObservedBatch
from snowtrack.network.arrays import Network
from snowtrack.nmea.decode import decode
from snowtrack.pipeline.engine import Engine, EnginePolicy
from snowtrack.tiles.layers import TileMaker
from snowtrack.tiles.window import TileKey
from snowtrack.tracks.clock import observe

OURS = "snowtrack"
BATCH_MESSAGES = 40
TILE = TileKey(13, 7206, 3200)
MOVING_MMPS = 1_000


def run(progress: Callable[[str], None]) -> Report:
    """All stages, each beside its peer."""
    progress("simulating the night")
    night = simulate(ploughs=40, seconds=1_200, sigma_m=1.5)
    observed = observe(decode(night.messages).fixes, {})
    rows = _decoding(night, progress)
    rows += _matching(night, observed, progress)
    rows += _whole_line(night, progress)
    rows += _tiles(night.network, progress)
    rates = {(row.what, row.of == OURS): row.value for row in rows}
    ratios = {
        "decode_vs_pynmea2": rates["decode", True] / rates["decode", False],
        "match_vs_strtree": rates["match", True] / rates["match", False],
        "match_accuracy": rates["match accuracy", True],
        "strtree_accuracy": rates["match accuracy", False],
        "fixes_per_s_core": rates["whole line", True],
        "tile_vs_mapbox_vector_tile": rates["tile", True] / rates["tile", False],
    }
    return Report(name="line", results=tuple(rows), ratios=ratios)


def _decoding(night: Night, progress: Callable[[str], None]) -> list[Result]:
    progress("decoding, also by pynmea2")
    lines = [
        line.decode() for m in night.messages[:400] for line in m.payload.split() if not line.startswith(b"$PSNOW")
    ]

    def peer() -> None:
        for text in lines:
            sentence = pynmea2.parse(text)
            _ = (sentence.latitude, sentence.longitude, sentence.timestamp)

    ours = best_rate(lambda: decode(night.messages), night.fixes * 3)
    return [
        Result(what="decode", of=OURS, value=ours, unit="sentences/s"),
        Result(what="decode", of=_named("pynmea2"), value=best_rate(peer, len(lines)), unit="sentences/s"),
    ]


def _matching(night: Night, observed: ObservedBatch, progress: Callable[[str], None]) -> list[Result]:
    progress("matching, also by shapely's STRtree")
    network = night.network
    tree = shapely.STRtree([_line(network, row) for row in range(len(network))])
    matched = _match(network, observed)
    moving = matched.speed_mmps >= MOVING_MMPS
    keys = zip(matched.device.tolist(), matched.observed_us.tolist(), strict=True)
    truth = np.array([night.truth[key] for key in keys], np.int64)
    own = np.where(matched.row >= 0, network.segment_id[matched.row], -1)
    points = shapely.points(matched.fix_lon_e7 / 1e7 * np.cos(np.radians(36.6)), matched.fix_lat_e7 / 1e7)
    nearest = network.segment_id[tree.nearest(points)]
    return [
        Result(
            what="match",
            of=OURS,
            value=best_rate(lambda: _match(network, observed), len(observed)),
            unit="fixes/s",
        ),
        Result(
            what="match",
            of=_named("shapely"),
            value=best_rate(lambda: tree.nearest(points), len(points)),
            unit="fixes/s",
        ),
        Result(what="match accuracy", of=OURS, value=_share(own, truth, moving), unit="of moving fixes"),
        Result(
            what="match accuracy", of=_named("shapely"), value=_share(nearest, truth, moving), unit="of moving fixes"
        ),
    ]


def _whole_line(night: Night, progress: Callable[[str], None]) -> list[Result]:
    progress("the whole line: payloads to facts")

    def line() -> None:
        engine = Engine(night.network, EnginePolicy())
        batches = range(0, len(night.messages), BATCH_MESSAGES)
        outputs = [engine.on_batch(decode(night.messages[at : at + BATCH_MESSAGES]).fixes) for at in batches]
        ended = engine.flush(list(range(40)))
        _fold(night.network, PassBatch.concat([*(output.passes for output in outputs), ended.passes]))

    return [Result(what="whole line", of=OURS, value=best_rate(line, night.fixes, repeats=3), unit="fixes/s")]


def _fold(network: Network, passes: PassBatch) -> None:
    fold(passes, Segments.of(network, PolicyTable.of(BUILT_IN, network)))


def _tiles(network: Network, progress: Callable[[str], None]) -> list[Result]:
    progress("encoding a tile, also by mapbox-vector-tile")
    maker = TileMaker(network, features_max=10_000)
    content = mapbox_vector_tile.decode(maker.roads(TILE), default_options={"y_coord_down": True})["roads"]
    layer = {"name": "roads", "features": content["features"]}
    amount = len(content["features"])
    peer = best_rate(
        lambda: mapbox_vector_tile.encode(layer, default_options={"y_coord_down": True}), amount, repeats=3
    )
    return [
        Result(what="tile", of=OURS, value=best_rate(lambda: maker.roads(TILE), amount), unit="segments/s"),
        Result(what="tile", of=_named("mapbox-vector-tile"), value=peer, unit="segments/s"),
    ]


def _match(network: Network, observed: ObservedBatch) -> MatchBatch:
    """All fixes, settled as the engine's policy says."""
    policy = EnginePolicy()
    matcher = Matcher(network, lag_us=policy.lag_us, cut_us=policy.cut_us, silence_us=policy.silence_us)
    matches = matcher.on_batch(observed), matcher.flush(np.unique(observed.device).tolist())
    return MatchBatch.concat(one.settled for one in matches)


def _line(network: Network, row: int) -> shapely.LineString:
    """In degrees whose width is made that of their height, so that the nearest is the nearest."""
    part = slice(network.shape_offsets[row], network.shape_offsets[row + 1])
    lons = network.shape_lon_e7[part] / 1e7 * np.cos(np.radians(36.6))
    return shapely.LineString(np.column_stack((lons, network.shape_lat_e7[part] / 1e7)))


def _share(answers: Int64s, truth: Int64s, counted: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> float:
    return float(np.mean(answers[counted] == truth[counted]))


def _named(package: str) -> str:
    return f"{package} {version(package)}"
