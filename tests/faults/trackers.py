"""`python -m tests.faults.trackers SCENARIO BROKER FOLDER NETWORK`: plough-sim's trackers, and a ledger of their words.

They are the simulator's own: memory on flash, power cuts, sending again. SIGUSR1 ends the night; the process ends when
all is confirmed that they hold, as it does at the end of any night.
"""

import asyncio
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import orjson

from ploughsim.running import against_broker, station
from ploughsim.running.address import parse_broker
from ploughsim.running.fleet import Fleet, Places
from ploughsim.scenario import adjust, load_scenario
from ploughsim.tracker.flash import Flash
from ploughsim.tracker.messages import Lane
from ploughsim.tracker.settings import TrackerSettings
from ploughsim.tracker.tracker import Tracker
from ploughsim.tracker.wording import Epoch
from tests.faults.ledger import Key, Pen


class NotingTracker(Tracker):
    """Notes each epoch before it is sent for the first time, and what it is told before it frees anything."""

    pen: ClassVar[Pen]

    def __init__(self, flash: Flash, settings: TrackerSettings, family: int, seed: int, boots_before: int = 0) -> None:
        super().__init__(flash, settings, family, seed, boots_before)
        file = Path(flash.name)
        self.device = f"{file.parent.name}/{file.stem}"
        self._send = self.outbox.take
        self.outbox.take = self._take  # type: ignore[method-assign]

    def _take(self, epoch: Epoch) -> None:
        self.pen.epoch(Key(self.device, *epoch.name), epoch.payload)
        self._send(epoch)

    def on_message(self, lane: Lane, payload: bytes, now: float) -> None:
        if lane is Lane.DURABLE:
            self.pen.mark(self.device, {entry["boot"]: entry["seq"] for entry in orjson.loads(payload)})
        super().on_message(lane, payload, now)


class EndingFleet(Fleet):
    """A night that ends when it is told to."""

    async def run(self, stop: asyncio.Event) -> None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, self._end_the_night)
        await super().run(stop)

    def _end_the_night(self) -> None:
        lasted_s = (self.progress().simulated_ms - self.night.start_ms) // 1000 + 1
        scenario = adjust(self.night.scenario, "night", {"hours": lasted_s / 3600})
        self.night = replace(self.night, scenario=scenario)


def main() -> None:
    scenario, broker, folder, network = sys.argv[1:]
    NotingTracker.pen = Pen(Path(folder) / "ledger")
    vars(station)["Tracker"] = NotingTracker
    vars(against_broker)["Fleet"] = EndingFleet
    places = Places(network=Path(network), state=Path(folder) / "state", truth=None)
    against_broker.run_against_broker(load_scenario(scenario), parse_broker(broker), places)


if __name__ == "__main__":
    against_broker.follow_parent()
    main()
