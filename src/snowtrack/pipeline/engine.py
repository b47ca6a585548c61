"""Fixes to heads and passes, as they come: tracks → matching → passes, joined here and nowhere else.

Stateful per device, with `on_batch`, `on_time`, `snapshot` and `restore`. The engine reads no clock and does no I/O.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from snowtrack.matching.matcher import Matcher
from snowtrack.model.calendar import SECOND_US
from snowtrack.model.columns import Bools
from snowtrack.model.fixes import FixBatch
from snowtrack.model.fleet import NO_FLEET, Fleet
from snowtrack.model.matches import MatchBatch, Matches
from snowtrack.model.passes import PassBatch
from snowtrack.model.tracks import DirtyStretch, ObservedBatch, TrackBatch
from snowtrack.model.work import ActivityBatch
from snowtrack.network.arrays import Network
from snowtrack.passes.stage import PassStage, WorkPolicy, joined
from snowtrack.tracks.clock import latest_trusted, observe
from snowtrack.tracks.identity import BootId
from snowtrack.tracks.learning import learn
from snowtrack.tracks.sessions import BootClock
from snowtrack.tracks.watch import TrackStage

# Grows when what a stage keeps changes: an older snapshot cannot be read, and the track is computed again.
SNAPSHOT_VERSION = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class EnginePolicy:
    """How fixes become passes. A change of policy changes results, so the numbers stand with the results' version.

    lag_us      how far a settled answer looks ahead
    late_us     how long it waits for fixes that come out of order
    cut_us      nothing observed for longer than this ends a track
    silence_us  a device not heard for so long has its tail settled provisionally
    work        when a machine is taken to work
    """

    lag_us: int = 20 * SECOND_US
    late_us: int = 10 * SECOND_US
    cut_us: int = 300 * SECOND_US
    silence_us: int = 60 * SECOND_US
    work: WorkPolicy = field(default_factory=WorkPolicy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """What a batch led to. `latest` is the newest instant of each device that can be trusted."""

    heads: MatchBatch
    passes: PassBatch
    activities: ActivityBatch
    tracks: TrackBatch
    dirty: tuple[DirtyStretch, ...] = ()
    ended: tuple[int, ...] = ()
    latest: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def nothing(cls) -> "Outputs":
        return cls(
            heads=MatchBatch.empty(),
            passes=PassBatch.empty(),
            activities=ActivityBatch.empty(),
            tracks=TrackBatch.empty(),
        )


class Engine:
    """The stages for the devices of one worker."""

    def __init__(self, network: Network, policy: EnginePolicy) -> None:
        self.network = network
        self.policy = policy
        self.matcher = Matcher(
            network,
            lag_us=policy.lag_us,
            late_us=policy.late_us,
            cut_us=policy.cut_us,
            silence_us=policy.silence_us,
        )
        self.passes = PassStage(network, policy.work)
        self.tracks = TrackStage()
        self.fleet = NO_FLEET
        self.clocks: dict[BootId, BootClock] = {}

    def use(self, fleet: Fleet) -> None:
        """Go by this registry from now on."""
        self.fleet = self.matcher.fleet = self.passes.fleet = fleet

    def begin(self, device: int, at_us: int) -> None:
        """Know a device from the start of a track on; what is older comes late."""
        self.matcher.begin(device, at_us)

    def on_batch(self, fixes: FixBatch) -> Outputs:
        """New fixes of any devices, in any order."""
        moved = learn(self.clocks, fixes)
        observed = observe(fixes, self.clocks)
        outputs = self.on_observed(observed)
        return replace(outputs, dirty=(*moved, *outputs.dirty), latest=latest_trusted(observed))

    def on_observed(self, observed: ObservedBatch) -> Outputs:
        """Fixes whose instants are known."""
        matches = self.matcher.on_batch(observed)
        worked = self.passes.on_batch(matches.settled, matches.driven)
        return Outputs(
            heads=matches.head,
            passes=worked.passes,
            activities=worked.activities,
            tracks=self.tracks.on_batch(matches.settled),
            dirty=matches.dirty,
        )

    def on_time(self, now_us: int) -> Outputs:
        """Settle what silent devices left open."""
        return self._ended(self.matcher.on_time(now_us))

    def flush(self, devices: list[int]) -> Outputs:
        """Settle everything of these devices, whatever the lag."""
        return self._ended(self.matcher.flush(devices))

    def end_track(self, device: int) -> Outputs:
        """End what is open of the settled track; what is not settled stays as it is."""
        worked, tracks = self.passes.flush([device]), self.tracks.flush([device])
        return replace(Outputs.nothing(), passes=worked.passes, activities=worked.activities, tracks=tracks)

    def newest_us(self, device: int) -> int:
        """The newest trusted instant of a device; 0 for one not heard of."""
        return self.matcher.newest_us(device)

    def settled_us(self, device: int) -> int:
        """Up to where the fixes of a device are settled; 0 where none is."""
        return self.matcher.settled_us(device)

    def unseen(self, fixes: ObservedBatch) -> Bools:
        """Of stored fixes of one device those that its state, read again, does not know of."""
        return self.matcher.unseen(fixes)

    def snapshot(self, device: int) -> Mapping[str, Any]:
        return {
            "version": SNAPSHOT_VERSION,
            "matcher": self.matcher.snapshot(device),
            "passes": self.passes.memory.snapshot(device),
            "tracks": self.tracks.memory.snapshot(device),
        }

    def restore(self, device: int, kept: Mapping[str, Any]) -> bool:
        """Go on from a snapshot; not from one that another version of the stages made."""
        if kept.get("version") != SNAPSHOT_VERSION:
            return False
        self.matcher.restore(device, kept["matcher"])
        self.passes.memory.restore(device, kept["passes"])
        self.tracks.memory.restore(device, kept["tracks"])
        return True

    def forget(self, device: int) -> None:
        self.matcher.forget(device)
        self.passes.memory.forget(device)
        self.tracks.memory.forget(device)
        for boot_id in [boot_id for boot_id in self.clocks if boot_id.device == device]:
            del self.clocks[boot_id]

    def _ended(self, matches: Matches) -> Outputs:
        ended, settled = list(matches.ended), matches.settled
        worked = joined([self.passes.on_batch(settled, matches.driven), self.passes.flush(ended)])
        return Outputs(
            heads=matches.head,
            passes=worked.passes,
            activities=worked.activities,
            tracks=TrackBatch.concat([self.tracks.on_batch(settled), self.tracks.flush(ended)]),
            dirty=matches.dirty,
            ended=matches.ended,
        )
