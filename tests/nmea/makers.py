"""Sentences of trackers' makers: as dialects of the decoder, of the oracle, and as some trackers write them."""

from fractions import Fraction

from hypothesis import strategies as st

from snowtrack.model.fixes import BLADE_DOWN, BLADE_UP, Source
from snowtrack.nmea.decode import Dialect
from snowtrack.nmea.fields import Read
from snowtrack.nmea.sentences import Field, Kind
from tests.oracles.nmea_sentences import Dialect as OracleDialect
from tests.oracles.nmea_sentences import Kind as OracleKind
from tests.oracles.nmea_sentences import count, decimal, word

WORDS = {"UP": BLADE_UP, "DOWN": BLADE_DOWN}
MAKERS = Dialect(
    kinds=(
        Kind(
            address="PXBLADE",
            source=Source.ADAPTED,
            fields=(
                Field(value="blade", at=2, read=Read.CHOICE, choices=WORDS),
                Field(value="blade_cdeg", at=3, read=Read.DECIMAL, scale=(10, 1), low=-9_000, high=9_000),
            ),
        ),
        Kind(
            address="PXS",
            source=Source.ADAPTED,
            fields=(Field(value="spread_mgpm2", at=1, read=Read.DECIMAL, scale=(40_000, 7)),),
        ),
    )
)
NUMBERED = Dialect(
    unchecked=True,
    kinds=(
        Kind(
            address="PXS",
            source=Source.ADAPTED,
            opens=True,
            fields=(
                Field(value="boot", at=1, read=Read.COUNT, low=1, high=2**32 - 1, needed=True),
                Field(value="seq", at=63, read=Read.COUNT, low=1, high=2**53 - 1, needed=True),
            ),
        ),
    ),
)
DIALECTS = (Dialect(unchecked=True), MAKERS, NUMBERED)

BLADE_CELLS = (word("blade", 2, WORDS), decimal("blade_cdeg", 3, Fraction(10), low=-9_000, high=9_000))
ORACLES = (
    OracleDialect(unchecked=True),
    OracleDialect(
        kinds={
            "PXBLADE": OracleKind(rank=8, source=Source.ADAPTED, cells=BLADE_CELLS),
            "PXS": OracleKind(rank=9, source=Source.ADAPTED, cells=(decimal("spread_mgpm2", 1, Fraction(40_000, 7)),)),
        }
    ),
    OracleDialect(
        unchecked=True,
        kinds={
            "PXS": OracleKind(
                rank=8,
                source=Source.ADAPTED,
                cells=(count("boot", 1, 2**32 - 1, low=1), count("seq", 63, 2**53 - 1, low=1)),
                opens=True,
                needs=frozenset({"boot", "seq"}),
            )
        },
    ),
)

MAKERS_SENTENCES = st.sampled_from(
    [
        "PXBLADE,1,DOWN,12.5",
        "PXBLADE,1,UP",
        "PXBLADE,,down,-900.04",
        "PXS,17",
        "PXS,99999.999999999",
        f"PXS,5{',' * 62}6",
        f"PXS,5{',' * 62}6,",
        "PXSA,1",
    ]
)
