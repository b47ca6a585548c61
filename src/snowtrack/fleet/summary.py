"""What the registry and the trackers come to: who has what, what is mounted, what nobody registered."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from snowtrack.fleet.proposal import Registry
from snowtrack.model.ids import DeviceId
from snowtrack.store.devices import DeviceRow
from snowtrack.store.fleet import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """As of one instant. `unregistered` are trackers of which nobody has said on what they were when last heard: their
    fixes are kept, and count for nothing."""

    version: int
    agencies: list[Row]
    kinds: dict[tuple[str, str], int]
    """Machines by agency and kind."""
    mounted: dict[DeviceId, str]
    unregistered: list[DeviceRow]
    bare: list[tuple[str, str]]
    """Agency and machine, where no tracker is on it."""

    def as_json(self) -> dict[str, Any]:
        return {
            "version": self.version,
            "agencies": [
                {
                    **row,
                    "machines": {kind: count for (owner, kind), count in self.kinds.items() if owner == row["agency"]},
                }
                for row in self.agencies
            ],
            "mounted": [{"device": str(device), "machine": machine} for device, machine in self.mounted.items()],
            "unregistered": [
                {"device": str(row.id), "fixes": row.fixes, "heard_at": row.heard_at, "latest_at": row.latest_at}
                for row in self.unregistered
            ],
            "machines_without_device": [f"{agency}/{machine}" for agency, machine in self.bare],
        }


def summarise(version: int, registry: Registry, devices: Sequence[DeviceRow], now: datetime) -> Summary:
    """The registry as it is now, beside the trackers that were heard."""
    mounted = dict(_mounted(registry, lambda _: now))
    last = {row.id: row.latest_at or row.heard_at for row in devices if row.heard_at is not None}
    known = dict(_mounted(registry, last.get))
    carrying = {(device.agency, machine) for device, machine in mounted.items()}
    rows: Iterable[Any] = registry["machines"].values()
    machines = [(row["agency"], row["machine"], row["kind"]) for row in rows]
    return Summary(
        version=version,
        agencies=list(registry["agencies"].values()),
        kinds=dict(sorted(Counter((agency, kind) for agency, _, kind in machines).items())),
        mounted=dict(sorted(mounted.items())),
        unregistered=[row for row in devices if row.id in last and row.id not in known],
        bare=[(agency, machine) for agency, machine, _ in machines if (agency, machine) not in carrying],
    )


def _mounted(registry: Registry, at: Callable[[DeviceId], datetime | None]) -> Iterator[tuple[DeviceId, str]]:
    """Each tracker that is on a machine at the instant asked for, and that machine."""
    rows: Iterable[Any] = registry["devices"].values()
    for row in rows:
        device = DeviceId(row["agency"], row["device"])
        instant = at(device)
        if instant and row["valid_from"] <= instant and (row["valid_to"] is None or instant < row["valid_to"]):
            yield device, row["machine"]
