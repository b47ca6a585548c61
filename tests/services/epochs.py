"""Epochs as a tracker writes them (docs/device-protocol.md), and drives along the roads of a network."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from math import atan2, cos, degrees, hypot, radians

from snowtrack.network.arrays import Network

SECOND_US = 1_000_000
METRES_PER_DEGREE = 111_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """What a receiver shows at one instant."""

    time_us: int
    lat_deg: float = 36.5613
    lon_deg: float = 136.6562
    speed_mps: float = 8.0
    course_deg: float = 90.0


def sentence(body: str) -> bytes:
    checksum = 0
    for byte in body.encode():
        checksum ^= byte
    return b"$%s*%02X\r\n" % (body.encode(), checksum)


def rmc(fix: Fix) -> bytes:
    at = datetime.fromtimestamp(fix.time_us // SECOND_US, UTC)
    place = f"{_angle(fix.lat_deg, 2)},N,{_angle(fix.lon_deg, 3)},E"
    knots = fix.speed_mps * 3600 / 1852
    return sentence(f"GPRMC,{at:%H%M%S}.00,A,{place},{knots:.2f},{fix.course_deg:.1f},{at:%d%m%y},,,A")


def blade(boot: int, seq: int, state: str = "D") -> bytes:
    return sentence(f"PSNOW,{boot},{seq},{seq * 1000},{state}")


def epoch(boot: int, seq: int, fix: Fix, state: str = "D") -> bytes:
    return blade(boot, seq, state) + rmc(fix)


def drive(network: Network, *, start_us: int, seconds: int, row: int = 40, speed_mps: float = 8.0) -> list[Fix]:
    """One fix a second along connected segments, always turning into the road that was not driven yet."""
    line = _metres(network, row)
    fixes: list[Fix] = []
    gone_m = 0.0
    for (lat, lon), (next_lat, next_lon) in pairwise(line):
        north = (next_lat - lat) * METRES_PER_DEGREE
        east = (next_lon - lon) * METRES_PER_DEGREE * cos(radians(lat))
        length_m = hypot(north, east)
        while gone_m < length_m and len(fixes) < seconds:
            share = gone_m / length_m
            fixes.append(
                Fix(
                    time_us=start_us + len(fixes) * SECOND_US,
                    lat_deg=lat + share * (next_lat - lat),
                    lon_deg=lon + share * (next_lon - lon),
                    speed_mps=speed_mps,
                    course_deg=degrees(atan2(east, north)) % 360,
                )
            )
            gone_m += speed_mps
        gone_m -= length_m
    assert len(fixes) == seconds, "the road is too short"
    return fixes


def _metres(network: Network, row: int) -> list[tuple[float, float]]:
    """The points of a way through the network."""
    points: list[tuple[float, float]] = []
    for segment, along in _way(network, row):
        part = slice(network.shape_offsets[segment], network.shape_offsets[segment + 1])
        lats, lons = network.shape_lat_e7[part].tolist(), network.shape_lon_e7[part].tolist()
        line = [(lat / 1e7, lon / 1e7) for lat, lon in zip(lats, lons, strict=True)]
        points.extend(line if along else reversed(line))
    return points


def _way(network: Network, row: int, segments: int = 60) -> Iterator[tuple[int, bool]]:
    driven = {row}
    node = int(network.to_node[row])
    yield row, True
    for _ in range(segments):
        ends = zip(network.from_node.tolist(), network.to_node.tolist(), strict=True)
        meeting = [at for at, pair in enumerate(ends) if node in pair and at not in driven]
        if not meeting:
            return
        row = meeting[0]
        along = int(network.from_node[row]) == node
        node = int(network.to_node[row] if along else network.from_node[row])
        driven.add(row)
        yield row, along


def _angle(angle_deg: float, digits: int) -> str:
    whole, rest = divmod(round(angle_deg * 6_000_000), 6_000_000)
    return f"{whole:0{digits}d}{rest // 100_000:02d}.{rest % 100_000:05d}"
