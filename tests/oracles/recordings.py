"""The recorded payloads in tests/golden."""

from pathlib import Path

from snowtrack.model.fixes import FixBatch, Message
from snowtrack.nmea.decode import decode

GOLDEN = Path(__file__).parent.parent / "golden"
RECEIVED_US = 1_768_402_860_000_000  # 2026-01-14 15:01 UTC, or 00:01 on the 15th in Tokyo


def names() -> list[str]:
    return sorted(path.stem for path in GOLDEN.glob("*.nmea"))


def payload(name: str) -> bytes:
    """What the device sent, without the lines that begin with `#` and tell what the recording shows."""
    lines = (GOLDEN / f"{name}.nmea").read_bytes().splitlines(keepends=True)
    return b"".join(line for line in lines if not line.startswith(b"#"))


def decode_alone(content: bytes) -> tuple[FixBatch, list[tuple[str, bytes]]]:
    """The fixes of one payload, and its rejects as reason and bytes."""
    decoded = decode([Message(device=1, received_us=RECEIVED_US, payload=content)])
    return decoded.fixes, [(reject.reason.name, reject.raw) for reject in decoded.rejects]
