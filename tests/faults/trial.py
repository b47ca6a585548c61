"""One scenario while it is played: what runs, what was done to it, and the judgement in the end."""

import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

import orjson

from snowtrack.settings import Settings
from tests.faults.compare import Comparison, read_stored
from tests.faults.faulty_database import FaultyDatabase
from tests.faults.ledger import Key, Ledger
from tests.faults.parts import FleetSettings, Trackers, broker_in, kill, register, settings_of, stop, stream_flags
from tests.faults.proxy import Proxy
from tests.faults.undisturbed import Facts, await_all_settled, read_facts, run_undisturbed
from tests.mosquitto import RunningBroker
from tests.nats import PlainNats
from tests.ports import free_port
from tests.services.line import Line
from tests.services.processes import Service
from tests.services.waiting import await_true
from tests.store.databases import fresh_database, prepare

CONFIRMED_S_MAX = 180.0
COMPARE_S_MAX = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What all scenarios of a run share: a server with databases for most of them, the roads, and a folder."""

    server_url: str
    network: Path
    folder: Path
    seed: int
    say: Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a scenario is set up. `database` is the address of a server of its own; `cluster` are nodes that run already;
    `proxied` has a breakable wire on both sides of the broker; `ingest` is the module that runs in its place."""

    fleet: FleetSettings
    database: str | None = None
    cluster: Sequence[PlainNats] = ()
    proxied: bool = False
    serving: bool = False
    autosave_s: int | None = None
    ingest: Sequence[str] = ()


@dataclass(slots=True)
class Trial:
    """`faults` counts what was done, `recoveries_s` says how long it took until trackers were confirmed something
    again, `troubles` what should not have happened; `notes` go into the figures."""

    name: str
    line: Line
    trackers: Trackers
    services: dict[str, Service]
    wires: tuple[Proxy, ...]
    chance: random.Random
    say: Callable[[str], None]
    faults: int = 0
    recoveries_s: list[float] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)
    began_s: float = field(default_factory=time.monotonic)

    @property
    def broker(self) -> RunningBroker:
        return self.line.broker

    @property
    def ingest(self) -> Service:
        return self.services["ingest"]

    @property
    def fold(self) -> Service:
        return self.services["fold"]

    def pause(self, from_s: float, to_s: float) -> None:
        """To a random instant."""
        time.sleep(self.chance.uniform(from_s, to_s))

    def await_confirmation(self, after_s: float) -> None:
        """Until every third tracker was told something new, later than that."""
        watch = self.trackers.watch

        def told() -> bool:
            watch.look()
            return watch.told_since(after_s) > len(watch.heard_s) / 3

        await_true(told, "trackers are confirmed", CONFIRMED_S_MAX)

    def fault(self, began_s: float) -> None:
        """One is just over: until trackers hear of it, counted from its begin."""
        self.faults += 1
        self.await_confirmation(time.monotonic())
        self.recoveries_s.append(time.monotonic() - began_s)
        self.tell()

    def tell(self) -> None:
        if self.faults % 10 == 0 or len(self.recoveries_s) < 5:
            last = f", confirmed again after {self.recoveries_s[-1]:.1f} s" if self.recoveries_s else ""
            self.say(f"{self.faults} faults{last}")

    def check_running(self) -> None:
        """What nobody killed still runs; what does not is started again, once it was told."""
        for service in self.services.values():
            if not service.running:
                last = service.log_path.read_text(errors="replace")[-500:]
                self.troubles.append(f"{service.name} ended by itself: {last}")
                kill(service)
                service.start()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What it came to. `expected_lost` are epochs that the scenario itself destroyed, after they were acknowledged."""

    name: str
    faults: int
    comparison: Comparison
    differences: list[str]
    facts: dict[str, int]
    recoveries_s: list[float]
    troubles: list[str]
    notes: dict[str, Any]
    took_s: float
    expected_lost: int = 0

    @property
    def good(self) -> bool:
        kept = self.comparison._replace(lost=self.comparison.lost - self.expected_lost)
        return kept.flawless and not self.differences and not self.troubles

    def as_json(self) -> dict[str, Any]:
        median_s, most_s = (median(self.recoveries_s), max(self.recoveries_s)) if self.recoveries_s else (None, None)
        return {
            "name": self.name,
            "good": self.good,
            "faults": self.faults,
            **self.comparison._asdict(),
            "expected_lost": self.expected_lost,
            "results_equal": not self.differences,
            "facts": self.facts,
            "recovery_s_median": median_s,
            "recovery_s_max": most_s,
            "recoveries_s": [round(one, 3) for one in self.recoveries_s],
            "differences": self.differences,
            "troubles": self.troubles,
            "notes": self.notes,
            "took_s": round(self.took_s, 1),
        }


@contextmanager
def opened(name: str, plan: Plan, ground: Ground) -> Iterator[Trial]:
    """Everything runs, and the first epochs are confirmed."""
    folder = ground.folder / name
    folder.mkdir(parents=True)
    chance = random.Random(f"{ground.seed} {name}")
    with ExitStack() as stack:
        if plan.cluster:
            broker = plan.cluster[0].running
        else:
            broker = broker_in(folder / "mosquitto", autosave_s=plan.autosave_s)
            broker.start()
            stack.callback(broker.stop)
        wires = tuple(
            stack.enter_context(Proxy(broker.port, random.Random(chance.random()))) for _ in range(2 * plan.proxied)
        )
        outer, inner = (wire.port for wire in wires) if wires else (broker.port, broker.port)
        url = plan.database or stack.enter_context(fresh_database(ground.server_url))
        prepare(url)
        scenario = plan.fleet.write(folder)
        settings = settings_of(url, ground.network, folder / "data", inner, free_port(), *stream_flags(plan.cluster))
        register(scenario, ground.network, folder, settings)
        line = Line(broker=broker, url=url, settings=settings, folder=folder)
        services = {one: line.service(one) for one in ("ingest", "fold", *(("serve",) if plan.serving else ()))}
        services["ingest"].command = plan.ingest
        for service in services.values():
            stack.callback(_end, service)
            service.start()
        for service in services.values():
            service.await_ready()
        trackers = Trackers(folder, scenario, ground.network, outer)
        stack.callback(trackers.kill)
        trackers.start()
        trial = Trial(name, line, trackers, services, wires, chance, lambda text: ground.say(f"{name}: {text}"))
        trial.await_confirmation(0.0)
        yield trial


@contextmanager
def with_own_database(
    name: str, plan: Plan, ground: Ground, disk: Path | None = None
) -> Iterator[tuple[Trial, FaultyDatabase]]:
    """On a server of its own, so that nobody else is hurt; and on a disk of its own, if that is given."""
    database = FaultyDatabase.at(ground.folder / f"{name}-server", disk)
    try:
        with opened(name, replace(plan, database=database.start()), ground) as trial:
            yield trial, database
    finally:
        database.stop()
        database.server.remove()


def judged(trial: Trial, ground: Ground, *, destroyed: frozenset[Key] = frozenset()) -> Outcome:
    """Everybody comes home, all is settled, and then it is compared."""
    trial.check_running()
    trial.say("the trackers come home")
    ledger = trial.trackers.come_home()
    trial.say(f"{len(ledger.sent):,} epochs; until all is settled")
    try:
        await_all_settled(trial.line)
    except AssertionError as error:  # what there is, is compared all the same
        trial.troubles.append(str(error))
    trial.check_running()
    for service in trial.services.values():
        stop(service)
    comparison = compared(trial.trackers.ledger_folder, trial.line.url)
    facts = read_facts(trial.line.url)
    kept = read_stored(trial.line.url).keys() & ledger.sent.keys()
    trial.say("the same epochs undisturbed")
    undisturbed = undisturbed_facts(trial, ground, ledger, kept)
    return Outcome(
        name=trial.name,
        faults=trial.faults,
        comparison=comparison,
        expected_lost=len(destroyed - kept),
        differences=facts.differences(undisturbed),
        facts={table: len(found) for table, found in facts._asdict().items()},
        recoveries_s=trial.recoveries_s,
        troubles=trial.troubles,
        notes=trial.notes,
        took_s=time.monotonic() - trial.began_s,
    )


def compared(ledger: Path, url: str) -> Comparison:
    """By a process that has no part in it."""
    command = (sys.executable, "-m", "tests.faults.compare", str(ledger), url)
    said = subprocess.run(command, check=True, capture_output=True, timeout=COMPARE_S_MAX).stdout
    return Comparison(**orjson.loads(said))


def undisturbed_facts(trial: Trial, ground: Ground, ledger: Ledger, kept: set[Key]) -> Facts:
    folder = trial.line.folder / "undisturbed"
    broker = broker_in(folder / "mosquitto")
    broker.start()
    try:
        with fresh_database(ground.server_url) as url:
            prepare(url)
            settings: Settings = settings_of(url, ground.network, folder / "data", broker.port, free_port())
            register(trial.trackers.scenario, ground.network, folder, settings)
            return run_undisturbed(Line(broker=broker, url=url, settings=settings, folder=folder), ledger, kept)
    finally:
        broker.stop()


def _end(service: Service) -> None:
    if service.process is not None:
        kill(service)
