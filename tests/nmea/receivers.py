"""What receivers and trackers write, drawn at random: any sentence, any talker, any field there or not.

`instants` are well formed, `PAYLOADS` nearly. `DIRTY` is what they become on their way, `NOISE` is what never was one.
"""

from collections.abc import Sequence
from datetime import date

from hypothesis import strategies as st

from snowtrack.nmea.unpack import GZIP, ZSTD
from tests.oracles.nmea import checksum, sentence

Texts = st.SearchStrategy[str]

TALKERS = st.sampled_from(["GP", "GN", "GL", "GA", "GB", "BD", "QZ", "GQ", "II", "HP", "Z9", "  "])
LINE_ENDS = st.sampled_from(["\r\n", "\n", "\r", " \r\n", "\r\n\r\n", "\x00\r\n"])
DIGITS = st.integers(0, 10**10 - 1).map(lambda number: f"{number // 10:09d}"[: number % 10])


def maybe(texts: Texts) -> Texts:
    """The field may be empty."""
    return st.one_of(st.just(""), texts)


def letter(choices: str) -> Texts:
    return st.sampled_from(list(choices))


def joined(*parts: Texts) -> Texts:
    return st.tuples(*parts).map(",".join)


def decimal(low: int, high: int) -> Texts:
    """Empty, or a number with a point and digits, with a point alone, or without."""
    whole = st.integers(low, high - 1)
    return st.one_of(st.just(""), whole.map(str), st.builds("{}.{}".format, whole, DIGITS))


def count(low: int, high: int) -> Texts:
    return maybe(st.integers(low, high).map(lambda number: f"{number:02d}"))


def angle(width: int, degrees_max: int, hemispheres: str) -> Texts:
    return st.builds(
        lambda degrees, minutes, digits, side: f"{degrees:0{width}d}{minutes:02d}{digits and '.'}{digits},{side}",
        st.integers(0, degrees_max - 1),
        st.integers(0, 59),
        DIGITS,
        letter(hemispheres),
    )


PLACE = st.one_of(st.just(",,,"), joined(angle(2, 90, "NS"), angle(3, 180, "EW")))
CLOCK = st.builds(
    lambda second, digits: f"{second // 3600:02d}{second // 60 % 60:02d}{second % 60:02d}{digits and '.'}{digits}",
    st.integers(0, 86_399),
    DIGITS,
)
STATUS, MODE = letter("AAAAAAV"), letter("AAADDDEFMPRSN")
QUALITY = st.sampled_from(["1", "1", "2", "2", "3", "4", "5", "6", "7", "8", "9", "0", ""])
MODES = st.sampled_from(["A", "D", "AA", "DAAN", "NNR", "FF", "SM", "EN", "PE", "N", "NN", ""])
DAY = maybe(st.dates(date(1980, 1, 1), date(2079, 12, 31)).map(lambda day: day.strftime("%d%m%y")))
DAY_PARTS = st.one_of(st.just(",,"), st.dates(date(1970, 1, 1)).map(lambda day: day.strftime("%d,%m,%Y")))

# Where the time and the HDOP of the epoch are put in.
TIME, HDOP = "@", "^"
AT, DILUTION = st.sampled_from(["", TIME, TIME]), st.sampled_from(["", HDOP])

RMC = joined(AT, STATUS, PLACE, decimal(0, 300), decimal(0, 360), DAY)
GGA = joined(AT, PLACE, QUALITY, count(0, 99), decimal(0, 100), decimal(-999, 9_000))
GNS = joined(AT, PLACE, MODES, count(0, 99), decimal(0, 100), decimal(-999, 9_000))
GLL = joined(PLACE, AT)
VTG = joined(
    *(decimal(0, 360), st.just("T"), decimal(0, 360), st.just("M")),
    *(decimal(0, 300), st.just("N"), decimal(0, 500), st.just("K")),
)
ZDA = joined(AT, DAY_PARTS)
IN_USE = st.sampled_from([",,,,,,,,,,,", "03,04,06,13,,,,,,,,", "193,194,195,01,02,03,04,05,06,07,08,09"])
GSA = joined(st.just("A"), letter("123"), IN_USE, decimal(0, 50), DILUTION, decimal(0, 50))
# The older forms of the standard end before the newer ones do.
SENTENCES = {
    "RMC": st.one_of(RMC, joined(RMC, st.just(","), maybe(MODE), letter("SCUV"))),
    "GGA": st.one_of(GGA, joined(GGA, st.sampled_from(["M,36.9,M,,", ",,,,", "M", "M,36.9,M,1.2,0120"]))),
    "GNS": st.one_of(GNS, joined(GNS, st.just("36.9,,"), letter("SCUV"))),
    "GLL": st.one_of(PLACE, GLL, joined(GLL, maybe(STATUS)), joined(GLL, STATUS, maybe(MODE))),
    "VTG": st.one_of(VTG, joined(VTG, maybe(MODE))),
    "ZDA": st.one_of(ZDA, joined(ZDA, st.just("00,00"))),
    "GSA": st.one_of(GSA, joined(GSA, letter("123456"))),
}
PSNOW = joined(
    st.integers(1, 2**32 - 1).map(str),
    st.integers(1, 2**53 - 1).map(str),
    count(0, 2**53 - 1),
    maybe(letter("UD")),
    decimal(-89, 90),
    maybe(letter("01")),
    decimal(0, 1_000),
    decimal(0, 100),
    maybe(letter("01")),
    maybe(st.integers(0, 0xFFFF).map(lambda bits: f"{bits:04x}")),
    decimal(0, 60),
    count(0, 2**31 - 1),
)


@st.composite
def psnow(draw: st.DrawFn) -> str:
    """Our own sentence, with all fields or with the first of them."""
    fields = draw(PSNOW).split(",")
    return ",".join(["PSNOW", *fields[: draw(st.integers(2, len(fields)))]])


PERHAPS_PSNOW = st.lists(psnow(), max_size=1)
HDOPS = decimal(0, 100)
KINDS = st.lists(st.sampled_from(list(SENTENCES)), min_size=1, max_size=5, unique=True)


@st.composite
def instants(draw: st.DrawFn) -> list[str]:
    """The sentences of one instant, each kind once but GSA, which comes once for each satellite system."""
    kinds = draw(KINDS)
    kinds += ["GSA"] * (draw(st.integers(0, 2)) if "GSA" in kinds else 0)
    clock, hdop = draw(CLOCK), draw(HDOPS)
    written = [f"{draw(TALKERS)}{kind},{draw(SENTENCES[kind])}" for kind in kinds]
    return [text.replace(TIME, clock).replace(HDOP, hdop) for text in written]


def single(kind: str) -> Texts:
    """One sentence of a kind."""
    return st.builds(
        lambda talker, text, clock, hdop: f"{talker}{kind},{text}".replace(TIME, clock).replace(HDOP, hdop),
        *(TALKERS, SENTENCES[kind], CLOCK, HDOPS),
    )


@st.composite
def epochs(draw: st.DrawFn) -> list[str]:
    """The sentences of one epoch; some said twice, wholly or with a field that differs; some that nobody reads."""
    said = draw(instants())
    again = st.one_of(st.sampled_from([*said, "GPGSV,1,1,00", "PUBX,00,1"]), st.sampled_from(said).flatmap(otherwise))
    said += draw(st.lists(again, max_size=2))
    return [*draw(PERHAPS_PSNOW), *draw(st.permutations(said))]


@st.composite
def otherwise(draw: st.DrawFn, text: str) -> str:
    """The same sentence with another talker and one field changed, perhaps to one digit less."""
    address, *fields = text.split(",")
    at = draw(st.integers(0, len(fields) - 1))
    fields[at] = draw(st.sampled_from(["", "1", "V", "x", fields[0], fields[at][:-1]]))
    return ",".join([draw(TALKERS) + address[2:], *fields])


@st.composite
def lines(draw: st.DrawFn, texts: Sequence[str]) -> bytes:
    """Sentences as lines: checksums in small letters too, any line ends."""
    end = draw(LINE_ENDS)
    sums = [checksum(text).lower() if draw(st.booleans()) else checksum(text) for text in texts]
    return "".join(f"${text}*{digits}{end}" for text, digits in zip(texts, sums, strict=True)).encode("ascii")


PAYLOADS = st.lists(epochs(), max_size=2).map(lambda found: [text for epoch in found for text in epoch]).flatmap(lines)

# What gets between, into and around sentences.
# fmt: off
LITTER = st.one_of(st.binary(max_size=8), st.sampled_from([
    b"\x00", b"\x00\x00", b"\r", b"\n", b"\r\n", b"$", b"!", b"*", b"*0", b",", b"\\", b"#", b"\xff", b"\x7f", b"  ",
    b"# a comment $GPRMC\r\n", b"\\s:A1,c:1768404600*5B\\", b"\\g:1-2-1", b"$GPRMC,1459", b"*4B\r\n", b"u-blox AG\r\n",
    b"!AIVDM,1,1,,A,0,0*26\r\n", b"$GPGGA,,,,,,0,,,,,,,,*\r\n", b"$GPRMC,153000,A,3634.5,N,13639.1,E,,,140126\r\n",
]))
# fmt: on


@st.composite
def dirty(draw: st.DrawFn) -> bytes:
    """A payload with damage: bytes turned, lost, put in, line ends lost, the end cut off."""
    payload = bytearray(draw(PAYLOADS))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(payload)))
        damage = draw(st.sampled_from(["turn", "lose", "put", "glue", "cut"]))
        if damage == "turn" and at < len(payload):
            payload[at] ^= 1 << draw(st.integers(0, 7))
        elif damage == "lose":
            del payload[at : at + draw(st.integers(1, 30))]
        elif damage == "put":
            payload[at:at] = draw(LITTER)
        elif damage == "glue":
            payload = payload[:at] + payload[at:].replace(b"\r", b"").replace(b"\n", b"", 1)
        elif damage == "cut":
            del payload[at:]
    return bytes(payload)


def is_plain(payload: bytes) -> bool:
    """It does not begin as packed ones do."""
    return not payload.startswith((GZIP, ZSTD))


DIRTY = dirty().filter(is_plain)

WHOLE = st.one_of(psnow(), *(single(kind) for kind in SENTENCES))
STRANGE_TEXTS = st.one_of(
    st.text("0123456789.-+ANSEWVUDMTK", max_size=20),
    st.text([chr(code) for code in range(0x20, 0x7F) if chr(code) not in "$*"], max_size=4),
)


@st.composite
def strange(draw: st.DrawFn) -> bytes:
    """A sentence with a right checksum, some of whose fields are not what they should be."""
    fields = draw(WHOLE).split(",")
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(fields) - 1))
        text, other = fields[at], draw(st.sampled_from(fields))
        fields[at] = draw(st.one_of(st.sampled_from([other, text + ",", text + text, text[:-1]]), STRANGE_TEXTS))
    size = draw(st.one_of(st.just(len(fields)), st.integers(1, len(fields))))
    return sentence(",".join(fields[:size]))


STRANGE = st.lists(strange(), max_size=4).map(b"".join)
NMEA_SIGNS = "$!*,.-\\#\r\n\x00 0123456789ABCDEFabcdefGPRMCNSWVTZLQU"
NOISE = st.one_of(
    st.binary(max_size=300),
    st.text(NMEA_SIGNS, max_size=300).map(lambda text: text.encode("ascii")),
    st.lists(st.one_of(strange(), LITTER), max_size=8).map(b"".join),
).filter(is_plain)
