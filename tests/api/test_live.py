"""`/v1/live` as a browser reads it: the real processes, over real sockets."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from snowtrack.model.ids import DeviceId
from snowtrack.network.arrays import Network
from tests.api.problems import assert_problem
from tests.keys import key_headers
from tests.mosquitto import mosquitto_in
from tests.ports import free_port
from tests.services.line import Line, make_line
from tests.services.registry import register
from tests.services.town import streets
from tests.services.waiting import await_true
from tests.sources.publisher import publishing
from tests.store.databases import fresh_database, prepare

pytestmark = pytest.mark.slow
SUBSCRIBERS_MAX = 3
HEAD = {"device": "kanazawa/d1", "lat": 36.5, "lon": 136.6, "segment": None, "working": True, "silent": False}
WITHIN_S = 20.0


@pytest.fixture(scope="module")
def line(
    postgres_url: str,
    network_folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Line]:
    """The API and the fold, with room for few readers."""
    folder = tmp_path_factory.mktemp("live")
    broker = mosquitto_in(folder / "mosquitto")
    broker.start()
    with fresh_database(postgres_url) as url:
        prepare(url)
        flags = (f"api.port={free_port()}", f"api.live_subscribers_max={SUBSCRIBERS_MAX}")
        line = make_line(broker, url, network_folder, folder, *flags)
        with line.service("fold"), line.service("serve"):
            yield line
    broker.stop()


class Events:
    """A stream of server-sent events, read one by one."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.lines = response.iter_lines()

    def next(self) -> tuple[str, str | None, dict[str, Any]]:
        """Name, id and data; comments are passed by."""
        found: dict[str, str] = {}
        for line in self.lines:
            if not line and "event" in found:
                return found["event"], found.get("id"), orjson.loads(found["data"])
            name, _, value = line.partition(": ")
            found[name] = value
        raise AssertionError("the stream ended")

    def until(self, name: str) -> tuple[str | None, dict[str, Any]]:
        while (event := self.next())[0] != name:
            pass
        return event[1], event[2]


@contextmanager
def subscribed(line: Line, last_number: str | None = None) -> Iterator[Events]:
    headers = key_headers(line.url) | ({} if last_number is None else {"last-event-id": last_number})
    url = f"{line.settings.api.url}/v1/live"
    with httpx.Client(timeout=WITHIN_S) as client, client.stream("GET", url, headers=headers) as response:
        assert response.status_code == 200, response.read()
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-store"
        yield Events(response)


def subscribers(line: Line) -> float:
    text = httpx.get(f"{line.settings.api.url}/metrics", headers=key_headers(line.url)).text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    return float(families["snowtrack_live_subscribers"].samples[0].value)


def work(line: Line, segment: int) -> None:
    """A pass, as ingest writes it."""
    register(line.url, DeviceId("kanazawa", "d1"))
    with psycopg.connect(line.url) as connection:
        row = connection.execute(
            "insert into device (agency, name) values ('kanazawa', 'd1')"
            " on conflict (agency, name) do update set heard_at = now() returning device"
        ).fetchone()
        assert row is not None
        connection.execute(
            "insert into pass (device, segment_id, direction, from_mm, to_mm, started_at, ended_at, work, evidence)"
            " values (%s, %s, 1, 0, 100000000, now(), now(), 0, 0)",
            [row[0], segment],
        )
        connection.execute(
            "insert into activity values (%s, now(), now() + interval '1 second', 3, 0, false, 0, true)", [row[0]]
        )
        connection.execute("insert into touched (segment_id) values (%s)", [segment])
        connection.execute("notify snowtrack_touched")


def test_a_snapshot_comes_first_and_then_each_change_under_the_next_number(line: Line, network: Network) -> None:
    street, other = streets(network)
    with subscribed(line) as events:
        name, number, snapshot = events.next()
        assert (name, number) == ("snapshot", str(snapshot["number"]))
        assert events.next()[0] == "heads"
        for segment in (street, other):
            work(line, segment)
            number, delta = events.until("delta")
            assert number == str(delta["number"])
            assert delta["number"] > snapshot["number"]
            snapshot = delta
            assert segment in {view["id"] for view in delta["segments"]}


def test_who_comes_back_gets_what_it_missed_and_no_snapshot(line: Line, network: Network) -> None:
    street, _ = streets(network)
    with subscribed(line) as events:
        work(line, street)
        number, _ = events.until("delta")
    assert number is not None
    with subscribed(line) as other:
        work(line, street)
        missed = other.until("delta")
    with subscribed(line, number) as events:
        name, number_again, delta = events.next()
        assert (name, number_again, delta) == ("delta", *missed)
        assert events.next()[0] == "heads"


@pytest.mark.parametrize("number", ["0", "-1", "x", "9" * 5_000, "٣", "999999999"])
def test_who_comes_back_with_a_number_that_nobody_knows_gets_a_snapshot(line: Line, number: str) -> None:
    key = key_headers(line.url)["authorization"]
    headers = {b"last-event-id": number.encode(), b"authorization": key.encode()}
    url = f"{line.settings.api.url}/v1/live"
    with httpx.Client(timeout=WITHIN_S) as client, client.stream("GET", url, headers=headers) as response:
        assert response.status_code == 200
        assert Events(response).next()[0] == "snapshot"


def test_heads_and_figures_come_without_a_number(line: Line) -> None:
    with subscribed(line) as events, publishing(line.broker.address) as ingest:
        events.until("heads")
        ingest.client.publish("snow-live/v1/heads", orjson.dumps({"machines": [HEAD]}), qos=1).wait_for_publish(10)
        number, heads = events.until("heads")
        assert (number, heads) == (None, {"provisional": True, "machines": [HEAD]})
        number, summary = events.until("summary")
        assert number is None
        assert summary["machines"]["known"] == 1


def test_readers_are_bounded_and_one_that_goes_makes_room(line: Line) -> None:
    await_true(lambda: subscribers(line) == 0, "those of other tests are gone")
    with subscribed(line), subscribed(line):
        with subscribed(line):
            await_true(lambda: subscribers(line) == SUBSCRIBERS_MAX, "all are counted")
            refused = httpx.get(f"{line.settings.api.url}/v1/live", headers=key_headers(line.url))
            assert_problem(refused, 503, "as many live streams as it may")
        await_true(lambda: subscribers(line) == SUBSCRIBERS_MAX - 1, "who went away is gone")
        with subscribed(line) as events:
            assert events.next()[0] == "snapshot"
    await_true(lambda: subscribers(line) == 0, "all are gone")


def test_what_strangers_say_on_the_bus_does_not_end_the_api(line: Line) -> None:
    with publishing(line.broker.address) as stranger:
        for topic in ("heads", "delta", "ingest", "fold"):
            for payload in (b"", b"[]", b"7", b"{}", b'{"machines": 5}', b'{"number": "x"}', b'{"machines": [{}]}'):
                stranger.client.publish(f"snow-live/v1/{topic}", payload, qos=1).wait_for_publish(10)
        stranger.client.publish("snow-live/v1/heads", orjson.dumps({"machines": [HEAD]}), qos=1).wait_for_publish(10)
    with subscribed(line) as events:
        events.until("summary")
        assert events.until("summary")[1]["segments"]["total"] > 0
    assert httpx.get(f"{line.settings.api.url}/healthz").status_code == 200
    assert httpx.get(f"{line.settings.api.url}/metrics", headers=key_headers(line.url)).status_code == 200
