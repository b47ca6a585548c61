"""`python -m tests.faults.compare LEDGER DATABASE_URL`: what trackers were promised, held against what is stored.

A process of its own, which knows nothing of the engine: it reads the ledger's lines and asks by SQL. An epoch is kept
when it is a fix, dated or not, or stands in a message in quarantine.
"""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import orjson
import psycopg

from tests.faults.ledger import Key, Ledger

OWN_LINE = re.compile(rb"\$PSNOW,(\d+),(\d+),(\d*)")
STORED = """
select agency || '/' || name, boot, seq, count(*), min(uptime_ms)
from (
    select device, boot, seq, uptime_ms from fix union all select device, boot, seq, uptime_ms from fix_undated
) as every join device using (device)
group by 1, 2, 3
"""
QUARANTINED = "select agency || '/' || name, payload from quarantine join device using (device)"


class Stored(NamedTuple):
    """How often, and the tracker's uptime then, which is in its epoch too."""

    times: int
    uptime_ms: int | None


class Comparison(NamedTuple):
    """Epochs: sent, acknowledged, stored, of those in quarantine alone; then what should be none.

    lost      acknowledged and nowhere
    unsaid    sent, and not acknowledged in the end
    doubled   stored more than once
    foreign   stored and never sent, or without a number
    altered   stored with another uptime than was sent
    """

    sent: int
    acknowledged: int
    stored: int
    quarantined: int
    lost: int
    unsaid: int
    doubled: int
    foreign: int
    altered: int

    @property
    def flawless(self) -> bool:
        return not (self.lost or self.unsaid or self.doubled or self.foreign or self.altered)


def read_stored(url: str) -> dict[Key, Stored]:
    with psycopg.connect(url) as connection:
        return {Key(*row[:3]): Stored(*row[3:]) for row in connection.execute(STORED)}


def read_quarantined(url: str) -> set[Key]:
    with psycopg.connect(url) as connection:
        found = connection.execute(QUARANTINED).fetchall()
    return {Key(device, boot, seq) for device, payload in found for boot, seq, _ in numbers(payload)}


def numbers(text: bytes) -> list[tuple[int, int, int | None]]:
    """Boot, number and uptime of each epoch."""
    return [(int(boot), int(seq), int(up) if up else None) for boot, seq, up in OWN_LINE.findall(text)]


def compare(ledger: Ledger, stored: Mapping[Key, Stored], quarantined: set[Key]) -> Comparison:
    acknowledged = ledger.acknowledged
    kept = stored.keys() | quarantined
    return Comparison(
        sent=len(ledger.sent),
        acknowledged=len(acknowledged),
        stored=len(stored),
        quarantined=len(quarantined - stored.keys()),
        lost=len(acknowledged - kept),
        unsaid=len(ledger.sent.keys() - acknowledged),
        doubled=sum(one.times > 1 for one in stored.values()),
        foreign=len(stored.keys() - ledger.sent.keys()),
        altered=sum(one.uptime_ms != _uptime_ms(ledger.sent[key]) for key, one in stored.items() if key in ledger.sent),
    )


def _uptime_ms(epoch: bytes) -> int | None:
    return numbers(epoch)[0][2]


def main() -> None:
    folder, url = sys.argv[1:]
    found = compare(Ledger.read(Path(folder)), read_stored(url), read_quarantined(url))
    sys.stdout.buffer.write(orjson.dumps(found._asdict()))


if __name__ == "__main__":
    main()
