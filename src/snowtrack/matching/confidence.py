"""How sure a match is: from what a way without its segment would cost, to the share of such matches that are right.

Fitted on real tracks and on simulated nights, clean and with noise (docs/decisions/012-a-matcher-with-memory.md).
"""

import numpy as np

from snowtrack.compiled import Array
from snowtrack.model.columns import Floats, Int16s, Int64s

# Of the matches without any margin so many are wrong, and e times fewer for each `MARGIN`.
WRONG, MARGIN = 0.1, 500.0
# A machine that has not gone so far yet may stand beside the road.
GONE_MM = 30_000


def confidence(margin: Int64s, columns: Array) -> Int16s:
    """In thousandths, by the margins and columns of settled fixes."""
    wrong: Floats = np.where(columns["gone_mm"] < GONE_MM, WRONG, WRONG * np.exp(-margin / MARGIN))
    return np.rint(1000 * (1 - wrong)).astype(np.int16)
