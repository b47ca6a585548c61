"""The recorded payloads in tests/golden, and what payloads decode to in words."""

import re
from pathlib import Path

from snowtrack.model.columns import present
from snowtrack.model.fixes import FixBatch, Message
from snowtrack.nmea.decode import decode

GOLDEN = Path(__file__).parent.parent / "golden"
RECEIVED_US = 1_768_402_860_000_000  # 2026-01-14 15:01 UTC, or 00:01 on the 15th in Tokyo
OF_THE_MESSAGE = ("device", "received_us")


def names() -> list[str]:
    return sorted(path.stem for path in GOLDEN.glob("*.nmea"))


def payload(name: str) -> bytes:
    """What the device sent, without the lines at the top that begin with `#` and tell what the recording shows."""
    return re.sub(rb"\A(#.*\n)+", b"", (GOLDEN / f"{name}.nmea").read_bytes())


def decode_alone(content: bytes) -> tuple[FixBatch, list[tuple[str, bytes]]]:
    """The fixes of one payload, and its rejects as reason and bytes."""
    decoded = decode([Message(device=1, received_us=RECEIVED_US, payload=content)])
    return decoded.fixes, [(reject.reason.name, reject.raw) for reject in decoded.rejects]


def values(fixes: FixBatch) -> list[dict[str, int]]:
    """Of each fix the values that it has, without what its message says."""
    columns = {name: getattr(fixes, name) for name in fixes.dtypes() if name not in OF_THE_MESSAGE}
    return [
        {name: int(column[at]) for name, column in columns.items() if present(column[at : at + 1])[0]}
        for at in range(len(fixes))
    ]
