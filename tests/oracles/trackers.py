"""Trackers on driving machines: the payloads that they send, with boots, numbers, void starts and pauses."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from snowtrack.model.fixes import Message
from snowtrack.network.arrays import Network
from tests.oracles.drives import SECOND_US, Spot, drive, route
from tests.oracles.nmea import gga, psnow, rmc, sentence

START_US = 1_768_404_600 * SECOND_US


@dataclass
class Tracker:
    """One machine's unit: writes each spot down as an epoch."""

    boot: int = 1
    seq: int = 0
    numbered: bool = True
    has_blade: bool = True

    def epoch(self, spot: Spot, *, down: bool, void: bool = False) -> bytes:
        self.seq += 1
        blade = ("D" if down else "U") if self.has_blade else ""
        opening = psnow(self.boot, self.seq, blade) if self.numbered else b""
        if void:
            return opening + sentence("GPRMC,,V,,,,,,,,,,N")
        knots = f"{spot.speed_mmps * 3_600 / 1_852_000:.2f}"
        course = f"{spot.course_cdeg / 100:.1f}"
        return (
            opening
            + rmc(spot.at_us, spot.lat_e7, spot.lon_e7, knots=knots, course=course)
            + gga(spot.at_us, spot.lat_e7, spot.lon_e7)
        )

    def restart(self) -> None:
        self.boot, self.seq = self.boot + 1, 0


def spots_of(network: Network, random: Random, start_us: int, segments: int) -> Iterator[Spot]:
    steps = route(network, random.randrange(len(network)), segments, random)
    speed = random.choice([5_000, 8_000, 11_000])
    return drive(network, steps, start_us=start_us, speed_mmps=speed, noise_e7=300, seed=random.randrange(2**32))


def night(network: Network, seed: int, devices: int = 3) -> list[Message]:
    """Payloads of some devices in the order in which they were written, each received as soon as it was."""
    random = Random(seed)
    messages: list[Message] = []
    for device in range(1, devices + 1):
        tracker = Tracker(numbered=device != devices, has_blade=random.random() < 0.7)
        at_us = START_US + random.randrange(60) * SECOND_US
        for _ in range(3):
            spots = list(spots_of(network, random, at_us, 7))
            lifted = range(len(spots) // 3, len(spots) // 3 + random.randrange(10))
            while spots:
                size = random.randint(1, 10)
                part, spots = spots[:size], spots[size:]
                epochs = [
                    tracker.epoch(spot, down=at not in lifted, void=random.random() < 0.02)
                    for at, spot in enumerate(part, start=len(spots))
                ]
                at_us = part[-1].at_us + SECOND_US
                messages.append(Message(device=device, received_us=at_us, payload=b"".join(epochs)))
            at_us += random.choice([5, 14, 17, 100, 290, 310, 900]) * SECOND_US
            if random.random() < 0.5:
                tracker.restart()
    return sorted(messages, key=lambda message: message.received_us)
