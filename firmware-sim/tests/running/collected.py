"""What the smallest engine keeps: epochs by device, boot and number, and what it may confirm of them."""

from dataclasses import dataclass, field

import orjson

Key = tuple[str, int, int]


@dataclass
class Collected:
    received: dict[Key, bytes] = field(default_factory=dict)

    def take(self, device: str, payload: bytes) -> None:
        """An epoch that comes again comes with the same bytes."""
        assert len(payload) <= 256 * 1024
        for epoch in payload.split(b"$PSNOW,")[1:]:
            boot, seq, _ = epoch.split(b",", 2)
            raw = b"$PSNOW," + epoch
            assert self.received.setdefault((device, int(boot), int(seq)), raw) == raw

    def durable(self, device: str) -> bytes:
        """Of each boot what has no gap below it."""
        marks = []
        for boot in sorted({boot for of, boot, _ in self.received if of == device}):
            seqs = {seq for of, of_boot, seq in self.received if (of, of_boot) == (device, boot)}
            marks.append({"boot": boot, "seq": next(seq for seq in range(len(seqs) + 1) if seq + 1 not in seqs)})
        return orjson.dumps(marks)
