"""A process of its own: loads the machine code, works through a short night, and names what it had to load besides."""

import sys

from numba.core.registry import CPUDispatcher

from benchmarks.night import simulate
from snowtrack.clearance.fold import fold
from snowtrack.clearance.segments import PolicyTable, Segments
from snowtrack.clearance.view import Views
from snowtrack.model.passes import PassBatch
from snowtrack.model.policy import BUILT_IN
from snowtrack.nmea.decode import decode
from snowtrack.pipeline.engine import Engine, EnginePolicy
from snowtrack.services.machine_code import load_fold, load_ingest, load_tiles
from snowtrack.tiles.layers import TileMaker
from tests.oracles.mercator import key_at


def loaded() -> set[tuple[str, str]]:
    """Compiled functions, each with what it is loaded for."""
    modules = [module for name, module in sys.modules.items() if name.startswith("snowtrack.")]
    functions = {one for module in modules for one in vars(module).values() if isinstance(one, CPUDispatcher)}
    return {(one.py_func.__qualname__, str(types)) for one in functions for types in one.signatures}


if __name__ == "__main__":
    night = simulate(ploughs=4, seconds=300, sigma_m=1.5)
    network = night.network
    tiles = TileMaker(network, len(network))
    load_ingest(network, EnginePolicy())
    load_fold(network)
    load_tiles(network, tiles)
    before = loaded()
    engine = Engine(network, EnginePolicy())
    outputs = [engine.on_batch(decode(night.messages[at : at + 4]).fixes) for at in range(0, len(night.messages), 4)]
    outputs.append(engine.flush(sorted({message.device for message in night.messages})))
    passes = PassBatch.concat([one.passes for one in outputs])
    fold(passes, Segments.of(network, PolicyTable.of(BUILT_IN, network)))
    key = key_at((int(network.node_lat_e7[0]), int(network.node_lon_e7[0])), 12)
    shown = tiles.roads(key), tiles.clearance(key, Views.untouched(len(network)), 0)
    for function, types in sorted(loaded() - before):
        print(function, types)
    print(f"{len(before)} loaded before, {len(passes)} passes, {min(map(len, shown))} bytes at least")
