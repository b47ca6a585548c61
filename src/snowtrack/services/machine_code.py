"""Machine code is made when it is first needed, and loaded the first time in each process: here before anyone waits
for it, by a drive that nobody made. `python -m snowtrack.services.machine_code` makes all of it."""

import numpy as np

from snowtrack.clearance.fold import fold
from snowtrack.clearance.segments import PolicyTable, Segments
from snowtrack.clearance.view import Views
from snowtrack.model.calendar import SECOND_US
from snowtrack.model.columns import Int32s
from snowtrack.model.fixes import FixBatch, Message
from snowtrack.model.passes import PassBatch
from snowtrack.model.policy import BUILT_IN
from snowtrack.network.arrays import Network
from snowtrack.nmea.decode import decode
from snowtrack.pipeline.engine import Engine, EnginePolicy
from snowtrack.roads.sample import sample_network
from snowtrack.tiles.layers import TileMaker
from snowtrack.tiles.window import TileKey

DEVICE = 1
# Beyond the lag, so that fixes are settled; after the gap ways are searched.
FIXES, GAP_S = 120, 60
BEGIN_US = 1_767_225_600_000_000
SENTENCE = b"$GPRMC,000000.00,A,3633.6613,N,13639.3562,E,10.0,90.0,010126,,,A*59\r\n"
WORLD = TileKey(6, 0, 0)


def load_ingest(network: Network, policy: EnginePolicy) -> None:
    """From sentences to passes: all stages once, along the first road."""
    decode([Message(DEVICE, BEGIN_US, SENTENCE)])
    engine, drive = Engine(network, policy), _drive(network)
    late = FIXES - 10
    order = np.concatenate([np.arange(late), np.arange(late + 1, FIXES), [late]])
    engine.on_batch(drive.take(order[:-2]))
    engine.on_batch(drive.take(order[-2:]))
    engine.snapshot(DEVICE)
    engine.flush([DEVICE])


def load_fold(network: Network) -> None:
    """From passes to states."""
    fold(PassBatch.empty(), Segments.of(network, PolicyTable.of(BUILT_IN, network)))


def load_tiles(network: Network, tiles: TileMaker) -> None:
    """Of both layers, where there is nothing to show."""
    tiles.roads(WORLD)
    tiles.clearance(WORLD, Views.untouched(len(network)), BEGIN_US)


def _drive(network: Network) -> FixBatch:
    """From one end of the road to the other, ploughing half of it."""
    numbers = np.arange(FIXES)
    passed_s = numbers + np.where(numbers > FIXES // 2, GAP_S, 0)
    return FixBatch.of(
        FIXES,
        device=np.full(FIXES, DEVICE, np.int32),
        boot=np.ones(FIXES, np.int64),
        seq=numbers + 1,
        digest=numbers,
        uptime_ms=1_000 * passed_s,
        time_us=BEGIN_US + passed_s * SECOND_US,
        received_us=BEGIN_US + passed_s * SECOND_US,
        lat_e7=_between_ends(network.shape_lat_e7, network),
        lon_e7=_between_ends(network.shape_lon_e7, network),
        speed_mmps=np.full(FIXES, 5_000, np.int32),
        course_cdeg=np.zeros(FIXES, np.int32),
        blade=(numbers < FIXES // 2).astype(np.int8),
        sources=np.ones(FIXES, np.int16),
        remarks=np.zeros(FIXES, np.int16),
    )


def _between_ends(shape_e7: Int32s, network: Network) -> Int32s:
    return np.linspace(shape_e7[0], shape_e7[network.shape_offsets[1] - 1], FIXES).astype(np.int32)


if __name__ == "__main__":
    town = sample_network()
    load_ingest(town, EnginePolicy())
    load_fold(town)
    load_tiles(town, TileMaker(town, len(town)))
