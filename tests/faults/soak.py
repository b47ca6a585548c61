"""Hours of random faults, and figures that have to stay flat."""

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median
from typing import NamedTuple

import httpx

from snowtrack.model.access import Right
from tests.faults.brokers import kill_broker_once
from tests.faults.databases import away_once, refuse_once
from tests.faults.faulty_database import IN_COMMIT, IN_COPY, FaultyDatabase
from tests.faults.kills import kill_fold_once, kill_ingest_once
from tests.faults.links import cut_once, half_open_once, lose_once
from tests.faults.parts import FleetSettings
from tests.faults.trial import Ground, Outcome, Plan, Trial, judged, with_own_database
from tests.keys import key_headers

EVERY_S = 10.0
SAID_EVERY = 6
BETWEEN_S = (10.0, 60.0)
SPEED = 2.0
HOUR_S = 3_600.0
# Flat is what grows by no more than this share from the second quarter to the last; or by so little in itself.
GROWTH_MAX = 0.1
SLACK = {"rss_mb": 4.0, "descriptors": 3.0, "threads": 2.0, "freshness_p99_ms": 20.0}
FRESHNESS = re.compile(r"^snowtrack_freshness_p99_ms (\S+)", re.MULTILINE)
KILOBYTES = re.compile(r"^VmRSS:\s+(\d+)", re.MULTILINE)
THREADS = re.compile(r"^Threads:\s+(\d+)", re.MULTILINE)


class Sample(NamedTuple):
    """Of one service, or of all (`service` is "all": how old what is seen is)."""

    at_s: float
    service: str
    what: str
    value: float


@dataclass(slots=True)
class Sampler:
    """Looks every ten seconds, in a thread of its own; what cannot be seen just then is left out."""

    trial: Trial
    samples: list[Sample] = field(default_factory=list)
    began_s: float = field(default_factory=time.monotonic)
    over: threading.Event = field(default_factory=threading.Event)
    key: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.key = key_headers(self.trial.line.url, Right.OPERATE)

    def run(self) -> None:
        looks = count()
        while not self.over.wait(EVERY_S):
            at_s = time.monotonic() - self.began_s
            seen = [Sample(at_s, *one) for one in self._look()]
            self.samples += seen
            if next(looks) % SAID_EVERY == 0:
                words = ", ".join(f"{one.service} {one.what} {one.value:.0f}" for one in seen)
                self.trial.say(f"{at_s / 60:.0f} min: {words}")

    def _look(self) -> Iterator[tuple[str, str, float]]:
        for name, service in self.trial.services.items():
            process = service.process
            if process is not None:
                yield from ((name, what, value) for what, value in _of_process(process.pid))
        try:
            said = httpx.get(f"{self.trial.line.settings.api.url}/metrics", headers=self.key, timeout=5).text
        except httpx.HTTPError:
            return
        yield from (("all", "freshness_p99_ms", float(found)) for found in FRESHNESS.findall(said) if float(found))

    def quarters(self) -> dict[str, tuple[float, float]]:
        """The medians of each figure in the second quarter and in the last one."""
        found: dict[str, tuple[float, float]] = {}
        until_s = max((one.at_s for one in self.samples), default=0.0)
        for service, what in sorted({(one.service, one.what) for one in self.samples}):
            own = [one for one in self.samples if (one.service, one.what) == (service, what)]
            second = [one.value for one in own if until_s / 4 <= one.at_s < until_s / 2]
            last = [one.value for one in own if one.at_s >= until_s * 3 / 4]
            if second and last:
                found[f"{service} {what}"] = median(second), median(last)
        return found


def soak(ground: Ground, hours: float) -> Outcome:
    """Random faults of all kinds; kills of services in the first quarter alone, so that what grows can be seen."""
    minutes = round(hours * 60 * (SPEED + 1)) + 60
    fleet = FleetSettings(seed=ground.seed, speed=SPEED, ago_min=minutes)
    plan = Plan(fleet=fleet, proxied=True, serving=True)
    with with_own_database("soak", plan, ground) as (trial, database):
        lasting, killing = _faults(trial, database)
        with _sampled(trial) as sampler:
            began_s = time.monotonic()
            while (passed_s := time.monotonic() - began_s) < hours * HOUR_S:
                trial.pause(*BETWEEN_S)
                trial.check_running()
                first_quarter = passed_s < hours * HOUR_S / 4
                trial.chance.choice([*lasting, *killing] if first_quarter else lasting)()
        _hold_flat(trial, sampler)
        return judged(trial, ground)


def _faults(trial: Trial, database: FaultyDatabase) -> tuple[list[Callable[[], None]], list[Callable[[], None]]]:
    """Those that the services live through, and those that they do not."""
    lasting: list[Callable[[], None]] = [partial(kill_broker_once, trial)]
    for wire in trial.wires:
        lasting += [partial(one, trial, wire) for one in (cut_once, half_open_once, lose_once)]
    lasting += [partial(away_once, trial, database, end) for end in (FaultyDatabase.stop, FaultyDatabase.kill)]
    lasting += [partial(refuse_once, trial, trigger) for trigger in (IN_COPY, IN_COMMIT)]
    return lasting, [partial(kill_ingest_once, trial), partial(kill_fold_once, trial)]


@contextmanager
def _sampled(trial: Trial) -> Iterator[Sampler]:
    sampler = Sampler(trial)
    thread = threading.Thread(target=sampler.run, name="sampler", daemon=True)
    thread.start()
    try:
        yield sampler
    finally:
        sampler.over.set()
        thread.join()


def _hold_flat(trial: Trial, sampler: Sampler) -> None:
    quarters = sampler.quarters()
    trial.notes["second_and_last_quarter"] = quarters
    trial.notes["series"] = [list(one) for one in sampler.samples]
    for name, (second, last) in quarters.items():
        trial.say(f"{name}: {second:.1f} in the second quarter, {last:.1f} in the last")
        if not is_flat(name.rpartition(" ")[2], second, last):
            trial.troubles.append(f"{name} grew from {second:.1f} to {last:.1f}")


def is_flat(what: str, second: float, last: float) -> bool:
    return last - second <= max(GROWTH_MAX * second, SLACK[what])


def _of_process(pid: int) -> Sequence[tuple[str, float]]:
    """What it holds; nothing when it ended just now."""
    place = Path(f"/proc/{pid}")
    try:
        status = (place / "status").read_text()
        descriptors = sum(1 for _ in (place / "fd").iterdir())
    except OSError:
        return ()
    memory, threads = KILOBYTES.search(status), THREADS.search(status)
    if not memory or not threads:
        return ()
    return ("rss_mb", int(memory[1]) / 1024), ("descriptors", float(descriptors)), ("threads", float(threads[1]))
