"""What the fixes of one device come to when nothing is missing: the yardstick of "same fixes, same results"."""

import numpy as np

from snowtrack.model.fixes import FixBatch
from snowtrack.model.passes import PassBatch
from snowtrack.model.tracks import ObservedBatch
from snowtrack.model.work import ActivityBatch
from snowtrack.network.arrays import Network
from snowtrack.passes.stage import Worked
from snowtrack.pipeline.engine import Engine, EnginePolicy
from snowtrack.pipeline.replay import in_order
from snowtrack.tracks.clock import observe
from snowtrack.tracks.identity import BootId
from snowtrack.tracks.learning import learn
from snowtrack.tracks.sessions import BootClock


def final_track(fixes: FixBatch) -> ObservedBatch:
    """The clocks learn from all fixes before any is placed."""
    clocks: dict[BootId, BootClock] = {}
    learn(clocks, fixes)
    return in_order(observe(fixes, clocks))


def final_results(network: Network, policy: EnginePolicy, fixes: FixBatch) -> Worked:
    """All of them at once, in order, and nothing left open."""
    engine = Engine(network, policy)
    settled, rest = engine.on_observed(final_track(fixes)), engine.flush(np.unique(fixes.device).tolist())
    return Worked(
        passes=PassBatch.concat([settled.passes, rest.passes]),
        activities=ActivityBatch.concat([settled.activities, rest.activities]),
    )
