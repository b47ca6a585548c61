"""`/v1/state/{network}.bin`."""

from gzip import decompress

import pytest

from snowtrack.model.calendar import SECOND_US, utc_text
from tests.api.conftest import Api
from tests.api.problems import assert_problem
from tests.services.town import EVENING_US, streets
from tests.tiles.test_state_array import read_array

pytestmark = pytest.mark.anyio


def path(api: Api) -> str:
    return f"/v1/state/{api.town.network.network_id}.bin"


async def test_before_the_first_cut_nothing_was_worked(api: Api) -> None:
    head, told = read_array((await api.client.get(path(api))).content)
    assert head["at"] is None
    assert told == [("never", None, None)] * len(api.town.network)


async def test_it_says_what_the_segments_of_the_cut_say(api: Api) -> None:
    street, other = streets(api.town.network)
    await api.town.work(street, EVENING_US - 61 * 60 * SECOND_US)
    await api.town.turn(EVENING_US)
    await api.town.work(other, EVENING_US + SECOND_US)
    await api.town.turn(EVENING_US + 2 * SECOND_US)
    answer = await api.client.get(path(api))
    assert answer.headers["content-type"] == "application/vnd.snowtrack.state"
    head, told = read_array(answer.content)
    public = (await api.client.get("/v1/segments", params={"after": street - 1, "limit": 1})).json()
    ((label, age, confidence),) = (told[row] for row in api.town.network.rows_of([street]).tolist())
    assert (label, age) == (public["features"][0]["properties"]["label"], 60)
    assert confidence is not None
    assert told[int(api.town.network.rows_of([other])[0])] == ("never", None, None)
    assert (head["at"], head["network"]) == (utc_text(EVENING_US), api.town.network.network_id)


async def test_it_is_sent_compressed_to_who_takes_that_and_once(api: Api) -> None:
    plain = await api.client.get(path(api), headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    async with api.client.stream("GET", path(api), headers={"accept-encoding": "br, gzip"}) as packed:
        assert packed.headers["content-encoding"] == "gzip"
        sent = b"".join([part async for part in packed.aiter_raw()])
    assert decompress(sent) == plain.content
    assert plain.headers["vary"] == packed.headers["vary"] == "accept-encoding"
    again = await api.client.get(path(api), headers={"if-none-match": plain.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    await api.town.work(streets(api.town.network)[0], EVENING_US)
    await api.town.turn(EVENING_US)
    after = await api.client.get(path(api), headers={"if-none-match": plain.headers["etag"]})
    assert after.status_code == 200
    assert after.content != plain.content


async def test_there_is_none_of_another_network(api: Api) -> None:
    assert_problem(await api.client.get("/v1/state/0123456789abcdef.bin"), 404)
