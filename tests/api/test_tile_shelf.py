"""Tiles that are kept: made once, the newest alone, in bounded memory."""

import asyncio

import pytest

from snowtrack.api.state import LiveState
from snowtrack.api.tile_shelf import TILE_BYTES, TileShelf, Version
from snowtrack.clearance.public_cut import PublicCut
from snowtrack.live.bus import News
from snowtrack.store.states import save_public_cut
from snowtrack.tiles.window import TileKey
from tests.api.conftest import Api
from tests.api.test_tiles import tile_at
from tests.services.town import EVENING_US, streets

pytestmark = pytest.mark.anyio
A, B, C, D, E = (("roads", TileKey(8, 225, row)) for row in range(100, 105))
OLD, NEW = Version(b'"1"', 30), Version(b'"2"', 30)


class Maker:
    """Makes a tile, and counts how often."""

    def __init__(self, content: bytes = b"tile") -> None:
        self.content = content
        self.times = 0

    def __call__(self) -> bytes:
        self.times += 1
        return self.content


async def test_who_asks_at_the_same_time_gets_one_and_the_same() -> None:
    shelf, make = TileShelf(10**6), Maker()
    first, *others = await asyncio.gather(*(shelf.of(A, OLD, make) for _ in range(20)))
    assert make.times == 1
    assert all(one is first for one in others)
    assert await shelf.of(A, OLD, make) is first
    assert not shelf.making


async def test_an_older_tile_is_not_found_and_gives_its_place_to_the_newer_one() -> None:
    shelf = TileShelf(10**6)
    await shelf.of(A, OLD, Maker(b"old"))
    assert shelf.find(A, NEW) is None
    assert (await shelf.of(A, NEW, Maker(b"new"))).content == b"new"
    assert shelf.find(A, OLD) is None
    assert shelf.bytes == len(b"new") + TILE_BYTES


async def test_those_go_that_nobody_asked_for_the_longest() -> None:
    shelf = TileShelf(3 * (100 + TILE_BYTES))
    for name in (A, B, C):
        await shelf.of(name, OLD, Maker(b"x" * 100))
    assert shelf.find(A, OLD) is not None
    await shelf.of(D, OLD, Maker(b"x" * 100))
    assert [name for name in (A, B, C, D) if shelf.find(name, OLD)] == [A, C, D]
    await shelf.of(E, OLD, Maker(b"x" * 10**4))
    assert not shelf.tiles
    assert shelf.bytes == 0


async def test_a_tile_is_kept_once_however_its_address_is_spelt(api: Api) -> None:
    z, x, y = tile_at(api).removesuffix(".mvt").split("/")
    for spelt in (z, f"0{z}", f"00{z}", f"+{z}", f"{z}.0"):
        answer = await api.client.get(f"/tiles/roads/{spelt}/{x}/{y}.mvt")
        assert answer.status_code in (200, 404, 422)
    assert len(api.app.state.context.tile_desk.shelf.tiles) == 1


async def test_whoever_goes_away_takes_it_from_nobody() -> None:
    shelf, make = TileShelf(10**6), Maker()
    gone, staying = (asyncio.create_task(shelf.of(A, OLD, make)) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    assert (await staying).content == b"tile"
    assert make.times == 1


async def test_what_cannot_be_made_is_tried_again() -> None:
    shelf = TileShelf(10**6)

    def fail() -> bytes:
        raise OSError

    with pytest.raises(OSError):
        await shelf.of(A, OLD, fail)
    assert (await shelf.of(A, OLD, Maker())).content == b"tile"


async def test_it_is_packed_for_those_who_take_that_and_plain_for_others(api: Api) -> None:
    path = f"/tiles/roads/{tile_at(api)}"
    packed = await api.client.get(path, headers={"accept-encoding": "gzip"})
    plain = await api.client.get(path, headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) == len(plain.content)
    assert plain.headers["access-control-allow-origin"] == "*"


async def test_labels_are_answered_from_the_shelf_as_long_as_the_fold_says_that_there_is_nothing_newer(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    street, _ = streets(api.town.network)
    path = f"/tiles/clearance/{tile_at(api, street)}"
    cut = await api.live.public_cut()
    await api.live.on_news(News.FOLD, {"number": 0, "fault": None, "cut_us": cut.cut_us})
    first = await api.client.get(path)
    asked: list[LiveState] = []
    public_cut = LiveState.public_cut

    async def noted(live: LiveState) -> PublicCut:
        asked.append(live)
        return await public_cut(live)

    monkeypatch.setattr(LiveState, "public_cut", noted)
    again = await api.client.get(path)
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
    assert {"content-security-policy", "cache-control"} <= set(again.headers)
    same = await api.client.get(path, headers={"if-none-match": first.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    assert not asked
    await api.town.work(street, EVENING_US)
    await api.town.turn(EVENING_US)
    await api.live.on_news(News.FOLD, {"number": 1, "fault": None, "cut_us": EVENING_US})
    assert (await api.client.get(path)).headers["etag"] != first.headers["etag"]
    assert len(asked) == 1


async def test_a_cut_is_read_once_for_all_who_ask_meanwhile(api: Api) -> None:
    cut = await api.live.public_cut()
    before = api.live.cuts_read
    newer = type(cut)(cut_us=EVENING_US, views=cut.views)
    await save_public_cut(api.town.connection, api.town.network.network_id, newer)
    found = await asyncio.gather(*(api.live.public_cut() for _ in range(20)))
    assert {one.cut_us for one in found} == {EVENING_US}
    assert api.live.cuts_read == before + 1
