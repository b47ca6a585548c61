"""What trackers and receivers write, with plain string formatting."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def checksum(body: str) -> str:
    value = 0
    for character in body.encode():
        value ^= character
    return f"{value:02X}"


def sentence(body: str) -> bytes:
    """A whole line around the text between `$` and `*`."""
    return f"${body}*{checksum(body)}\r\n".encode()


def angle(value_e7: int, width: int, letters: str) -> str:
    """1e-7 degrees as `ddmm.mmmmmmm,N`, exact to the last digit that we read."""
    degrees, rest = divmod(abs(value_e7), 10**7)
    minutes_e9 = rest * 60 * 100
    return f"{degrees:0{width}d}{minutes_e9 // 10**9:02d}.{minutes_e9 % 10**9:09d},{letters[value_e7 < 0]}"


def day_time(time_us: int) -> tuple[str, str]:
    """`hhmmss.ss` and `ddmmyy`."""
    at = EPOCH + timedelta(microseconds=time_us)
    return f"{at:%H%M%S}.{at.microsecond // 10_000:02d}", f"{at:%d%m%y}"


def psnow(boot: int, seq: int, blade: str = "") -> bytes:
    return sentence(f"PSNOW,{boot},{seq},{min(seq * 1000, 2**53 - 1)},{blade}")


def rmc(
    time_us: int, lat_e7: int, lon_e7: int, *, knots: str = "12.40", course: str = "87.5", valid: bool = True
) -> bytes:
    clock, date = day_time(time_us)
    place = f"{angle(lat_e7, 2, 'NS')},{angle(lon_e7, 3, 'EW')}"
    return sentence(f"GPRMC,{clock},{'A' if valid else 'V'},{place},{knots},{course},{date},,,A")


def gga(time_us: int, lat_e7: int, lon_e7: int, *, quality: int = 1) -> bytes:
    clock, _ = day_time(time_us)
    place = f"{angle(lat_e7, 2, 'NS')},{angle(lon_e7, 3, 'EW')}"
    return sentence(f"GPGGA,{clock},{place},{quality},11,0.9,31.4,M,36.9,M,,")
