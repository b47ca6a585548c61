"""All scenarios by name, with how many faults each is given where nobody says otherwise."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.faults import brokers, clocks, clusters, databases, kills, links, machines, spools
from tests.faults.trial import Ground, Outcome


@dataclass(frozen=True, slots=True)
class Scenario:
    """`play` takes the ground and the number of faults; it says why where it could not be played."""

    play: Callable[[Ground, int], Outcome | str]
    times: int

    @property
    def what(self) -> str:
        return (self.play.__doc__ or "").partition("\n")[0]


SOAK = "soak"
SCENARIOS: dict[str, Scenario] = {
    "kill-ingest": Scenario(kills.kill_ingest, 200),
    "kill-fold": Scenario(kills.kill_fold, 200),
    "machine-killed": Scenario(machines.machine_killed, 20),
    "broker-killed": Scenario(brokers.broker_killed, 10),
    "broker-restarted": Scenario(brokers.broker_restarted, 10),
    "broker-disk-full": Scenario(brokers.broker_disk_full, 4),
    "links-cut": Scenario(links.links_cut, 30),
    "links-half-open": Scenario(links.links_half_open, 4),
    "links-lossy": Scenario(links.links_lossy, 6),
    "database-stopped": Scenario(databases.database_stopped, 8),
    "database-killed": Scenario(databases.database_killed, 8),
    "copy-fails": Scenario(databases.copy_fails, 8),
    "commit-fails": Scenario(databases.commit_fails, 8),
    "database-disk-full": Scenario(databases.database_disk_full, 3),
    "spool-disk-full": Scenario(spools.spool_disk_full, 4),
    "spool-damaged": Scenario(spools.spool_damaged, 3),
    "node-killed": Scenario(clusters.node_killed, 10),
    "clocks-of-trackers": Scenario(clocks.clocks_of_trackers, 1),
    "clock-of-ingest": Scenario(clocks.clock_of_ingest, 12),
}
