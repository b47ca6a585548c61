"""Ingest with a fault of its own: it fails over a fix of this boot and number, after its stages have taken it in."""

import sys

from snowtrack.cli import main
from snowtrack.model.fixes import FixBatch
from snowtrack.pipeline.engine import Engine, Outputs
from snowtrack.services import lane

BOOT, SEQ = 7, 5


class FaultyEngine(Engine):
    """As any fault may, it leaves a state that is ahead of what is stored."""

    def on_batch(self, new: FixBatch) -> Outputs:
        outputs = super().on_batch(new)
        if ((new.boot == BOOT) & (new.seq == SEQ)).any():
            raise ArithmeticError("a fault of the program")
        return outputs


if __name__ == "__main__":
    vars(lane)["Engine"] = FaultyEngine
    sys.argv[1:] = ["ingest"]
    main()
