"""The whole of it: a night, and for each plough a receiver, a tracker with its flash, and a link."""

import asyncio
import fcntl
import math
import os
import time
from dataclasses import dataclass
from pathlib import Path

from ploughsim.chance import draw
from ploughsim.ending import end_tasks
from ploughsim.errors import StateError
from ploughsim.thin.flash import FileFlash
from ploughsim.thin.lanes import Lanes
from ploughsim.thin.link import BrokerAddress, Link
from ploughsim.thin.night import Night
from ploughsim.thin.receiver import Receiver
from ploughsim.thin.ring import Ring
from ploughsim.thin.scenario import Scenario
from ploughsim.thin.sentences import fix_sentences
from ploughsim.thin.tracker import SendingRules, Tracker
from ploughsim.thin.world import World

_PACE_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """`epochs` were written since the start, `held` await confirmation, `overwritten` were lost to a full ring."""

    epochs: int
    held: int
    overwritten: int
    connected: int
    ploughs: int
    simulated_ms: int
    trouble: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Machine:
    flash: FileFlash
    receiver: Receiver
    tracker: Tracker
    link: Link


class Fleet:
    """Opening a fleet locks its state folder and powers up every tracker; `run` closes it again."""

    def __init__(self, scenario: Scenario, lanes: Lanes, broker: BrokerAddress, state: Path) -> None:
        self._scenario = scenario
        self._lock = _lock(state)
        world = World(lanes, ploughs=scenario.ploughs, seed=scenario.seed, rate_hz=scenario.rate_hz)
        self._night = Night(world, state / "night.json", speed=scenario.speed, rate_hz=scenario.rate_hz)
        self._night.resume(scenario.start_ms(_wall_ms()))
        self._power_up_tick = world.tick
        folder = state / scenario.agency
        self._machines = [self._power_up(number, folder, broker) for number in range(scenario.ploughs)]

    def progress(self) -> Progress:
        trackers = [machine.tracker for machine in self._machines]
        troubles = (machine.link.trouble for machine in self._machines)
        return Progress(
            epochs=sum(tracker.ring.next_seq - 1 for tracker in trackers),
            held=sum(tracker.ring.held for tracker in trackers),
            overwritten=sum(tracker.ring.overwritten for tracker in trackers),
            connected=sum(tracker.connected for tracker in trackers),
            ploughs=len(trackers),
            simulated_ms=self._night.time_ms,
            trouble=next((trouble for trouble in troubles if trouble), None),
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set, or something is beyond repair."""
        stopping = asyncio.create_task(stop.wait())
        working = [asyncio.create_task(self._drive())]
        working += [asyncio.create_task(machine.link.run()) for machine in self._machines]
        try:
            done, _ = await asyncio.wait([stopping, *working], return_when=asyncio.FIRST_COMPLETED)
        finally:
            await end_tasks([stopping, *working])
            self._close()
        for task in done - {stopping}:
            task.result()

    def _power_up(self, number: int, folder: Path, broker: BrokerAddress) -> _Machine:
        scenario = self._scenario
        device = f"plough-{number + 1:0{max(2, len(str(scenario.ploughs)))}d}"
        flash = FileFlash(folder / f"{device}.ring")
        ring = Ring(flash, scenario.ring_slots)
        rules = SendingRules(epochs_per_message=scenario.epochs_per_message, message_wait_s=scenario.message_wait_s)
        tracker = Tracker(ring, rules)
        receiver = Receiver(
            seed=draw(scenario.seed, number),
            power_up=ring.boot,
            sigma_m=scenario.noise_sigma_m,
            correlation=math.exp(-1.0 / (scenario.rate_hz * scenario.noise_correlation_s)),
        )
        link = Link(tracker, broker, agency=scenario.agency, device=device)
        return _Machine(flash=flash, receiver=receiver, tracker=tracker, link=link)

    async def _drive(self) -> None:
        before_s = time.monotonic()
        while True:
            await asyncio.sleep(_PACE_S)
            now_s = time.monotonic()
            for _ in range(self._night.due(now_s - before_s, _wall_ms())):
                self._step(now_s)
            before_s = now_s
            for machine in self._machines:
                machine.link.wake.set()

    def _step(self, now_s: float) -> None:
        night = self._night
        night.step()
        uptime_ms = (night.world.tick - self._power_up_tick) * 1000 // self._scenario.rate_hz
        for number, machine in enumerate(self._machines):
            truth = night.world.truth(number)
            fix = fix_sentences(machine.receiver.observe(truth, night.time_ms))
            machine.tracker.record(fix, uptime_ms=uptime_ms, blade_down=truth.blade_down, now=now_s)

    def _close(self) -> None:
        self._night.close()
        for machine in self._machines:
            machine.flash.sync()
            machine.flash.close()
        os.close(self._lock)


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


def _lock(state: Path) -> int:
    try:
        state.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(state / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StateError(f"{state}: {error.strerror}; --state must name a folder that can be written") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise StateError(f"{state}: in use by another plough-sim; stop it or give another --state") from error
    return descriptor
