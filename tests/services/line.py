"""Everything that a plough's word passes through: a broker, a database, and the settings of the services."""

from dataclasses import dataclass
from pathlib import Path

from snowtrack.model.ids import DeviceId
from snowtrack.settings import Settings, load_settings
from tests.mosquitto import RunningBroker
from tests.services.processes import Service
from tests.services.tracker import Tracker


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Where it is."""

    broker: RunningBroker
    url: str
    settings: Settings
    folder: Path

    def tracker(self, device: str) -> Tracker:
        return Tracker(self.broker.address, DeviceId("kanazawa", device), self.url)

    def service(self, name: str, folder: str = "logs") -> Service:
        return Service(name, self.settings, self.folder / folder)


def make_line(broker: RunningBroker, url: str, network: Path, folder: Path, *flags: str) -> Line:
    """Quick to settle, so that a test need not wait for what takes a minute in earnest; a slow disk is no outage."""
    given = (
        f"broker.url={broker.url}",
        f"database.url={url}",
        f"network.folder={network}",
        f"data.folder={folder}",
        "ingest.save_s=0.1",
        "ingest.durable_s=0.01",
        "ingest.commit_s=30",
        "ingest.dirty_quiet_s=0.2",
        "ingest.dirty_patience_s=2",
    )
    return Line(
        broker=broker,
        url=url,
        folder=folder,
        settings=load_settings(None, {"SNOWTRACK_CONFIG": ""}, [*given, *flags]),
    )
