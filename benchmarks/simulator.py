"""`simulator`: how fast a night is made, on one core, and what each part of it costs.

Input: the first twenty minutes of the storm scenario with 600 machines on 100,000 made-up segments, one epoch a second,
ten epochs a message; then the same into a file with its truth, as `plough-sim run storm --to FILE --truth DIR` does it.
The peer is the same night through trackers, which keep and send each epoch as against a broker (six machines of it).
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

from benchmarks.report import Report, Result
from ploughsim.roads.made import NetworkSettings, make_network
from ploughsim.running.heard import Heard, Trackers
from ploughsim.running.night import Night, open_night
from ploughsim.running.spool import Spool
from ploughsim.running.stream import Stream
from ploughsim.running.to_file import write_night
from ploughsim.scenario import Scenario, load_scenario
from ploughsim.sentences.families import ALL_KINDS
from ploughsim.sentences.write import write_epoch
from ploughsim.tracker.flash import MemoryFlash
from ploughsim.tracker.recorder import Inputs
from ploughsim.tracker.tracker import Tracker

OURS, TRACKERS = "columns", "trackers"
SEGMENTS, MACHINES, MINUTES, TRACKED = 100_000, 600, 20, 6
WARM_MINUTES = 2
SPAN_MS = 60_000


def run(progress: Callable[[str], None]) -> Report:
    """Network, night in columns, night through trackers, night into a file."""
    with TemporaryDirectory() as place:
        folder = Path(place)
        progress(f"drawing {SEGMENTS:,} segments")
        began = perf_counter()
        make_network(NetworkSettings(segments=SEGMENTS), folder / "network")
        drawn_s = perf_counter() - began
        scenario = _storm()
        progress(f"{MACHINES} machines for {MINUTES} minutes, in columns")
        parts, epochs = _in_columns(scenario, folder)
        progress("the same through trackers")
        tracked_s = _through_trackers(scenario, folder)
        progress("the same into a file, with its truth")
        began = perf_counter()
        told: list[int] = []
        write_night(
            scenario, folder / "network", folder / "night.log", folder / "truth", lambda so_far, *_: told.append(so_far)
        )
        file_s = perf_counter() - began
        size = (folder / "night.log").stat().st_size
    whole_s = sum(parts.values())
    results = [
        Result(what=f"{name}, an epoch", of=OURS, value=1e6 * s / epochs, unit="µs") for name, s in parts.items()
    ]
    results += [
        Result(what="keep and send, an epoch", of=TRACKERS, value=1e6 * tracked_s, unit="µs"),
        Result(what="network of 100,000 segments", of=OURS, value=drawn_s, unit="s"),
        Result(what="night to messages", of=OURS, value=epochs / whole_s, unit="epochs/s"),
        Result(what="night into a file, all of the command", of=OURS, value=told[-1] / file_s, unit="epochs/s"),
        Result(what="bytes written", of=OURS, value=size / file_s / 1e6, unit="MB/s"),
    ]
    ratios = {
        "epochs_per_s_core": told[-1] / file_s,
        "epochs_per_s_columns": epochs / whole_s,
        "columns_vs_trackers": tracked_s / ((parts["text"] + parts["messages"]) / epochs),
    }
    return Report(name="simulator", results=tuple(results), ratios=ratios)


def _storm() -> Scenario:
    storm = load_scenario("storm")
    return replace(
        storm,
        night=replace(storm.night, hours=MINUTES / 60),
        fleet=replace(storm.fleet, machines=MACHINES),
        tracker=replace(storm.tracker, message_wait_s=10),
    )


def _in_columns(scenario: Scenario, folder: Path) -> tuple[dict[str, float], int]:
    """Seconds that each part took, and epochs; without the first minutes, in which code is loaded."""
    night = open_night(scenario, folder / "network", scenario.night.date_ms)
    trackers, stream = Trackers(night), Stream(night, Spool(folder))
    parts, epochs = dict.fromkeys(("truth", "text", "messages"), 0.0), 0
    for minute, (first_ms, stop_ms) in enumerate(_spans(night)):
        times = [perf_counter()]
        seen = night.world.truth(first_ms, stop_ms, night.step_ms)
        times.append(perf_counter())
        heard = trackers.hear(seen)
        times.append(perf_counter())
        _exhaust(stream, heard, stop_ms)
        times.append(perf_counter())
        if minute >= WARM_MINUTES:
            epochs += len(heard.truth)
            for name, spent in zip(parts, np.diff(times).tolist(), strict=True):
                parts[name] += spent
    return parts, epochs


def _exhaust(stream: Stream, heard: Heard, stop_ms: int) -> None:
    for _ in stream.messages(heard, stop_ms):
        pass


def _through_trackers(scenario: Scenario, folder: Path) -> float:
    """Seconds an epoch: into the ring, and out again live."""
    night = open_night(scenario, folder / "network", scenario.night.date_ms)
    seen = night.world.truth(night.start_ms, night.start_ms + 10 * SPAN_MS, night.step_ms)
    seen = seen[seen["unit"] < TRACKED]
    epochs, families = night.receivers.observe(seen), night.receivers.families
    work = []
    for row in range(len(seen)):
        sent = write_epoch(epochs[row : row + 1], int(families[seen["unit"][row]]), own=False, kinds=ALL_KINDS)
        inputs = Inputs(*(int(epochs[name][row]) for name in Inputs._fields))
        work.append((int(seen["unit"][row]), sent, int(seen["time_ms"][row] - night.start_ms), inputs))
    trackers = [Tracker(MemoryFlash(), scenario.tracker, int(families[unit]), unit) for unit in range(TRACKED)]
    for tracker in trackers:
        tracker.connected(0.0)
    began = perf_counter()
    for unit, sent, uptime_ms, inputs in work:
        trackers[unit].hear(sent, uptime_ms, inputs)
        while message := trackers[unit].next(uptime_ms / 1000):
            trackers[unit].acknowledged(message.number, uptime_ms / 1000)
    return (perf_counter() - began) / len(work)


def _spans(night: Night) -> Iterator[tuple[int, int]]:
    end_ms = night.end_ms or night.start_ms
    return ((first_ms, first_ms + SPAN_MS) for first_ms in range(night.start_ms, end_ms, SPAN_MS))
