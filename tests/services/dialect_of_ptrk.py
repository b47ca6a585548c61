"""A maker's sentence that says what `$PSNOW` does, in its own way: seconds, words, millivolts."""

from dataclasses import replace

from snowtrack.model.fixes import BLADE_DOWN, BLADE_UP, Source
from snowtrack.nmea.decode import Dialect
from snowtrack.nmea.fields import Read
from snowtrack.nmea.sentences import PSNOW, Field, Kind
from tests.oracles.nmea import sentence

OWN = {each.value: each for each in PSNOW.fields}
FIELDS: tuple[Field, ...] = (
    replace(OWN["boot"], at=1),
    replace(OWN["seq"], at=2),
    replace(OWN["uptime_ms"], at=3, read=Read.DECIMAL, scale=(1_000, 1)),
    replace(OWN["blade"], at=4, choices={"DOWN": BLADE_DOWN, "UP": BLADE_UP}),
)
PTRK = Dialect(kinds=(Kind(address="PTRK", source=Source.ADAPTED, fields=FIELDS, opens=True),))


def in_ptrk(log: bytes) -> bytes:
    """The log of a tracker that speaks the standard, as this one would have written it."""
    return b"".join(_line(line) for line in log.splitlines(keepends=True))


def _line(line: bytes) -> bytes:
    if not line.startswith(b"$PSNOW,"):
        return line
    boot, seq, uptime, blade = line.decode().partition("*")[0].split(",")[1:5]
    return sentence(f"PTRK,{boot},{seq},{int(uptime) // 1_000},{'DOWN' if blade == 'D' else 'UP'}")
