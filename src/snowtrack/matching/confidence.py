"""How sure a match is: from what a way without its segment would cost, to the share of such matches that are right.

Fitted on real tracks and on simulated nights, clean and with noise (docs/decisions/012-a-matcher-with-memory.md).
"""

import numpy as np

from snowtrack.compiled import Array
from snowtrack.model.columns import Floats, Int16s, Int64s

# Of the matches without any margin so many are wrong, and e times fewer for each `MARGIN`.
WRONG, MARGIN = 0.1, 500.0
# Of the matches half way to a road beside so many are wrong, and e times fewer for each `RIVAL`.
BESIDE, RIVAL = 0.5, 600.0
# A machine that has not gone so far yet may stand beside the road.
GONE_MM, NOT_GONE = 30_000, 0.3


def confidence(margin: Int64s, rival: Int16s, columns: Array) -> Int16s:
    """In thousandths, by the margins of settled fixes, the rivals of their states, and their columns."""
    wrong: Floats = np.where(columns["gone_mm"] < GONE_MM, NOT_GONE, WRONG * np.exp(-margin / MARGIN))
    beside: Floats = BESIDE * np.exp(-rival / RIVAL)
    sure: Int16s = np.rint(1000 * (1 - np.maximum(wrong, beside))).astype(np.int16)
    return sure
