"""`python -m benchmarks.ingest.straightforward PORT DATABASE_URL NETWORK MESSAGES`: what a good developer writes first.

Frozen, as a yardstick: aiomqtt, pynmea2, the nearest road by shapely's STRtree, psycopg's executemany in pipeline mode,
500 rows a transaction, into a table with the same columns and index. It has no duplicates, no clocks, no directions, no
passes, no acknowledgement after the commit, and it is not made slow on purpose.
"""

import asyncio
import sys
import time
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiomqtt
import numpy as np
import orjson
import psycopg
import pynmea2
import shapely

from snowtrack.roads.files import open_network

ROWS = 500
# A degree of longitude against one of latitude, about where the roads are.
LONGITUDE_SCALE = 0.8
TABLE = """
create table straightforward (
    device int, device_time timestamptz, boot bigint, seq bigint, digest bigint, received_at timestamptz, lat_e7 int,
    lon_e7 int, alt_mm int, speed_mmps int, course_cdeg int, quality smallint, satellites smallint, hdop_centi int,
    blade smallint, uptime_ms bigint, segment_id bigint, primary key (device, device_time, boot, seq, digest)
)"""
INSERT = """
insert into straightforward values (
    %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s
) on conflict do nothing"""


class Roads:
    """The nearest road of a point."""

    def __init__(self, folder: Path) -> None:
        network = open_network(folder)
        offsets, self.ids = network.shape_offsets, network.segment_id
        lons, lats = network.shape_lon_e7 / 1e7 * LONGITUDE_SCALE, network.shape_lat_e7 / 1e7
        self.tree = shapely.STRtree(
            [shapely.LineString(np.column_stack((lons[a:b], lats[a:b]))) for a, b in pairwise(offsets.tolist())]
        )

    def nearest(self, lat: float, lon: float) -> int:
        return int(self.ids[self.tree.nearest(shapely.Point(lon * LONGITUDE_SCALE, lat))])


def rows_of(device: int, payload: bytes, received: datetime, roads: Roads) -> list[tuple[Any, ...]]:
    """Each epoch of a message as a row."""
    rows: list[tuple[Any, ...]] = []
    own, moves = ["0", "0", "0", ""], None
    for line in payload.decode().splitlines():
        if line.startswith("$PSNOW"):
            own = line.split("*")[0].split(",")[1:5]
            continue
        sentence = pynmea2.parse(line, check=True)
        if sentence.sentence_type == "RMC":
            moves = sentence
        elif sentence.sentence_type == "GGA" and moves is not None:
            boot, seq, uptime, blade = own
            rows.append(
                (
                    device, moves.datetime, int(boot), int(seq), hash(line), received,
                    round(sentence.latitude * 1e7), round(sentence.longitude * 1e7), round(sentence.altitude * 1000),
                    round(float(moves.spd_over_grnd or 0) * 514.444), round(float(moves.true_course or 0) * 100),
                    int(sentence.gps_qual), int(sentence.num_sats), round(float(sentence.horizontal_dil) * 100),
                    {"D": 1, "U": 0}.get(blade), int(uptime or 0), roads.nearest(sentence.latitude, sentence.longitude),
                )
            )  # fmt: skip
    return rows


async def run(port: int, url: str, roads: Roads, messages: int) -> dict[str, float]:
    """So many messages; how long they took, and how many rows they were."""
    numbers: dict[str, int] = {}
    rows: list[tuple[Any, ...]] = []
    total, seen, began, cpu = 0, 0, 0.0, 0.0
    async with (
        await psycopg.AsyncConnection.connect(url) as connection,
        aiomqtt.Client("127.0.0.1", port, identifier="straightforward") as client,
    ):
        await client.subscribe("snow/v1/+/+/up", qos=1)
        print("ready", flush=True)
        async for message in client.messages:
            began, cpu = began or time.monotonic(), cpu or time.process_time()
            device = numbers.setdefault(message.topic.value, len(numbers))
            rows += rows_of(device, bytes(message.payload), datetime.now().astimezone(), roads)
            seen += 1
            if len(rows) >= ROWS or seen == messages:
                async with connection.pipeline(), connection.cursor() as cursor:
                    await cursor.executemany(INSERT, rows)
                await connection.commit()
                total, rows = total + len(rows), []
            if seen == messages:
                break
    return {"took_s": time.monotonic() - began, "cpu_s": time.process_time() - cpu, "rows": total}


def main() -> None:
    port, url, network, messages = sys.argv[1:]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("drop table if exists straightforward")
        connection.execute(TABLE)
    figures = asyncio.run(run(int(port), url, Roads(Path(network)), int(messages)))
    sys.stdout.buffer.write(orjson.dumps(figures))


if __name__ == "__main__":
    main()
