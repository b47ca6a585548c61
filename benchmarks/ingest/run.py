"""The whole measurement in one run: what the broker alone forwards, what one COPY alone takes, what a good developer
would write first, and snowtrack, each with the same night on the same machine."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
import psycopg
from psycopg import sql

from benchmarks.ingest.freshness import Freshness, freshness
from benchmarks.ingest.load import LoadSettings, cut_packets, make_network_once, make_night, read_sent
from benchmarks.ingest.place import PORT, await_line, figures, helper, place
from benchmarks.ingest.publisher import keep
from benchmarks.report import Report, Result
from snowtrack.model.calendar import DAY_US
from snowtrack.model.fixes import FixBatch, Message
from snowtrack.nmea.decode import decode
from snowtrack.store.copying import packed_rows
from snowtrack.store.database import connect
from snowtrack.store.fixes import FixWriter, dated_columns
from snowtrack.store.migrate import migrate

OURS, MACHINES = "snowtrack", 2_000
NIGHTS = {
    10: LoadSettings(machines=MACHINES, seconds=600, epochs_per_message=10),
    1: LoadSettings(machines=MACHINES, seconds=120, epochs_per_message=1),
}
VEHICLES = LoadSettings(machines=600, seconds=60, epochs_per_message=1)
STRAIGHTFORWARD_MESSAGES = 4_000
COPY_ROWS = 20_000


class Night(NamedTuple):
    """Where it is and how large."""

    folder: Path
    network: Path
    messages: int
    epochs: int


def run(progress: Callable[[str], None]) -> Report:
    """All of it."""
    with TemporaryDirectory() as there:
        folder = Path(there)
        progress("simulating the nights")
        nights = {size: prepare(folder, settings) for size, settings in NIGHTS.items()}
        progress("the broker alone, one epoch a message")
        broker = broker_alone(nights[1])
        progress("one COPY alone")
        copy = copy_alone(nights[10])
        progress("what one would write first")
        first = straightforward(nights[10])
        found = {}
        for size, night in nights.items():
            progress(f"snowtrack, {size} epochs a message")
            found[size] = ours(night)
        half = found[10]["fixes_per_s"] / 2
        progress("how fresh what is seen is, at half of that")
        at_half = fresh(nights[10], half)
        progress("how fresh what is seen is, 600 vehicles at 1 Hz")
        at_600 = fresh(prepare(folder, VEHICLES, "vehicles"), VEHICLES.machines)
    results = [
        Result(what="one epoch a message", of="Mosquitto to a bare socket", value=broker, unit="messages/s"),
        Result(what="one epoch a message", of=OURS, value=found[1]["fixes_per_s"], unit="fixes/s"),
        Result(what="rows alone", of="one COPY connection", value=copy, unit="rows/s"),
        Result(what="ten epochs a message", of="straightforward", value=first, unit="fixes/s"),
        Result(what="ten epochs a message", of=OURS, value=found[10]["fixes_per_s"], unit="fixes/s"),
    ]
    for what, seen in ((f"{half:,.0f} fixes/s, ten a message", at_half), ("600 vehicles, one a second", at_600)):
        results += [
            Result(what=f"published to visible, {what}: p50", of=OURS, value=seen.p50_ms, unit="ms"),
            Result(what=f"published to visible, {what}: p99", of=OURS, value=seen.p99_ms, unit="ms"),
        ]
    for size, own in found.items():
        results += [
            Result(what=f"CPU of {name}, {size} a message", of=OURS, value=1e6 * spent / own["epochs"], unit="µs/fix")
            for name, spent in own["cpu_s"].items()
        ]
    ratios = {
        "broker_share_1": found[1]["fixes_per_s"] / broker,
        "fixes_per_s_10": found[10]["fixes_per_s"],
        "copy_share_10": found[10]["fixes_per_s"] / copy,
        "vs_straightforward": found[10]["fixes_per_s"] / first,
        "freshness_p99_ms_half_peak": at_half.p99_ms,
        "freshness_p99_ms_600": at_600.p99_ms,
        "unseen": at_half.unseen + at_600.unseen,
        "lost": sum(own["lost"] for own in found.values()),
        "doubled": sum(own["doubled"] for own in found.values()),
    }
    return Report(name="ingest", results=tuple(results), ratios=ratios)


def prepare(folder: Path, settings: LoadSettings, name: str = "") -> Night:
    network = make_network_once(folder, settings.segments)
    own = folder / (name or f"night-{settings.epochs_per_message}")
    parts = cut_packets(make_night(settings, network, own))
    keep(parts, own)
    return Night(own, network, sum(len(part.ends) for part in parts), sum(int(part.epochs.sum()) for part in parts))


def broker_alone(night: Night) -> float:
    """Messages a second that it forwards at QoS 1 to a bare socket that acknowledges."""
    with TemporaryDirectory() as own, place(Path(own), night.network):
        sink = helper("sink", PORT, night.messages)
        await_line(sink)
        publisher = helper("publisher", night.folder, PORT)
        took_s = figures(sink)["took_s"]
        figures(publisher)
    return night.messages / float(took_s)


def copy_alone(night: Night) -> float:
    """Rows a second of the same fixes, made ready before, by one connection into the same table with its index."""
    fixes = _decoded(night)
    parts = [fixes.take(slice(at, at + COPY_ROWS)) for at in range(0, len(fixes), COPY_ROWS)]
    ready = [packed_rows(list(dated_columns(part).values())) for part in parts]
    statement = sql.SQL("copy fix ({}) from stdin (format binary)").format(
        sql.SQL(", ").join(map(sql.Identifier, dated_columns(parts[0])))
    )
    with TemporaryDirectory() as own, place(Path(own), night.network) as here:
        asyncio.run(_make_table(here.settings.database.url, fixes))
        with psycopg.connect(here.settings.database.url, autocommit=True) as connection:
            began = perf_counter()
            for part in ready:
                with connection.cursor().copy(statement) as copy:
                    copy.write(part)
            return len(fixes) / (perf_counter() - began)


async def _make_table(url: str, fixes: FixBatch) -> None:
    async with connect(url, name="benchmark") as connection:
        await migrate(connection)
        await FixWriter(connection).partitions.make(np.unique(fixes.time_us // DAY_US).tolist())


def straightforward(night: Night) -> float:
    with TemporaryDirectory() as own, place(Path(own), night.network) as here:
        peer = helper("straightforward", PORT, here.settings.database.url, night.network, STRAIGHTFORWARD_MESSAGES)
        await_line(peer)
        publisher = helper("publisher", night.folder, PORT)
        said = figures(peer)
        figures(publisher)
    return float(said["rows"]) / float(said["took_s"])


def ours(night: Night) -> dict[str, Any]:
    """From the first message sent to the last fix committed."""
    with TemporaryDirectory() as own, place(Path(own), night.network) as here:
        here.serve("ingest")
        here.register(sorted((night.folder / "registry").glob("*.csv")))
        here.serve("fold")
        before = here.cpu_s()
        publisher = helper("publisher", night.folder, PORT)
        done = here.await_rows(night.epochs)
        sent = figures(publisher)
        after = here.cpu_s()
        checked = figures(helper("verify", night.folder, here.settings.database.url))
        took_s = done - float(np.load(night.folder / "sent.npy").min()) / 1e6
        cpu_s = {name: after[name] - before[name] for name in before} | {"publisher": float(sent["cpu_s"])}
        return {
            "fixes_per_s": night.epochs / took_s,
            "epochs": night.epochs,
            "cpu_s": cpu_s,
            "lost": checked["lost"],
            "doubled": checked["doubled"],
        }


def fresh(night: Night, fixes_per_s: float) -> Freshness:
    """From a message sent to its head seen by a subscriber, at a steady rate."""
    with TemporaryDirectory() as own, place(Path(own), night.network) as here:
        here.serve("ingest")
        here.register(sorted((night.folder / "registry").glob("*.csv")))
        here.serve("fold")
        here.serve("serve")
        seen = Path(own) / "seen.npz"
        listener = helper("listener", here.settings.api.port, here.make_key(), seen)
        await_line(listener)
        figures(helper("publisher", night.folder, PORT, fixes_per_s))
        here.await_rows(night.epochs)
        figures(listener)
        return freshness(night.folder, seen)


def _decoded(night: Night) -> FixBatch:
    numbers: dict[bytes, int] = {}
    messages = [
        Message(device=numbers.setdefault(topic, len(numbers) + 1), received_us=2**51, payload=payload)
        for topic, payload in read_sent(night.folder / "night.log")
    ]
    return decode(messages).fixes
