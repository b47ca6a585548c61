"""The matcher's interface, and the one that answers with the nearest segment.

Every matcher gives a head at lag 0 (the newest fix of each device, for the live map) and settled answers once the lag
has passed, in observed order, of which segment state is made. The final answer is the same function over the whole
sorted track: settled equals final unless a fix older than the horizon arrives, and then the stretch is dirty.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from snowtrack.matching.halves import Pending
from snowtrack.matching.nearest import match_nearest
from snowtrack.matching.window import Released, Window
from snowtrack.model.matches import MatchBatch, Matches
from snowtrack.model.tracks import DirtyStretch, ObservedBatch
from snowtrack.network.arrays import Network


class Matcher(Protocol):
    """Stateful per device. `fixes` come in any order; `flush` ends the tails of devices before their time.

    `begin` makes a device's state start with the track that begins at an instant.
    """

    def begin(self, device: int, at_us: int) -> None: ...
    def on_batch(self, fixes: ObservedBatch) -> Matches: ...
    def on_time(self, now_us: int) -> Matches: ...
    def flush(self, devices: list[int]) -> Matches: ...
    def newest_us(self, device: int) -> int: ...
    def settled_us(self, device: int) -> int: ...
    def snapshot(self, device: int) -> Mapping[str, Any]: ...
    def restore(self, device: int, kept: Mapping[str, Any]) -> None: ...
    def forget(self, device: int) -> None: ...


@dataclass(slots=True)
class NearestMatcher:
    """Nearest segment by distance and heading.

    lag_us      how long a fix waits for earlier ones
    cut_us      a longer time without a fix ends the track
    silence_us  a device not heard for so long has its tail settled provisionally
    """

    network: Network
    lag_us: int
    cut_us: int
    silence_us: int
    windows: dict[int, Window] = field(default_factory=dict)

    def begin(self, device: int, at_us: int) -> None:
        self._window(device).begin(at_us)

    def on_batch(self, fixes: ObservedBatch) -> Matches:
        newest: dict[int, Pending] = {}
        touched: dict[int, Window] = {}
        dirty: list[DirtyStretch] = []
        for row in fixes.rows():
            fix = _pending(row)
            window = touched.setdefault(fix.device, self._window(fix.device))
            if fix.observed_us > window.newest_us:
                newest[fix.device] = fix
            stretch = window.add(fix)
            if stretch:
                dirty.append(stretch)
        settled = [released for window in touched.values() for released in window.release()]
        heads = [Released(fix, touched[device].track_us) for device, fix in newest.items()]
        both = match_nearest(self.network, heads + settled)
        return Matches(
            head=_part(both, 0, len(heads)),
            settled=_part(both, len(heads), len(both)),
            dirty=(*dirty, *_resumed(settled)),
        )

    def on_time(self, now_us: int) -> Matches:
        """Settle the tails of devices that fell silent."""
        return self.flush(
            [
                device
                for device, window in self.windows.items()
                if window.unsettled and now_us - window.heard_us > self.silence_us
            ]
        )

    def flush(self, devices: list[int]) -> Matches:
        settled = [released for device in devices for released in self._window(device).flush()]
        return Matches(
            head=MatchBatch.empty(),
            settled=match_nearest(self.network, settled),
            dirty=_resumed(settled),
            ended=tuple(devices),
        )

    def newest_us(self, device: int) -> int:
        return self._window(device).newest_us

    def settled_us(self, device: int) -> int:
        return self._window(device).settled_us

    def snapshot(self, device: int) -> Mapping[str, Any]:
        return self._window(device).snapshot()

    def restore(self, device: int, kept: Mapping[str, Any]) -> None:
        self._window(device).restore(kept)

    def forget(self, device: int) -> None:
        self.windows.pop(device, None)

    def _window(self, device: int) -> Window:
        return self.windows.setdefault(device, Window(lag_us=self.lag_us, cut_us=self.cut_us))


def _pending(row: tuple[int, ...]) -> Pending:
    device, observed_us, boot, seq, digest, *rest = row
    return Pending(observed_us, boot, seq, digest, device, *rest)


def _resumed(settled: list[Released]) -> tuple[DirtyStretch, ...]:
    """Where a track went on after it had been settled provisionally: its passes were cut there."""
    fixes = (released.fix for released in settled if released.resumes)
    return tuple(DirtyStretch(device=fix.device, from_us=fix.observed_us, to_us=fix.observed_us) for fix in fixes)


def _part(batch: MatchBatch, start: int, to: int) -> MatchBatch:
    return MatchBatch(**{name: getattr(batch, name)[start:to] for name in MatchBatch.dtypes()})
