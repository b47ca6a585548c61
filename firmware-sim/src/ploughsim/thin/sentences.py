"""An epoch as NMEA sentences, exactly as docs/device-protocol.md says."""

from dataclasses import dataclass
from datetime import UTC, datetime

# A minute of arc is given to five decimals, about 2 cm.
_UNITS_PER_MINUTE = 100_000
_UNITS_PER_DEGREE = 60 * _UNITS_PER_MINUTE
_KNOTS_PER_MPS = 3600.0 / 1852.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """What the receiver shows at one instant."""

    time_ms: int
    lat_deg: float
    lon_deg: float
    speed_mps: float
    course_deg: float
    altitude_m: float
    satellites: int
    hdop: float


def blade_sentence(*, boot: int, seq: int, uptime_ms: int, blade: str) -> bytes:
    return sentence(f"PSNOW,{boot},{seq},{uptime_ms},{blade}")


def fix_sentences(fix: Fix) -> bytes:
    """RMC, then GGA."""
    instant = datetime.fromtimestamp(fix.time_ms // 1000, UTC)
    clock = f"{instant:%H%M%S}.{fix.time_ms % 1000 // 10:02d}"
    position = (
        f"{_degrees_minutes(fix.lat_deg, 2)},{'S' if fix.lat_deg < 0 else 'N'},"
        f"{_degrees_minutes(fix.lon_deg, 3)},{'W' if fix.lon_deg < 0 else 'E'}"
    )
    course_deg = round(fix.course_deg, 1) % 360
    rmc = f"GPRMC,{clock},A,{position},{fix.speed_mps * _KNOTS_PER_MPS:.2f},{course_deg:.1f},{instant:%d%m%y},,,A"
    gga = f"GPGGA,{clock},{position},1,{fix.satellites:02d},{fix.hdop:.1f},{fix.altitude_m:.1f},M,36.9,M,,"
    return sentence(rmc) + sentence(gga)


def _degrees_minutes(value_deg: float, degree_digits: int) -> str:
    # Rounded as a whole, so that minutes never read 60.00000.
    degrees, rest = divmod(round(abs(value_deg) * _UNITS_PER_DEGREE), _UNITS_PER_DEGREE)
    minutes, decimals = divmod(rest, _UNITS_PER_MINUTE)
    return f"{degrees:0{degree_digits}d}{minutes:02d}.{decimals:05d}"


def sentence(body: str) -> bytes:
    raw = body.encode("ascii")
    checksum = 0
    for byte in raw:
        checksum ^= byte
    return b"$%s*%02X\r\n" % (raw, checksum)
