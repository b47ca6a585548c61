"""`/v1/segments` and `/v1/segments/{id}`, `/v1/network`."""

import csv
import io
from typing import Any

import pytest

from snowtrack import wall_clock
from snowtrack.api.formats import csv_lines
from snowtrack.model.calendar import DAY_US, SECOND_US, utc_text
from snowtrack.network.arrays import Kind, RoadClass
from snowtrack.settings import load_settings
from snowtrack.store.events import Closure, close_segments
from tests.api.conftest import Api, serving
from tests.api.problems import assert_problem
from tests.services.town import EVENING_US, streets

pytestmark = pytest.mark.anyio


async def test_before_the_first_cut_nothing_is_known_of_any_segment(api: Api) -> None:
    answer = await api.client.get("/v1/segments", params={"limit": 3})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/geo+json"
    content = answer.json()
    assert content["type"] == "FeatureCollection"
    assert content["cut_at"] is None
    assert [feature["id"] for feature in content["features"]] == sorted(api.town.network.segment_id.tolist())[:3]
    assert {feature["properties"]["label"] for feature in content["features"]} == {"never"}


async def test_the_public_sees_the_cut_and_not_what_came_since(api: Api) -> None:
    street, other = streets(api.town.network)
    await api.town.work(street, EVENING_US - 61 * SECOND_US)
    await api.town.turn(EVENING_US)
    await api.town.work(other, EVENING_US + SECOND_US)
    await api.town.turn(EVENING_US + 2 * SECOND_US)
    pages = [
        (await api.client.get("/v1/segments", params={"after": segment - 1, "limit": 1})).json()
        for segment in (street, other)
    ]
    labels = {feature["id"]: feature["properties"]["label"] for content in pages for feature in content["features"]}
    assert [content["cut_at"] for content in pages] == [utc_text(EVENING_US)] * 2
    assert (labels[street], labels[other]) == ("done", "never")


async def test_a_feature_has_its_line_its_name_and_what_is_known(api: Api) -> None:
    street, _ = streets(api.town.network)
    await api.town.work(street, EVENING_US)
    await api.town.turn(EVENING_US)
    (feature,) = (await api.client.get("/v1/segments", params={"after": street - 1, "limit": 1})).json()["features"]
    row = int(api.town.network.rows_of([street])[0])
    first = int(api.town.network.shape_offsets[row])
    assert feature["geometry"]["type"] == "LineString"
    assert feature["geometry"]["coordinates"][0] == [
        int(api.town.network.shape_lon_e7[first]) / 1e7,
        int(api.town.network.shape_lat_e7[first]) / 1e7,
    ]
    properties = feature["properties"]
    assert set(properties) == {
        "id", "name", "route", "class", "manager", "district", "length_m",
        "label", "share", "at", "evidence", "confidence",
    }  # fmt: skip
    assert (properties["id"], properties["class"], properties["evidence"]) == (street, "local", "blade")


async def test_whole_dumps_say_what_the_pages_say(api: Api) -> None:
    street, _ = streets(api.town.network)
    await api.town.work(street, EVENING_US)
    await api.town.turn(EVENING_US)
    paged: list[dict[str, Any]] = []
    after: int | None = 0
    while after is not None:
        page = (await api.client.get("/v1/segments", params={"after": after, "limit": 3_000})).json()
        paged, after = paged + page["features"], page["next"]
    answer = await api.client.get("/v1/segments.geojson")
    whole = answer.json()
    assert whole["features"] == paged
    assert {key: whole[key] for key in ("type", "cut_at", "network")} == {
        key: page[key] for key in ("type", "cut_at", "network")
    }
    table = await api.client.get("/v1/segments.csv")
    assert table.content.startswith(b"\xef\xbb\xbfid,name,route,class,")
    lines = list(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"))))
    assert [int(line["id"]) for line in lines] == [feature["id"] for feature in paged]
    for line, feature in zip(lines, paged, strict=True):
        said = {key: "" if value is None else str(value) for key, value in feature["properties"].items()}
        first = feature["geometry"]["coordinates"][0]
        assert line.pop("wkt").startswith(f"LINESTRING ({first[0]:.7f} {first[1]:.7f}, ")
        assert line == said
    assert "plough" not in table.text + answer.text
    for path in ("/v1/segments.csv", "/v1/segments.geojson"):
        again = await api.client.get(path, headers={"if-none-match": table.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


async def test_few_whole_files_are_made_at_once(api: Api) -> None:
    dumps = api.app.state.context.dumps
    async with dumps, dumps:
        assert_problem(await api.client.get("/v1/segments.csv"), 503, "whole files")
    assert (await api.client.get("/v1/segments.csv")).status_code == 200


def test_no_name_is_a_formula() -> None:
    class Road:
        def as_json(self) -> dict[str, object]:
            return {"id": 1, "name": '=HYPERLINK("x")', "at": None, "km": {"done": -1.5}}

    assert csv_lines([Road()], header=True) == 'id,name,at,km.done\r\n1,"\'=HYPERLINK(""x"")",,-1.5\r\n'


async def test_no_machine_is_named_anywhere_in_public(api: Api) -> None:
    street, _ = streets(api.town.network)
    await api.town.work(street, EVENING_US)
    await api.town.turn(EVENING_US)
    for path in ("/v1/segments", f"/v1/segments/{street}"):
        assert "plough" not in (await api.client.get(path)).text


async def test_pages_follow_one_another_without_gap_or_overlap(api: Api) -> None:
    seen: list[int] = []
    after: int | None = 0
    while after is not None:
        content = (await api.client.get("/v1/segments", params={"after": after, "limit": 1_111})).json()
        seen.extend(feature["id"] for feature in content["features"])
        after = content["next"]
    assert seen == sorted(api.town.network.segment_id.tolist())


async def test_a_page_is_never_larger_than_the_setting(api: Api) -> None:
    flags = [f"database.url={api.town.settings.database.url}", "api.page_segments_max=7"]
    settings = load_settings(None, {"SNOWTRACK_CONFIG": ""}, flags)
    async with serving(api.town, settings, api.town.network) as small:
        content = (await small.client.get("/v1/segments", params={"limit": 9_999})).json()
    assert len(content["features"]) == 7
    assert content["next"] == sorted(api.town.network.segment_id.tolist())[6]


async def test_behind_the_last_segment_the_page_is_empty(api: Api) -> None:
    content = (await api.client.get("/v1/segments", params={"after": 2**53 - 1})).json()
    assert (content["features"], content["next"]) == ([], None)


async def test_an_answer_is_not_sent_again_while_the_cut_is_the_same(api: Api) -> None:
    first = await api.client.get("/v1/segments")
    again = await api.client.get("/v1/segments", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    await api.town.work(streets(api.town.network)[0], EVENING_US)
    await api.town.turn(EVENING_US)
    after = await api.client.get("/v1/segments", headers={"if-none-match": first.headers["etag"]})
    assert after.status_code == 200
    assert after.headers["etag"] != first.headers["etag"]


async def test_a_box_has_the_segments_that_meet_it(api: Api) -> None:
    """Also those that begin outside."""
    network = api.town.network
    row = 100
    points = slice(int(network.shape_offsets[row]), int(network.shape_offsets[row + 1]))
    lon, lat = int(network.shape_lon_e7[points][-1]) / 1e7, int(network.shape_lat_e7[points][-1]) / 1e7
    box = f"{lon - 1e-6},{lat - 1e-6},{lon + 1e-6},{lat + 1e-6}"
    content = (await api.client.get("/v1/segments", params={"bbox": box})).json()
    found = {feature["id"] for feature in content["features"]}
    assert int(network.segment_id[row]) in found
    assert len(found) < 10
    away = (await api.client.get("/v1/segments", params={"bbox": "-10,-10,-9,-9"})).json()
    assert (away["features"], away["next"]) == ([], None)


@pytest.mark.parametrize(
    "box",
    ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "nan,nan,nan,nan", "136,36,inf,37", "137,36,136,37", "136,37,137,36",
     "136,36,137,91", "-181,0,0,1", "136.6 36.5 136.7 36.6"],
)  # fmt: skip
async def test_a_box_that_is_none_is_refused(api: Api, box: str) -> None:
    assert_problem(await api.client.get("/v1/segments", params={"bbox": box}), 400, "bbox: expected west,south,east")


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"limit": "0"}, "query.limit"),
        ({"limit": "10001"}, "query.limit"),
        ({"limit": "many"}, "query.limit"),
        ({"after": "-1"}, "query.after"),
        ({"after": str(10**30)}, "query.after"),
    ],
)
async def test_a_wrong_parameter_is_named(api: Api, parameters: dict[str, str], said: str) -> None:
    assert_problem(await api.client.get("/v1/segments", params=parameters), 422, said)


async def test_a_segment_tells_each_direction(api: Api) -> None:
    network = api.town.network
    carriageway = (network.road_class == RoadClass.MAIN) & (network.kind == Kind.CARRIAGEWAY)
    wide = int(network.segment_id[carriageway][0])
    await api.town.work(wide, EVENING_US, share=0.5)
    await api.town.turn(EVENING_US)
    await api.live.reload()
    content = (await api.client.get(f"/v1/segments/{wide}")).json()
    (one,) = content["directions"]
    length_mm = int(network.length_mm[network.rows_of([wide])[0]])
    assert (one["direction"], one["passes"], one["evidence"]) == (1, 1, "blade")
    assert one["last_at"] == utc_text(EVENING_US)
    assert one["done_at"] is None
    assert (one["as_of"], one["confidence"], one["spreads"], one["spread_at"]) == (None, 95, 0, None)
    assert one["intervals_m"] == [[0.0, length_mm // 2 / 1000]]
    assert content["length_m"] == length_mm / 1000
    assert content["share"] <= 25


async def test_a_direction_that_is_not_known_is_told_without_a_label(api: Api) -> None:
    network = api.town.network
    carriageway = (network.road_class == RoadClass.MAIN) & (network.kind == Kind.CARRIAGEWAY)
    wide = int(network.segment_id[carriageway][0])
    await api.town.work(wide, EVENING_US)
    await api.town.connection.execute("update pass set direction = 0")
    await api.town.turn(EVENING_US)
    (one,) = (await api.client.get(f"/v1/segments/{wide}")).json()["directions"]
    assert (one["direction"], one["label"], one["share"]) == (0, None, 100)


async def test_spreading_alone_is_told_as_such(api: Api) -> None:
    street, _ = streets(api.town.network)
    await api.town.work(street, EVENING_US)
    await api.town.connection.execute("update pass set work = 1")
    await api.town.turn(EVENING_US)
    (one,) = (await api.client.get(f"/v1/segments/{street}")).json()["directions"]
    assert (one["spreads"], one["spread_at"]) == (1, utc_text(EVENING_US))
    assert (one["passes"], one["share"], one["last_at"], one["evidence"]) == (0, 0, None, None)


async def test_closures_that_hold_or_will_are_told_and_those_that_are_over_are_not(api: Api) -> None:
    street, _ = streets(api.town.network)
    now_us = wall_clock.now_us()
    for from_us, until_us in ((now_us - 2 * DAY_US, now_us - DAY_US), (now_us - DAY_US, None), (now_us + DAY_US, None)):
        closure = Closure(number=0, segments=(street,), from_us=from_us, until_us=until_us, reason="ice", by="Sato")
        await close_segments(api.town.connection, closure)
    content = (await api.client.get(f"/v1/segments/{street}")).json()
    begins = [utc_text(at_us) for at_us in (now_us - DAY_US, now_us + DAY_US)]
    assert content["closures"] == [{"from": begin, "until": None, "reason": "ice"} for begin in begins]


async def test_an_untouched_segment_has_no_directions(api: Api) -> None:
    content = (await api.client.get(f"/v1/segments/{streets(api.town.network)[0]}")).json()
    assert (content["label"], content["directions"], content["at"], content["closures"]) == ("never", [], None, [])


@pytest.mark.parametrize(
    ("segment", "status", "said"),
    [
        ("999999", 404, "there is no segment 999999"),
        (str(2**53 - 1), 404, "there is no segment"),
        ("0", 422, "path.segment_id"),
        ("-5", 422, "path.segment_id"),
        (str(10**30), 422, "path.segment_id"),
        ("main-street", 422, "path.segment_id"),
    ],
)
async def test_a_segment_that_is_not_there(api: Api, segment: str, status: int, said: str) -> None:
    assert_problem(await api.client.get(f"/v1/segments/{segment}"), status, said)


async def test_the_network_says_what_it_is(api: Api) -> None:
    content = (await api.client.get("/v1/network")).json()
    network = api.town.network
    assert content["network_id"] == network.network_id
    assert content["segments"] == len(network)
    west, south, east, north = content["bbox"]
    assert west < east
    assert south < north
    assert content["attribution"]
