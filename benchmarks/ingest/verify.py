"""`python -m benchmarks.ingest.verify FOLDER DATABASE_URL`: what the trackers sent, held against what is stored.

A process of its own, which knows nothing of ingest: it reads numbers out of the night's lines and asks by SQL.
"""

import re
import sys
from pathlib import Path

import orjson
import psycopg

from benchmarks.ingest.load import read_live

NUMBERED = re.compile(rb"\$PSNOW,(\d+),(\d+),")
STORED = "select agency || '/' || name, boot, seq, count(*) from fix join device using (device) group by 1, 2, 3"


def main() -> None:
    folder, url = sys.argv[1:]
    sent = {
        (topic.decode().removeprefix("snow/v1/").removesuffix("/up"), int(boot), int(seq))
        for topic, payload in read_live(Path(folder) / "night.log")
        for boot, seq in NUMBERED.findall(payload)
    }
    with psycopg.connect(url) as connection:
        stored = {(name, boot, seq): count for name, boot, seq, count in connection.execute(STORED)}
    figures = {
        "lost": len(sent - stored.keys()),
        "foreign": len(stored.keys() - sent),
        "doubled": sum(stored.values()) - len(stored),
    }
    sys.stdout.buffer.write(orjson.dumps(figures))


if __name__ == "__main__":
    main()
