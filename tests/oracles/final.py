"""What the fixes of one device come to when nothing is missing: the yardstick of "same fixes, same results"."""

import numpy as np

from snowtrack.model.fixes import FixBatch
from snowtrack.model.passes import PassBatch
from snowtrack.network.arrays import Network
from snowtrack.pipeline.engine import Engine, EnginePolicy
from snowtrack.pipeline.replay import in_order


def final_passes(network: Network, policy: EnginePolicy, fixes: FixBatch) -> PassBatch:
    """All of them at once, in order, and nothing left open."""
    engine = Engine(network, policy)
    settled = engine.on_batch(in_order(fixes)).passes
    return PassBatch.concat([settled, engine.flush(np.unique(fixes.device).tolist()).passes])
