"""`/v1/summaries/{by}`."""

import csv
import io
from typing import Any

import pytest

from snowtrack import wall_clock
from snowtrack.clearance.groups import By
from snowtrack.live.bus import News
from snowtrack.model.calendar import HOUR_US, utc_text
from tests.api.conftest import Api
from tests.api.problems import assert_problem
from tests.keys import key_headers
from tests.services.town import EVENING_US, streets
from tests.store.test_routes import add_route

pytestmark = pytest.mark.anyio


async def summaries(api: Api, by: str, **asked: Any) -> dict[str, Any]:  # noqa: ANN401 - what a query may hold
    answer = await api.client.get(f"/v1/summaries/{by}", params=asked)
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    return content


async def test_before_the_first_cut_nothing_was_worked(api: Api) -> None:
    content = await summaries(api, "class")
    assert (content["by"], content["cut_at"], content["next"]) == ("class", None, None)
    assert {one["newest_at"] for one in content["summaries"]} == {None}
    network = api.town.network
    assert sum(one["km"] for one in content["summaries"]) == pytest.approx(network.length_mm.sum() / 1e6, abs=0.01)


async def test_kilometres_are_those_of_the_public_cut(api: Api) -> None:
    street, other = streets(api.town.network)
    await api.town.work(street, EVENING_US)
    await api.town.turn(EVENING_US)
    await api.town.work(other, EVENING_US + 1)
    await api.town.turn(EVENING_US + 2)
    content = await summaries(api, "class")
    (local,) = (one for one in content["summaries"] if one["id"] == "local")
    row = int(api.town.network.rows_of([street])[0])
    assert content["cut_at"] == utc_text(EVENING_US)
    assert local["km_by_label"]["done"] == round(int(api.town.network.length_mm[row]) / 1e6, 3)
    assert local["newest_at"] == local["done_since"] == utc_text(EVENING_US)


@pytest.mark.parametrize("by", By)
async def test_pages_follow_one_another(api: Api, by: By) -> None:
    whole = (await summaries(api, by, limit=1_000))["summaries"]
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        content = await summaries(api, by, after=after, limit=7)
        seen += [one["id"] for one in content["summaries"]]
        after = content["next"]
    assert seen == [one["id"] for one in whole]
    assert seen == sorted(seen)
    assert seen or by in (By.AREA, By.DISTRICT)


async def test_finer_cells_are_more(api: Api) -> None:
    counts = [len((await summaries(api, "cell", resolution=one, limit=1_000))["summaries"]) for one in (6, 7, 8)]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


async def test_a_route_that_is_registered_is_there_at_once(api: Api) -> None:
    street, _ = streets(api.town.network)
    before = await summaries(api, "area")
    add_route(api.town.settings.database.url, "r1", (street, 0))
    after = await summaries(api, "area")
    assert before["summaries"] == []
    assert [(one["name"], one["segments"]) for one in after["summaries"]] == [("第一工区", 1)]


@pytest.mark.parametrize("path", ["colour", "cell?resolution=4", "cell?resolution=11", "class?limit=0"])
async def test_what_cannot_be_asked(api: Api, path: str) -> None:
    assert_problem(await api.client.get(f"/v1/summaries/{path}"), 422)


async def test_summaries_are_a_table_too(api: Api) -> None:
    await api.town.work(streets(api.town.network)[0], EVENING_US)
    await api.town.turn(EVENING_US)
    told = (await api.client.get("/v1/summaries/class")).json()["summaries"]
    table = await api.client.get("/v1/summaries/class.csv")
    lines = list(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"))))
    assert [line["id"] for line in lines] == [one["id"] for one in told]
    for line, one in zip(lines, told, strict=True):
        assert float(line["km_by_label.done"]) == one["km_by_label"]["done"]
        assert line["newest_at"] == (one["newest_at"] or "")
    assert_problem(await api.client.get("/v1/summaries/nothing.csv"), 422)


async def test_this_moment_has_machines_and_snow(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    street, other = streets(api.town.network)
    now_us = EVENING_US + HOUR_US
    monkeypatch.setattr(wall_clock, "now_us", lambda: now_us)
    await api.town.work(street, EVENING_US)
    await api.town.snows(other, now_us, lambda hours: 100 + max(hours, 0) * 120)
    await api.town.turn(now_us)
    await api.live.reload()
    heads = [
        {"device": f"kanazawa/d{number}", "segment": segment, "working": works, "silent": silent}
        for number, (segment, works, silent) in enumerate(
            [
                (street, True, False),
                (other, True, False),
                (street, False, False),
                (street, True, True),
                (None, True, False),
            ]
        )
    ]
    await api.live.on_news(News.HEADS, {"machines": heads})
    content = await summaries(api, "class/now")
    (local,) = (one for one in content["summaries"] if one["id"] == "local")
    assert content["at"] == utc_text(now_us)
    assert local["machines_working"] == 2
    assert local["km_by_label"]["done"] + local["km_by_label"]["aged"] > 0
    assert 0 < local["new_1h_mm"] <= 120
    assert local["new_24h_mm"] is None  # the sensor has told for three hours
    key = key_headers(api.town.settings.database.url, agency="hakusan")
    others = (await api.client.get("/v1/summaries/class/now", headers=key)).json()["summaries"]
    assert [one["machines_working"] for one in others if one["id"] == "local"] in ([], [0])


async def test_pages_of_this_moment_follow_one_another(api: Api) -> None:
    whole = (await summaries(api, "cell/now", limit=1_000))["summaries"]
    first = await summaries(api, "cell/now", limit=3)
    second = await summaries(api, "cell/now", after=first["next"], limit=1_000)
    assert [*first["summaries"], *second["summaries"]] == whole
    assert second["next"] is None
