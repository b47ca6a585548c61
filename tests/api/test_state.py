"""What an API process holds in memory: it follows the news, and reads again what it missed."""

import asyncio
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest

from snowtrack.live.bus import News
from snowtrack.live.hub import Reader
from snowtrack.live.sight import Sight
from snowtrack.model.access import ALL
from snowtrack.model.calendar import SECOND_US
from snowtrack.model.states import LABELS, Label
from snowtrack.network.arrays import Network
from snowtrack.store.events import Closure, close_segments
from tests.api.conftest import Api, serving
from tests.services.town import EVENING_US, HOUR_US, Town, opened, streets

pytestmark = pytest.mark.anyio
HEAD = {"device": "kanazawa/d1", "lat": 36.5, "lon": 136.6, "segment": None, "working": True, "silent": False}


def label_of(api: Api, segment: int) -> Label:
    row = int(api.town.network.rows_of([segment])[0])
    return LABELS[int(api.live.views.label[row])]


async def pass_on(api: Api, now_us: int) -> None:
    """All that the fold says in a turn, as the bus carries it."""
    for said in await api.town.turn(now_us):
        news = News(said.pop("news"))
        await api.live.on_news(news, said)


async def first_events(api: Api, number: int | None = None) -> list[tuple[str, dict[str, Any]]]:
    """What a subscriber gets at once."""
    events = api.live.hub.events(Reader("test", Sight(ALL)), number, 0.01, b"idle")
    found = []
    async with asyncio.timeout(10):
        while (event := await anext(events)) != b"idle":
            for part in event.split(b"\n\n"):
                lines = dict(line.split(b": ", 1) for line in part.splitlines())
                if lines:
                    found.append((lines[b"event"].decode(), orjson.loads(lines[b"data"])))
    await events.aclose()
    return found


async def test_a_delta_changes_the_views_and_the_number(api: Api) -> None:
    street, _ = streets(api.town.network)
    await api.town.work(street, EVENING_US)
    await pass_on(api, EVENING_US)
    assert api.live.number == 1
    assert label_of(api, street) is Label.DONE
    assert await first_events(api, 1) == [("heads", {"provisional": True, "machines": []})]


async def test_a_missed_number_is_read_from_the_store(api: Api) -> None:
    street, other = streets(api.town.network)
    await api.town.work(street, EVENING_US)
    await api.town.turn(EVENING_US)  # nobody hears it
    await api.town.work(other, EVENING_US + SECOND_US)
    await pass_on(api, EVENING_US + SECOND_US)
    assert api.live.number == 2
    assert {label_of(api, one) for one in (street, other)} <= {Label.DONE, Label.AGED}  # as of now
    (snapshot, heads) = await first_events(api, 1)
    assert snapshot[0] == "snapshot"
    assert {view["id"] for view in snapshot[1]["segments"]} == {street, other}
    assert heads[0] == "heads"


async def test_the_fold_s_word_alone_shows_that_a_delta_was_missed(api: Api) -> None:
    await api.town.work(streets(api.town.network)[0], EVENING_US)
    await api.town.turn(EVENING_US)
    await api.live.on_news(News.FOLD, {"number": 1, "fault": None})
    assert api.live.number == 1


async def test_an_event_that_begins_while_the_fold_starts_again_leaves_nothing_of_the_one_before(api: Api) -> None:
    street, other = streets(api.town.network)
    await api.town.work(street, EVENING_US)
    await pass_on(api, EVENING_US)
    assert label_of(api, street) is Label.DONE
    morning_us = EVENING_US + 9 * HOUR_US
    await api.town.work(other, morning_us)
    await api.town.fold.load(api.town.connection)
    await pass_on(api, morning_us)
    assert label_of(api, street) is Label.NEVER
    assert label_of(api, other) in {Label.DONE, Label.AGED}  # as of now
    assert api.live.event_us == api.town.fold.progress.event_us == morning_us - HOUR_US


async def test_a_closure_that_ends_while_the_fold_starts_again_is_over(api: Api) -> None:
    street, _ = streets(api.town.network)
    span = {"from_us": EVENING_US, "until_us": EVENING_US + 300 * SECOND_US}
    closure = Closure(number=0, segments=(street,), reason="ice", by="Sato", **span)
    await close_segments(api.town.connection, closure)
    await pass_on(api, EVENING_US)
    assert label_of(api, street) is Label.CLOSED
    await api.town.fold.load(api.town.connection)
    await pass_on(api, EVENING_US + 300 * SECOND_US)
    assert label_of(api, street) is Label.NEVER


async def test_what_reads_the_same_in_a_new_event_stays_as_it_is(api: Api) -> None:
    street, other = streets(api.town.network)
    closure = Closure(number=0, segments=(street,), from_us=EVENING_US, until_us=None, reason="ice", by="Sato")
    await close_segments(api.town.connection, closure)
    await api.town.work(other, EVENING_US)
    await pass_on(api, EVENING_US)
    await api.town.work(other, EVENING_US + 9 * HOUR_US)
    await pass_on(api, EVENING_US + 9 * HOUR_US)
    assert api.live.event_us == api.town.fold.progress.event_us
    assert label_of(api, street) is Label.CLOSED


async def test_what_is_snowed_over_is_so_when_the_api_starts(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    street, _ = streets(api.town.network)
    await api.town.work(street, EVENING_US)
    await api.town.turn(EVENING_US)
    now_us = EVENING_US + 3 * HOUR_US
    await api.town.snows(street, now_us, lambda hours: 100 + max(hours, 0) * 120)
    await api.town.turn(now_us)
    monkeypatch.setattr("snowtrack.wall_clock.now_us", lambda: now_us)
    await api.live.reload()
    assert label_of(api, street) is Label.SNOWED_OVER


async def test_an_old_delta_is_passed_by(api: Api) -> None:
    street, _ = streets(api.town.network)
    await api.town.work(street, EVENING_US)
    await pass_on(api, EVENING_US)
    old = {"number": 1, "event_start": "2026-01-01T03:00:00Z", "segments": [{"id": street, "label": "never"}]}
    await api.live.on_news(News.DELTA, old)
    assert label_of(api, street) is Label.DONE


async def test_a_database_that_is_away_leaves_the_state_as_it_was_until_it_is_back(api: Api) -> None:
    street, _ = streets(api.town.network)
    await api.town.work(street, EVENING_US)
    await api.town.turn(EVENING_US)
    with psycopg.connect(api.town.settings.database.url, autocommit=True) as admin:
        admin.execute("alter table fold_progress rename to away")
        await api.live.on_news(News.FOLD, {"number": 1, "fault": None})
        await api.live.on_news(News.DELTA, {"number": 9, "event_start": "2026-01-01T03:00:00Z", "segments": []})
        assert api.live.number == 0
        admin.execute("alter table away rename to fold_progress")
    await api.live.on_news(News.FOLD, {"number": 1, "fault": None})
    assert api.live.number == 1


async def test_heads_are_sent_anew_to_who_comes_back(api: Api) -> None:
    await api.town.work(streets(api.town.network)[0], EVENING_US)
    await pass_on(api, EVENING_US)
    await api.live.on_news(News.HEADS, {"machines": [HEAD]})
    assert await first_events(api, 1) == [("heads", {"provisional": True, "machines": [HEAD]})]
    assert [kind for kind, _ in await first_events(api)] == ["snapshot", "heads"]


async def test_a_machine_that_is_not_heard_is_marked_once(api: Api) -> None:
    await api.live.on_news(News.HEADS, {"machines": [HEAD]})
    api.live.machines_heard[HEAD["device"]] -= 61  # type: ignore[index]
    api.live.tick()
    assert api.live.machines == {HEAD["device"]: HEAD | {"silent": True}}
    assert api.live.summary(Sight(ALL))["machines"] == {"known": 1, "working": 0, "silent": 1}
    await api.live.on_news(News.HEADS, {"machines": [HEAD]})
    assert api.live.summary(Sight(ALL))["machines"] == {"known": 1, "working": 1, "silent": 0}


async def test_the_summary_has_every_label_and_they_add_up(api: Api) -> None:
    street, other = streets(api.town.network)
    await api.town.work(street, EVENING_US)
    await api.town.work(other, EVENING_US, share=0.5)
    await pass_on(api, EVENING_US)
    segments = (await api.client.get("/v1/summary")).json()["segments"]
    assert set(segments["by_label"]) == {str(label) for label in Label}
    assert sum(segments["by_label"].values()) == segments["total"] == len(api.town.network)
    assert (segments["by_label"]["done"], segments["by_label"]["under_way"]) == (1, 1)


@pytest.mark.parametrize("first", ["/v1/routes", "/healthz"])
async def test_whoever_reads_the_registry_again_directions_count_as_it_says(
    clean_database: str, network: Network, tmp_path: Path, first: str
) -> None:
    """The board of the routes looks out with the same eyes as the view of a segment."""
    policy = tmp_path / "policy.toml"
    shipped = Path("config/policy.toml").read_text("utf-8")
    policy.write_text(f"{shipped}\n[versions.agencies.kanazawa]\nlocal = {{ both_ways = true }}\n", "utf-8")
    async with opened(clean_database, network, f"clearance.policy={policy}") as town:
        await manage(town, "nothing")
        async with serving(town, town.settings, network) as api:
            street, _ = streets(network)
            await manage(town, "others")
            await town.work(street, EVENING_US)
            await town.turn(EVENING_US)
            await api.client.get(first)
            await api.client.get(f"/v1/segments/{street}")
            row = int(network.rows_of([street])[0])
            assert [bool(one.ledger.both_ways[row]) for one in (api.live, town.fold)] == [True, True]


async def manage(town: Town, roads: str) -> None:
    await town.connection.execute("update agency set manages = %s", [roads])
    await town.connection.execute("update fleet_version set version = version + 1")
