"""All stored fixes of one device to its final passes: the same stages, over the whole track at once."""

import numpy as np

from snowtrack.model.fixes import FixBatch
from snowtrack.model.passes import PassBatch
from snowtrack.network.arrays import Network
from snowtrack.pipeline.engine import Engine, EnginePolicy


def in_order(fixes: FixBatch) -> FixBatch:
    """Observed order: time, boot, sequence, bytes."""
    return fixes.take(np.lexsort((fixes.digest, fixes.seq, fixes.boot, fixes.time_us)))


def final_passes(network: Network, policy: EnginePolicy, fixes: FixBatch) -> PassBatch:
    """What the fixes of one device come to when nothing is missing."""
    engine = Engine(network, policy)
    settled = engine.on_batch(in_order(fixes)).passes
    return PassBatch.concat([settled, engine.flush(np.unique(fixes.device).tolist()).passes])
