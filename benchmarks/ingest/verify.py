"""`python -m benchmarks.ingest.verify FOLDER DATABASE_URL`: what the trackers sent, held against what is stored.

A process of its own, which knows nothing of ingest: it reads numbers out of the night's lines and asks by SQL, one
device after the other.
"""

import re
import sys
from pathlib import Path

import numpy as np
import orjson
import psycopg

from benchmarks.ingest.load import read_sent, unpacked
from snowtrack.model.columns import Int64s

NUMBERED = re.compile(rb"\$PSNOW,(\d+),(\d+),")
DEVICES = "select device, agency || '/' || name from device"
STORED = """
select boot::bigint << 32 | seq from fix where device = %(device)s
union all
select boot::bigint << 32 | seq from fix_undated where device = %(device)s
"""


def main() -> None:
    folder, url = sys.argv[1:]
    sent = sent_numbers(Path(folder) / "night.log")
    figures = {"lost": 0, "foreign": 0, "doubled": 0}
    with psycopg.connect(url) as connection:
        devices = {name: number for number, name in connection.execute(DEVICES).fetchall()}
        for name in sent.keys() | devices.keys():
            rows = connection.execute(STORED, {"device": devices.get(name, 0)}, binary=True).fetchall()
            stored = np.array([number for (number,) in rows], np.int64)
            own = sent.get(name, np.empty(0, np.int64))
            figures["lost"] += len(np.setdiff1d(own, stored))
            figures["foreign"] += len(np.setdiff1d(stored, own))
            figures["doubled"] += len(stored) - len(np.unique(stored))
    sys.stdout.buffer.write(orjson.dumps(figures))


def sent_numbers(file: Path) -> dict[str, Int64s]:
    """Boot and sequence number of all epochs of each device, in one number each."""
    parts: dict[str, list[Int64s]] = {}
    for topic, payload in read_sent(file):
        name = topic.decode().removeprefix("snow/v1/").rpartition("/")[0]
        found = np.array(NUMBERED.findall(unpacked(payload))).reshape(-1, 2).astype(np.int64)
        parts.setdefault(name, []).append(found[:, 0] << 32 | found[:, 1])
    return {name: np.unique(np.concatenate(own)) for name, own in parts.items()}


if __name__ == "__main__":
    main()
