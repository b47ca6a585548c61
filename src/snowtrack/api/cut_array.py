"""The newest public cut as a state array, compressed once for all who ask."""

import asyncio
from dataclasses import dataclass, field
from gzip import compress

from snowtrack.clearance.public_cut import PublicCut
from snowtrack.tiles.state_array import state_array


@dataclass(slots=True)
class CutArray:
    """One per application. Who asks while it is being made waits for it; the event loop does not."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    cut: PublicCut | None = None
    compressed: bytes = b""

    async def of(self, network_id: str, cut: PublicCut) -> bytes:
        async with self.lock:
            if cut is not self.cut:
                self.compressed, self.cut = await asyncio.to_thread(_made, network_id, cut), cut
            return self.compressed


def _made(network_id: str, cut: PublicCut) -> bytes:
    return compress(state_array(network_id, cut.views, cut.cut_us), mtime=0)
