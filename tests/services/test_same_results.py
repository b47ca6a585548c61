"""Same fixes, same results: in order, shuffled, late, doubled, or with a crash in between."""

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from snowtrack.model.calendar import TOKYO
from snowtrack.model.ids import DeviceId
from snowtrack.network.arrays import Network
from tests.mosquitto import mosquitto_in
from tests.services.epochs import SECOND_US, Fix, drive, rmc
from tests.services.line import Line, make_line
from tests.services.registry import register
from tests.services.results import Results, await_settled, read_results, services
from tests.services.tracker import Tracker
from tests.services.waiting import await_true
from tests.store.databases import count, fresh_database, prepare

pytestmark = pytest.mark.slow
LATE_S = 3 * 3600
OLDER = """
update device_state
set kept = convert_to(regexp_replace(convert_from(kept, 'UTF8'), '"version":[0-9]+', '"version":0'), 'UTF8')
"""


def night(network: Network, now_us: int) -> list[Fix]:
    """Two drives with a rest between them, some hours ago: two tracks, with the blade down throughout."""
    start_us = now_us - LATE_S * SECOND_US
    first = drive(network, start_us=start_us, seconds=240, row=40)
    return first + drive(network, start_us=start_us + 900 * SECOND_US, seconds=200, row=1500, speed_mps=6.5)


class Night:
    """One database for each way of feeding; the services run over it and end."""

    def __init__(self, postgres_url: str, network: Network, network_folder: Path, folder: Path, now_us: int) -> None:
        self.postgres_url, self.network, self.network_folder, self.folder = (
            postgres_url,
            network,
            network_folder,
            folder,
        )
        self.now_us, self.fixes = now_us, night(network, now_us)
        self.day = datetime.fromtimestamp(self.fixes[0].time_us / SECOND_US, TOKYO).date()

    @contextmanager
    def line(self, name: str) -> Iterator[Line]:
        folder = self.folder / name
        broker = mosquitto_in(folder / "mosquitto")
        broker.start()
        try:
            with fresh_database(self.postgres_url) as url:
                prepare(url)
                register(url, DeviceId("kanazawa", "d1"))
                yield make_line(broker, url, self.network_folder, folder, "engine.silence_s=1")
        finally:
            broker.stop()

    def fed_by(self, name: str, feed: Callable[[Line, Tracker, list[Fix]], None]) -> Results:
        """What it comes to when the tracker sends its fixes like that."""
        with self.line(name) as line, services(line, "fold"), line.tracker("d1") as tracker:
            feed(line, tracker, self.fixes)
            await_settled(line)
            return read_results(line, self.network, tracker.device, self.day)


def send_in_order(line: Line, tracker: Tracker, fixes: list[Fix]) -> None:
    with services(line, "ingest"):
        for start in range(0, len(fixes), 10):
            tracker.live(fixes[start : start + 10])
        tracker.await_empty()
        await_settled(line)


def send_shuffled(line: Line, tracker: Tracker, fixes: list[Fix]) -> None:
    """Pieces in any order, each twice, the newest one first."""
    epochs = tracker.record(fixes)
    pieces = [b"".join(epochs[start : start + 7]) for start in range(0, len(epochs), 7)]
    order = [*pieces, *pieces]
    random.Random(7).shuffle(order)
    with services(line, "ingest"):
        for piece in [pieces[-1], *order]:
            tracker.publish("log", piece)
        tracker.await_empty()
        await_settled(line)


def send_with_a_late_middle(line: Line, tracker: Tracker, fixes: list[Fix]) -> None:
    """Live, then the middle of the first drive after all else was settled."""
    epochs = tracker.record(fixes)
    with services(line, "ingest"):
        tracker.publish("up", b"".join(epochs[:80]))
        tracker.publish("up", b"".join(epochs[150:]))
        tracker.await_durable(80)
        await_true(lambda: count(line.url, "pass") > 0, "passes of what came are made")
        await_settled(line)
        tracker.publish("log", b"".join(epochs[80:150]))
        tracker.await_empty()
        await_settled(line)


def send_with_crashes(line: Line, tracker: Tracker, fixes: list[Fix]) -> None:
    """Ingest is killed after each third of the night, with messages on the way."""
    with ExitStack() as stack:
        for part in range(3):
            ingest = line.service("ingest")
            ingest.start()
            stack.callback(ingest.stop)
            own = fixes[part * len(fixes) // 3 : (part + 1) * len(fixes) // 3]
            tracker.await_engine()
            tracker.send_again()
            for start in range(0, len(own), 5):
                tracker.live(own[start : start + 5])
                if start == 60:
                    said = len(tracker.news)
                    await_true(lambda said=said: len(tracker.news) > said, "ingest confirms")  # type: ignore[misc]
            ingest.kill()
        stack.enter_context(line.service("ingest"))
        tracker.send_again()
        tracker.await_empty()
        await_settled(line)


def send_across_an_upgrade(line: Line, tracker: Tracker, fixes: list[Fix]) -> None:
    """In the middle of a track ingest is replaced by one that cannot read what the stages kept."""
    half = len(fixes) // 3
    for own in (fixes[:half], fixes[half:]):
        with services(line, "ingest"):
            tracker.await_engine()
            for start in range(0, len(own), 10):
                tracker.live(own[start : start + 10])
            tracker.await_empty()
            await_settled(line)
        with psycopg.connect(line.url, autocommit=True) as connection:
            connection.execute(OLDER)


def send_without_numbers(line: Line, tracker: Tracker, fixes: list[Fix]) -> None:
    """A receiver that says nothing of boots, doubled and out of order."""
    pieces = [b"".join(rmc(fix) for fix in fixes[start : start + 20]) for start in range(0, len(fixes), 20)]
    order = [*pieces, *pieces]
    random.Random(5).shuffle(order)
    with services(line, "ingest"):
        tracker.await_engine()
        for _ in range(2):
            for piece in order:
                tracker.publish("log", piece)
            await_true(lambda: count(line.url, "fix") == len(fixes), "all are stored")
        await_settled(line)


WAYS = {
    "shuffled": send_shuffled,
    "late": send_with_a_late_middle,
    "crashes": send_with_crashes,
    "upgraded": send_across_an_upgrade,
}


@pytest.fixture(scope="module")
def the_night(
    postgres_url: str, network: Network, network_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Night:
    now_us = int(datetime.now(UTC).timestamp()) * SECOND_US
    return Night(postgres_url, network, network_folder, tmp_path_factory.mktemp("night"), now_us)


@pytest.fixture(scope="module")
def in_order(the_night: Night) -> Results:
    return the_night.fed_by("in-order", send_in_order)


def test_the_night_is_worth_comparing(in_order: Results) -> None:
    assert len(in_order.passes) > 20
    assert len({row[1] for row in in_order.passes}) > 20
    assert len(in_order.states) > 20
    assert b'"lines":[{' in in_order.report


@pytest.mark.parametrize("way", WAYS)
def test_the_results_do_not_depend_on_how_the_fixes_came(the_night: Night, in_order: Results, way: str) -> None:
    assert the_night.fed_by(way, WAYS[way]) == in_order


def test_numbers_do_not_matter_where_fixes_without_a_blade_come_in_disorder(the_night: Night) -> None:
    """Without numbers there is no blade either; so this is compared with its own run in order."""

    def send_plain_in_order(line: Line, tracker: Tracker, fixes: list[Fix]) -> None:
        with services(line, "ingest"):
            tracker.await_engine()
            for fix in fixes:
                tracker.publish("up", rmc(fix))
            await_true(lambda: count(line.url, "fix") == len(fixes), "all are stored")
            await_settled(line)

    plain = the_night.fed_by("plain-in-order", send_plain_in_order)
    assert len(plain.passes) > 20
    assert the_night.fed_by("plain-shuffled", send_without_numbers) == plain
