"""Small worlds for labels and views: five roads, what happened on them, and what surrounds them."""

import numpy as np
from hypothesis import strategies as st

from snowtrack.clearance.fold import fold
from snowtrack.clearance.ledger import Fallen, Ledger, Surroundings, no_figure
from snowtrack.clearance.segments import PolicyTable, Segments
from snowtrack.model.columns import ABSENT_8, ABSENT_32, ABSENT_64, Int64s, Rows
from snowtrack.model.passes import PassBatch
from snowtrack.model.policy import BUILT_IN
from snowtrack.model.states import LABELS
from snowtrack.model.work import Evidence
from snowtrack.network.arrays import Kind, RoadClass
from tests.oracles.towns import road, town

SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US
NOW_US = 1_768_404_600 * SECOND_US
NETWORK = town(
    road((0, 0), (100, 0), road_class=RoadClass.LOCAL),
    road((0, 50), (100, 50), road_class=RoadClass.MAIN),
    road((0, 90), (100, 90), road_class=RoadClass.NATIONAL, oneway=1),
    road((0, 120), (100, 120), road_class=RoadClass.MAIN, kind=Kind.FOOTWAY),
    road((0, 150), (100, 150), road_class=RoadClass.PREFECTURAL),
)
LOCAL, MAIN, ONE_WAY, FOOTWAY, PREFECTURAL = range(1, 6)
TABLE = PolicyTable.of(BUILT_IN, NETWORK)
SEGMENTS = Segments.of(NETWORK, TABLE)
ALL: Rows = np.arange(len(NETWORK))

VIEWS = st.lists(
    st.tuples(
        st.integers(0, len(LABELS) - 1),
        st.integers(0, 100),
        st.just(ABSENT_64) | st.integers(0, 2**31).map(lambda seconds: seconds * 1_000_000),
        st.sampled_from([ABSENT_8, *Evidence]),
        st.integers(0, 100),
    ),
    max_size=5,
)

Drive = tuple[int, int, int]
"""Direction, from percent, to percent."""


def worked(segment: int, *drives: Drive, ended_us: int = NOW_US, device: int = 7, confidence: int = 900) -> PassBatch:
    length = int(NETWORK.length_mm[segment - 1])
    rows = [
        (
            device,
            segment,
            way,
            length * start // 100,
            length * to // 100,
            ended_us,
            ended_us,
            0,
            0,
            confidence,
            ABSENT_32,
        )
        for way, start, to in drives
    ]
    return PassBatch.from_rows(rows)


def ledger_of(*passes: PassBatch) -> Ledger:
    """After these."""
    ledger = Ledger(TABLE.both_ways)
    states = fold(PassBatch.concat(passes), SEGMENTS)
    ledger.replace(ALL, states.facts, SEGMENTS.rows(states.facts.segment_id))
    return ledger


def around(
    *,
    now_us: int = NOW_US,
    event_us: int = NOW_US - HOUR_US,
    closed: tuple[int, ...] = (),
    untold: tuple[int, ...] = (),
    silent: tuple[int, ...] = (),
    fallen: Fallen = no_figure,
) -> Surroundings:
    """Segments by their ids."""
    return Surroundings(
        now_us=now_us,
        event_us=event_us,
        closed=np.isin(NETWORK.segment_id, closed),
        untold=np.isin(NETWORK.segment_id, untold),
        silent=np.array(silent, np.int32),
        fallen=fallen,
    )


def snowing(mm_per_h: int, *rows: int, now_us: int = NOW_US) -> Fallen:
    """As much on these rows; there is no figure for others."""

    def fallen(asked: Rows, since_us: Int64s) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
        figures = (now_us - since_us) * mm_per_h // HOUR_US
        return np.where(np.isin(asked, rows), figures, ABSENT_32).astype(np.int32)

    return fallen
