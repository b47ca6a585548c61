"""What a scenario is played with: a broker, a fleet of trackers, the services; each a process of its own."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

from ploughsim.registry import write_registry
from ploughsim.scenario import load_scenario
from snowtrack.settings import Settings, as_environment, load_settings
from tests.brokers.shipped import adapted
from tests.faults.ledger import MARKS, Ledger, Watch
from tests.mosquitto import PROGRAM, RunningBroker
from tests.nats import PlainNats
from tests.ports import free_port
from tests.services.processes import Service

AGENCY = "kanazawa"
SCENARIO = """
[night]
name = "faults"
seed = {seed}
speed = {speed}
start = "now-{ago}m"
[fleet]
agencies = ["{agency}"]
machines = {machines}
muster_min = 0.2
shift_h = 24.0
power_cuts_per_h = 2.0
[receiver]
cold_start_s = 5
[clock]
{clock}
[tracker]
epochs_per_message = 5
[radio]
latency_ms = 20
dropouts_per_h = 2
dropout_s = 10
"""
# After the last fault trackers may still wait five minutes before they try again.
HOME_S_MAX = 600.0
IMPORT_S_MAX = 120.0
NO_LIMIT = resource.RLIM_INFINITY


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetSettings:
    """Which fleet. Its time begins so many minutes ago and passes so many times as fast as ours; `clock` are shares of
    receivers whose clock is wrong, as in the simulator's section of that name."""

    seed: int
    machines: int = 30
    speed: float = 10.0
    ago_min: int = 540
    clock: str = ""

    def write(self, folder: Path) -> Path:
        file = folder / "fleet.toml"
        text = SCENARIO.format(
            seed=self.seed,
            speed=self.speed,
            ago=self.ago_min,
            machines=self.machines,
            agency=AGENCY,
            clock=self.clock,
        )
        file.write_text(text)
        return file


@dataclass(slots=True)
class Trackers:
    """The fleet's process, its ledger, and what it hears."""

    folder: Path
    scenario: Path
    network: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    watch: Watch = field(init=False)

    def __post_init__(self) -> None:
        self.watch = Watch(self.ledger_folder / MARKS)

    @property
    def ledger_folder(self) -> Path:
        return self.folder / "ledger"

    def start(self) -> None:
        places = (str(self.scenario), f"mqtt://127.0.0.1:{self.port}", str(self.folder), str(self.network))
        with (self.folder / "trackers.log").open("ab") as log:
            self.process = subprocess.Popen(
                (sys.executable, "-m", "tests.faults.trackers", *places), stdin=subprocess.DEVNULL, stderr=log
            )

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def come_home(self) -> Ledger:
        """The night is over: until all that they hold is confirmed."""
        assert self.process
        self.process.send_signal(signal.SIGUSR1)
        code = self.process.wait(HOME_S_MAX)
        assert code == 0, f"the trackers ended with {code}"
        return Ledger.read(self.ledger_folder)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()


def broker_in(folder: Path, *, autosave_s: int | None = None) -> RunningBroker:
    """Mosquitto as we ship it. A file that may not grow fails it as a full disk does, and does not end it."""
    assert PROGRAM, "Mosquitto is not installed: apt-get install mosquitto"
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    changes = {"listener 1883": f"listener {port}", "persistence_location ./": f"persistence_location {folder}/"}
    if autosave_s is not None:
        changes["autosave_interval 900"] = f"autosave_interval {autosave_s}"
    text = adapted("mosquitto/mosquitto.conf", changes)
    configuration = folder / "mosquitto.conf"
    configuration.write_text(f"{text}\nuser root\nlog_dest stderr\n")
    command = ("sh", "-c", 'trap "" XFSZ; exec "$0" -c "$1"', PROGRAM, str(configuration))
    return RunningBroker(command, port, folder, b" running")


def settings_of(url: str, network: Path, folder: Path, broker_port: int, api_port: int, *more: str) -> Settings:
    """As they are shipped, but that what waits for time to pass waits less of it."""
    given = (
        f"broker.url=mqtt://127.0.0.1:{broker_port}",
        f"database.url={url}",
        f"network.folder={network}",
        f"data.folder={folder}",
        f"api.port={api_port}",
        "ingest.durable_s=0.2",
        "ingest.save_s=1",
        "ingest.dirty_quiet_s=0.5",
        "ingest.dirty_patience_s=5",
        "engine.silence_s=5",
        *more,
    )
    return load_settings(None, {"SNOWTRACK_CONFIG": ""}, given)


def stream_flags(cluster: Sequence[PlainNats]) -> list[str]:
    """All nodes are known to the services."""
    if not cluster:
        return []
    return [
        f"broker.url={','.join(node.running.url for node in cluster)}",
        f"stream.url={','.join(f'nats://127.0.0.1:{node.nats_port}' for node in cluster)}",
        "stream.replicas=3",
        "stream.mb=200",
    ]


def register(scenario: Path, network: Path, folder: Path, settings: Settings) -> None:
    """Machines and their trackers, so that what they do counts."""
    files = folder / "registry"
    write_registry(load_scenario(str(scenario)), network, files)
    command = (sys.executable, "-m", "snowtrack", "fleet", "import", str(files))
    environment = {**os.environ, **as_environment(settings)}
    done = subprocess.run(command, env=environment, check=False, capture_output=True, timeout=IMPORT_S_MAX)
    assert done.returncode == 0, done.stderr.decode()


@contextmanager
def limited_files(pids: Sequence[int], size: int) -> Iterator[None]:
    """No file of these processes grows beyond so many bytes: to them the disk is full."""
    before = [resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in pids]
    for pid, (_, hard) in zip(pids, before, strict=True):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        for pid, limits in zip(pids, before, strict=True):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


def kill(service: Service) -> None:
    """Without what it said on our screen, which the tests show."""
    with redirect_stderr(StringIO()):
        service.kill()


def stop(service: Service) -> None:
    with redirect_stderr(StringIO()):
        service.stop()
