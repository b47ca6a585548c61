"""Parts of epochs, as the window takes them."""

from hypothesis import strategies as st

from snowtrack.matching.halves import Pending
from snowtrack.model.columns import ABSENT_8, ABSENT_32, ABSENT_64
from snowtrack.model.fixes import Source
from snowtrack.model.tracks import TimeTrust

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
    )
    return blank._replace(**more)


def gga(digest: int = 1, **more: int) -> Pending:
    return part(Source.GGA, digest=digest, **more)


def rmc(digest: int = 2, **more: int) -> Pending:
    return part(Source.RMC, digest=digest, **({"speed_mmps": 6_000, "course_cdeg": 900} | more))


def gll(digest: int = 3, **more: int) -> Pending:
    return part(Source.GLL, digest=digest, **more)


PARTS = st.lists(
    st.builds(
        lambda sources, at, digest, east, number: part(
            sources, at_us=AT_US + at, digest=digest, east_e7=east, **({"boot": 1, "seq": number} if number else {})
        ),
        st.sampled_from([Source.GGA, Source.RMC, Source.GLL, Source.GGA | Source.VTG]),
        st.integers(0, 2),
        st.integers(0, 99),
        st.sampled_from([0, 0, 9, 90_000]),
        st.sampled_from([0, 0, 1, 2]),
    ),
    max_size=8,
    unique_by=lambda fix: fix[:4],
)
