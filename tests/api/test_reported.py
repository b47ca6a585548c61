"""`/v1/states`: what is reported counts in the fold, says so, and is corrected and never overwritten."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import psycopg
import pytest

from snowtrack import wall_clock
from snowtrack.api.reported import AHEAD_US
from snowtrack.model.calendar import SECOND_US, utc_text
from snowtrack.model.passes import PassBatch
from snowtrack.model.tracks import DirtyStretch
from snowtrack.network.arrays import Network
from snowtrack.store.passes import read_device_passes, replace_passes
from tests.api.conftest import Api, serving
from tests.api.problems import assert_problem
from tests.services.town import EVENING_US, HOUR_US, opened, streets
from tests.store.databases import count
from tests.store.test_routes import add_route

pytestmark = pytest.mark.anyio
LATER_US = EVENING_US + HOUR_US


@pytest.fixture
async def api(clean_database: str, network: Network, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    """On that evening, after a first look of the fold in an event."""
    monkeypatch.setattr(wall_clock, "now_us", lambda: LATER_US)
    async with opened(clean_database, network) as town, serving(town, town.settings, network) as api:
        await town.work(int(network.segment_id[-1]), EVENING_US)
        await town.turn(EVENING_US)
        yield api


def said(segments: list[int] | None, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    at = {"at": utc_text(EVENING_US + 600 * SECOND_US)} if "from" not in more else {}
    return {"agency": "kanazawa", "segments": segments, "work": "ploughed", "by": "当番"} | at | more


async def post(api: Api, content: dict[str, Any] | bytes, form: str = "application/json") -> httpx.Response:
    body = content if isinstance(content, bytes) else orjson.dumps(content)
    return await api.client.post("/v1/states", content=body, headers={"content-type": form})


async def enter(api: Api, segments: list[int], **more: Any) -> int:  # noqa: ANN401
    answer = await post(api, said(segments, **more))
    assert answer.status_code == 201, answer.text
    assert answer.json()["segments"] == answer.json()["counted"] == len(segments)
    return int(answer.json()["id"])


async def seen(api: Api, segment: int) -> dict[str, Any]:
    """As the API shows it after the fold's next turn."""
    await api.town.turn(LATER_US)
    await api.live.reload()
    answer = await api.client.get(f"/v1/segments/{segment}")
    assert answer.status_code == 200
    content: dict[str, Any] = answer.json()
    return content


async def test_what_was_reported_is_done_and_says_so(api: Api) -> None:
    street, other = streets(api.town.network)
    await enter(api, [street])
    shown = await seen(api, street)
    assert (shown["label"], shown["share"], shown["evidence"], shown["confidence"]) == ("done", 100, "reported", 50)
    assert shown["at"] == utc_text(EVENING_US + 600 * SECOND_US)
    (direction,) = shown["directions"]
    assert (direction["evidence"], direction["passes"]) == ("reported", 1)
    assert (await seen(api, other))["label"] == "never"


async def test_replay_rewrites_passes_and_leaves_reports(api: Api) -> None:
    street, _ = streets(api.town.network)
    town = api.town
    await town.work(street, EVENING_US + 300 * SECOND_US)
    await enter(api, [street])
    assert (await seen(api, street))["evidence"] == "blade"
    span = EVENING_US - HOUR_US, EVENING_US + HOUR_US
    assert len(await read_device_passes(town.connection, town.device, *span)) == 2
    stretch = DirtyStretch(device=town.device, from_us=span[0], to_us=span[1])
    await replace_passes(town.connection, stretch, PassBatch.empty())
    assert (await seen(api, street))["evidence"] == "reported"


async def test_a_new_event_begins_with_what_was_reported_in_it(api: Api, clean_database: str) -> None:
    street, other = streets(api.town.network)
    await enter(api, [other], at=utc_text(EVENING_US - 10 * HOUR_US))
    await enter(api, [street])
    with psycopg.connect(clean_database) as connection:
        connection.execute("delete from touched")
        connection.execute("update fold_progress set event_start = event_start - interval '2 days'")
    await api.town.fold.load(api.town.connection)
    assert (await seen(api, street))["evidence"] == "reported"
    assert (await seen(api, other))["label"] == "never"


async def test_a_later_entry_corrects_an_earlier_one_and_nothing_is_overwritten(api: Api) -> None:
    street, other = streets(api.town.network)
    first = await enter(api, [street], note="違う道")
    assert (await seen(api, street))["label"] == "done"
    second = await enter(api, [other], corrects=first)
    assert (await seen(api, street))["label"] == "never"
    assert (await seen(api, other))["label"] == "done"
    assert_problem(await post(api, said([street], corrects=first)), 409, "not corrected yet")
    third = await enter(api, [], corrects=second)
    assert (await seen(api, other))["label"] == "never"
    listed = (await api.client.get("/v1/states")).json()
    assert listed["next"] is None
    assert [(one["id"], one["corrects"], one["corrected_by"]) for one in listed["states"]] == [
        (third, second, None),
        (second, first, third),
        (first, None, second),
    ]
    oldest = listed["states"][-1]
    assert oldest.pop("received_at")
    assert oldest == {
        "id": first,
        "agency": "kanazawa",
        "segments": [{"id": street, "direction": 0}],
        "work": "ploughed",
        "from": utc_text(EVENING_US + 600 * SECOND_US),
        "to": utc_text(EVENING_US + 600 * SECOND_US),
        "by": "当番",
        "note": "違う道",
        "corrects": None,
        "corrected_by": second,
    }


async def test_only_its_own_agency_corrects_an_entry(api: Api) -> None:
    street, _ = streets(api.town.network)
    first = await enter(api, [street])
    await api.town.connection.execute("insert into agency (agency, name, manages) values ('kahoku', '', 'nothing')")
    await api.town.connection.execute("update fleet_version set version = version + 1")
    assert_problem(await post(api, said([street], agency="kahoku", corrects=first)), 409)
    answer = await post(api, said([street], agency="kahoku"))
    assert answer.json() | {"id": 0} == {"id": 0, "segments": 1, "counted": 0}


async def test_a_route_a_part_of_one_and_roads_of_a_name_may_be_reported(api: Api, clean_database: str) -> None:
    network = api.town.network
    ids = network.segment_id[:4].tolist()
    add_route(clean_database, "1", *((segment, 1) for segment in ids))
    for part, expected in (({}, ids), ({"first_position": 20, "last_position": 30}, ids[1:3])):
        answer = await post(api, said(None, route="1", **part))
        assert answer.status_code == 201, answer.text
        (entry,) = (await api.client.get("/v1/states", params={"limit": 1})).json()["states"]
        assert entry["segments"] == [{"id": segment, "direction": 1} for segment in expected]
    name = network.text(int(network.name_text[0]))
    answer = await post(api, said(None, road=name))
    named = [
        one for one, text in zip(network.segment_id, network.name_text, strict=True) if text == network.name_text[0]
    ]
    assert answer.json()["segments"] == answer.json()["counted"] == len(named) > 1
    assert_problem(await post(api, said(None, road="どこにもない")), 422, "expected one with segments")
    assert_problem(await post(api, said(None, route="9")), 422, "expected one with segments")


async def test_entries_come_in_pages_and_by_agency(api: Api) -> None:
    street, _ = streets(api.town.network)
    entered = [await enter(api, [street]) for _ in range(5)]
    asked: dict[str, Any] = {"limit": 2, "agency": "kanazawa"}
    found: list[int] = []
    while True:
        page = (await api.client.get("/v1/states", params=asked)).json()
        found += [one["id"] for one in page["states"]]
        if page["next"] is None:
            break
        asked["before"] = page["next"]
    assert found == entered[::-1]
    assert (await api.client.get("/v1/states", params={"agency": "others"})).json() == {"states": [], "next": None}


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"agency": "nobody"}, "agency: expected one that is registered"),
        ({"agency": "no id"}, "agency: "),
        ({"segments": []}, "expected a segment"),
        ({"segments": None}, "expected segments, route or road, one of them"),
        ({"road": "x"}, "expected segments, route or road, one of them"),
        ({"segments": [0]}, "segments.0: "),
        ({"segments": ["1"]}, "segments.0: "),
        ({"segments": [2**53 - 1]}, "segments: 9007199254740991 is not of network"),
        ({"work": "cleared"}, "work: "),
        ({"at": None}, "expected at, or from and to"),
        ({"to": utc_text(EVENING_US)}, "expected at, or from and to"),
        ({"at": "2027-01-14T06:00:00"}, "at: "),
        ({"at": utc_text(LATER_US + 2 * AHEAD_US)}, "expected what was done by now"),
        ({"at": "1969-12-31T23:00:00Z"}, "expected a time from 1970"),
        ({"at": None, "from": utc_text(EVENING_US), "to": utc_text(EVENING_US - SECOND_US)}, "expected from before to"),
        ({"at": None, "from": utc_text(EVENING_US - 25 * HOUR_US), "to": utc_text(EVENING_US)}, "at most a day apart"),
        ({"by": ""}, "by: "),
        ({"by": "x" * 201}, "by: "),
        ({"note": "x" * 2_001}, "note: "),
        ({"corrects": 0}, "corrects: "),
        ({"who": "x"}, "who: "),
    ],
)
async def test_a_wrong_report_is_told_and_not_entered(
    api: Api, clean_database: str, change: dict[str, Any], what: str
) -> None:
    street, _ = streets(api.town.network)
    assert_problem(await post(api, said([street]) | change), 422, what)
    assert count(clean_database, "reported") == 0


async def test_a_report_has_a_form(api: Api) -> None:
    assert_problem(await post(api, b"{", "application/json"), 422)
    assert_problem(await post(api, said([1]), "text/plain"), 415, "application/json")
    assert_problem(await post(api, said([streets(api.town.network)[0]], corrects=7)), 409)


async def test_its_example_is_taken(api: Api) -> None:
    described = (await api.client.get("/openapi.json")).json()["paths"]["/v1/states"]["post"]
    content = described["requestBody"]["content"]["application/json"]
    assert content["schema"]["required"] == ["agency", "work", "by"]
    example = content["example"] | {"agency": "kanazawa", "segments": list(streets(api.town.network))}
    assert (await post(api, example)).status_code == 201
