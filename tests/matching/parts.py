"""Parts of epochs, as the window takes them."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st

from snowtrack.matching.records import FIX, HEAD, fix_columns, fix_records
from snowtrack.matching.window import Rows, join_halves
from snowtrack.model.columns import ABSENT_8, ABSENT_32, ABSENT_64
from snowtrack.model.fixes import Source
from snowtrack.model.tracks import TimeTrust
from tests.oracles.halves import Pending, observed, pending

AT_US = 100
PLACE_E7 = (365_666_667, 1_366_500_000)


def part(sources: int, *, at_us: int = AT_US, digest: int = 0, east_e7: int = 0, **more: int) -> Pending:
    """A fix of these sentences, without number; what they do not state is absent."""
    blank = Pending(
        observed_us=at_us,
        boot=ABSENT_64,
        seq=ABSENT_64,
        digest=digest,
        device=7,
        received_us=at_us + 5,
        lat_e7=PLACE_E7[0],
        lon_e7=PLACE_E7[1] + east_e7,
        speed_mmps=ABSENT_32,
        course_cdeg=ABSENT_32,
        blade=ABSENT_8,
        trust=TimeTrust.STATED,
        sources=sources,
        hdop_centi=ABSENT_32,
        quality=ABSENT_8,
    )
    return blank._replace(**more)


def gga(digest: int = 1, **more: int) -> Pending:
    return part(Source.GGA, digest=digest, **more)


def rmc(digest: int = 2, **more: int) -> Pending:
    return part(Source.RMC, digest=digest, **({"speed_mmps": 6_000, "course_cdeg": 900} | more))


def gll(digest: int = 3, **more: int) -> Pending:
    return part(Source.GLL, digest=digest, **more)


def joined(*parts: Pending) -> list[Pending]:
    """The fixes of a machine with their halves joined."""
    return joined_of_many([parts])[0]


def joined_of_many(devices: Sequence[Sequence[Pending]]) -> list[list[Pending]]:
    """The same of several machines at once, of which nothing is settled."""
    begins = np.cumsum([0, *(len(parts) for parts in devices)])
    came = [fix for parts in devices for fix in sorted(parts)]
    whole = Rows(np.zeros(len(begins), np.int64), np.empty(len(came), FIX))
    nothing_changed = np.full(len(devices), -1, np.int64)
    join_halves(np.zeros(len(devices), HEAD), Rows(begins, fix_records(observed(came))), whole, nothing_changed)
    ends = whole.begins.tolist()
    return [pending(fix_columns(whole.fixes[start:to])) for start, to in pairwise(ends)]


STATED = st.sampled_from(
    [{}, {"speed_mmps": 3_000}, {"course_cdeg": 40, "blade": 1}, {"hdop_centi": 120, "quality": 4}]
)
PARTS = st.lists(
    st.builds(
        lambda sources, at, digest, east, more: part(
            sources, at_us=AT_US + at, digest=digest, east_e7=east, received_us=AT_US + digest, **more
        ),
        st.sampled_from([Source.GGA, Source.RMC, Source.GLL, Source.GGA | Source.VTG]),
        st.integers(0, 2),
        st.integers(0, 99),
        st.sampled_from([0, 0, 9, 90_000]),
        st.builds(
            lambda number, stated: ({"boot": 1, "seq": number} if number else {}) | stated,
            st.sampled_from([0, 0, 1, 2]),
            STATED,
        ),
    ),
    max_size=8,
    unique_by=lambda fix: fix[:4],
)
