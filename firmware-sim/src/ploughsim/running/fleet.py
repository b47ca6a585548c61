"""A night in real time against a broker: the world goes on, receivers see it, trackers keep and send it."""

import asyncio
import fcntl
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ploughsim.chance import draw
from ploughsim.compiled import Array
from ploughsim.ending import end_tasks
from ploughsim.errors import StateError
from ploughsim.radio.fate import Fates
from ploughsim.running.address import BrokerAddress
from ploughsim.running.link import Link
from ploughsim.running.night import open_night, truth_head
from ploughsim.running.pace import Pace
from ploughsim.running.progress import Progress
from ploughsim.running.sensors import SensorLines, sensors_of
from ploughsim.running.station import Station
from ploughsim.scenario import Scenario
from ploughsim.sentences.families import ALL_KINDS
from ploughsim.sentences.write import write_epochs
from ploughsim.world.ledger import Ledger

_PACE_S = 0.1
# Links get air in between: a row takes some 50 µs.
_ROWS_AT_ONCE = 4_000
# Of the truth no more than this is lost with a kill.
_TELL_EVERY_S, _TELL_EVERY_MS = 60.0, 600_000
_TRACKERS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Folders: of the network, of the trackers' memory and the night, and of the truth, if it is to be written."""

    network: Path
    state: Path
    truth: Path | None


class Fleet:
    """Opening a fleet locks its state folder; `run` closes it again."""

    def __init__(self, scenario: Scenario, broker: BrokerAddress, places: Places) -> None:
        self._state = places.state
        self._lock = _lock(places.state)
        pace = self._pace = _pace(scenario, places)
        night = self.night = open_night(scenario, places.network, pace.start_ms)
        night.world.run_to(pace.time_ms)
        self._ledger = (
            Ledger(places.truth, night.world, truth_head(scenario, scenario.night.speed)) if places.truth else None
        )
        self._steps_max = max(1, _ROWS_AT_ONCE // len(night.world.units))
        self._told_s, self._told_ms = time.monotonic(), pace.time_ms
        # Of each unit its last instant, and where the number of its epoch belongs.
        self._rows: dict[int, tuple[int, Array, int]] = {}
        self._sensors = SensorLines(sensors_of(scenario, night.world), broker)
        fates = Fates(scenario.radio, seed=night.radio_seed)
        self._stations = [
            Station(
                places.state / unit.agency / f"{unit.device}.flash",
                scenario.tracker,
                int(night.receivers.families[unit.number]),
                draw(scenario.night.seed, _TRACKERS, unit.number),
                Link(unit.number, (unit.agency, unit.device), broker, fates),
            )
            for unit in night.world.units
        ]

    def progress(self) -> Progress:
        stations = self._stations
        troubles = (station.link.trouble for station in stations)
        return Progress(
            epochs=sum(station.epochs for station in stations),
            held=sum(station.held for station in stations),
            overwritten=sum(station.overwritten for station in stations),
            connected=sum(station.connected for station in stations),
            powered=sum(station.link.tracker is not None for station in stations),
            units=len(stations),
            simulated_ms=self._pace.time_ms,
            trouble=next((trouble for trouble in troubles if trouble), None),
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set, the night is over and confirmed, or something is beyond repair."""
        stopping = asyncio.create_task(stop.wait())
        driving = asyncio.create_task(self._drive())
        working = [driving, *(asyncio.create_task(station.link.run()) for station in self._stations)]
        working += (asyncio.create_task(line.run()) for line in self._sensors.lines)
        try:
            done, _ = await asyncio.wait([stopping, *working], return_when=asyncio.FIRST_COMPLETED)
        finally:
            await end_tasks([stopping, *working])
            self._close()
        for task in done - {stopping}:
            task.result()

    async def _drive(self) -> None:
        """Until the night is over, and then until all that the trackers hold is confirmed."""
        if self._is_over() and not self._come_home():
            raise StateError(f"{self._state}: this night is over and confirmed; remove the folder for a new one")
        before_s = time.monotonic()
        while not self._is_over():
            await asyncio.sleep(_PACE_S)
            now_s = time.monotonic()
            steps = min(self._pace.due(now_s - before_s, _wall_ms()), self._steps_max)
            before_s = now_s
            if self.night.end_ms is not None:
                steps = min(steps, (self.night.end_ms - self._pace.time_ms) // self.night.step_ms)
            if steps:
                self._go_on(*self._pace.go_on(steps))
        if self._ledger:
            self._ledger.close(over=True)
            self._ledger = None
        while self._come_home():  # noqa: ASYNC110 - what it waits for sets no event
            await asyncio.sleep(_PACE_S)

    def _is_over(self) -> bool:
        return self.night.end_ms is not None and self._pace.time_ms >= self.night.end_ms

    def _come_home(self) -> bool:
        """Whether somebody still holds something."""
        for station in self._stations:
            station.come_home()
        return any(station.held for station in self._stations) or self._sensors.held > 0

    def _go_on(self, first_ms: int, stop_ms: int) -> None:
        night = self.night
        truth = night.world.truth(first_ms, stop_ms, night.step_ms)
        self._sensors.go_on(first_ms, stop_ms)
        seq = self._hear(truth)
        powered = set(truth["unit"].tolist())
        for number, station in enumerate(self._stations):
            if number not in powered:
                station.rest()
        if self._ledger:
            self._ledger.epochs(truth, seq, stop_ms)
            if time.monotonic() - self._told_s > _TELL_EVERY_S or stop_ms - self._told_ms > _TELL_EVERY_MS:
                self._ledger.flush()
                self._told_s, self._told_ms = time.monotonic(), stop_ms

    def _hear(self, truth: Array) -> Array:
        """The number of the epoch that each row became, 0 for none; its boot becomes the tracker's own.

        An epoch may be whole only with the first line of the next one, which comes with another call.
        """
        night = self.night
        epochs = night.receivers.observe(truth)
        text, offsets = write_epochs(epochs, night.receivers.families[truth["unit"]], own=False, kinds=ALL_KINDS)
        data, places = text.tobytes(), offsets.tolist()
        covered, faulty = night.coverage.of(truth).tolist(), night.serial.faulty(truth).tolist()
        seq = np.zeros(len(truth), np.int64)
        for row, unit in enumerate(truth["unit"].tolist()):
            sent = data[places[row] : places[row + 1]]
            if faulty[row]:
                sent = night.serial.carry(sent, unit, int(truth["time_ms"][row]), int(truth["on_ms"][row]))
            station, before = self._stations[unit], self._rows.get(unit)
            self._rows[unit] = (int(truth["time_ms"][row]), seq, row)
            for time_ms, number in station.hear(truth[row], epochs[row], sent, covered=covered[row]):
                for of_ms, numbers, at in (self._rows[unit], *([before] if before else [])):
                    if of_ms == time_ms:
                        numbers[at] = number
            truth["boot"][row] = station.boot
        return seq

    def _close(self) -> None:
        self._pace.close()
        if self._ledger:
            self._ledger.close()
        for station in self._stations:
            station.close()
        os.close(self._lock)


def _pace(scenario: Scenario, places: Places) -> Pace:
    night = scenario.night
    identity = {
        "network": str(places.network),
        "fleet": repr(scenario.fleet),
        "snow": repr(scenario.snow),
        "seed": night.seed,
    }
    pace = Pace(places.state / "night.json", identity, speed=night.speed, step_ms=scenario.receiver.step_ms)
    pace.begin(night.start_ms(_wall_ms()))
    return pace


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
