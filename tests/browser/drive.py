"""A plough that drives along one street of the sample town with its blade down, as its tracker would tell it."""

import math
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import reduce
from itertools import pairwise
from operator import xor

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from snowtrack.network.arrays import Network

STEP_M = 6.0
Place = tuple[float, float]


def street_of(network: Network, row: int) -> list[Place]:
    """The line of a segment, in degrees."""
    part = slice(network.shape_offsets[row], network.shape_offsets[row + 1])
    lats, lons = network.shape_lat_e7[part] / 1e7, network.shape_lon_e7[part] / 1e7
    return list(zip(lats.tolist(), lons.tolist(), strict=True))


def along(line: Sequence[Place]) -> Iterator[tuple[Place, float]]:
    """Places a step apart with the course between them, then a stand at the end until all before it is settled."""
    for (lat, lon), (next_lat, next_lon) in pairwise(line):
        north, east = (next_lat - lat) * 111_320, (next_lon - lon) * 111_320 * math.cos(math.radians(lat))
        steps = max(round(math.hypot(north, east) / STEP_M), 1)
        course = math.degrees(math.atan2(east, north)) % 360
        for step in range(steps + 1):
            share = step / steps
            yield (lat + share * (next_lat - lat), lon + share * (next_lon - lon)), course


def payload(line: Sequence[Place]) -> bytes:
    """Epochs a second apart that end now."""
    places = list(along(line))
    places += [(places[-1][0], places[-1][1])] * 45
    start = int(time.time()) - len(places)
    return b"".join(_epoch(seq, start + seq, place, course) for seq, (place, course) in enumerate(places, 1))


def _epoch(seq: int, at: int, place: Place, course: float) -> bytes:
    when = datetime.fromtimestamp(at, UTC)
    lat, lon = _angle(place[0], 2), _angle(place[1], 3)
    return b"".join(
        (
            _sentence(f"PSNOW,1,{seq},{seq * 1000},D"),
            _sentence(f"GPRMC,{when:%H%M%S}.00,A,{lat},N,{lon},E,11.66,{course:.1f},{when:%d%m%y},,,A"),
            _sentence(f"GPGGA,{when:%H%M%S}.00,{lat},N,{lon},E,1,11,0.9,31.4,M,36.9,M,,"),
        )
    )


def _angle(degrees: float, digits: int) -> str:
    minutes = degrees % 1 * 60
    return f"{int(degrees):0{digits}d}{minutes:08.5f}"


def _sentence(body: str) -> bytes:
    return f"${body}*{reduce(xor, body.encode(), 0):02X}\r\n".encode()


def publish(port: int, device: str, content: bytes) -> None:
    """To the broker, and wait until it has it."""
    client = Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", port)
    client.loop_start()
    client.publish(f"snow/v1/ishikawa/{device}/up", content, qos=1).wait_for_publish(20)
    client.disconnect()
    client.loop_stop()
