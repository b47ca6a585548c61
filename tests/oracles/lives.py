"""A worker's life: batches in some order, and what happens between them."""

from collections.abc import Sequence

import numpy as np

from snowtrack.model.fixes import FixBatch
from tests.oracles.worker import Worker


def live_through(
    worker: Worker,
    fixes: FixBatch,
    order: Sequence[int],
    cuts: Sequence[int],
    events: Sequence[Sequence[str]],
    *,
    later_us: int,
) -> None:
    """Take the fixes in this order, in batches of these sizes, with these events after each."""
    at, turn, sent = 0, 0, FixBatch.empty()
    while at < len(order):
        size = cuts[turn % len(cuts)]
        batch = fixes.take(np.array(order[at : at + size]))
        worker.take(batch)
        sent = FixBatch.concat([sent, batch])
        for event in events[turn % len(events)]:
            match event:
                case "tick":
                    worker.tick(later_us)
                case "compute":
                    worker.compute()
                case "recompute":
                    worker.recompute()
                case "crash":
                    worker.crash()
                case "again":
                    worker.take(sent)
        at, turn = at + size, turn + 1
