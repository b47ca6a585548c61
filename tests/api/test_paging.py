"""Lists in pages, against slices of the whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.api.paging import page
from tests.api.conftest import Api

pytestmark = pytest.mark.anyio
NAMES = st.text("ab/-", min_size=1, max_size=3)
KEYS = st.lists(st.tuples(st.sampled_from(["hakusan", "kanazawa"]), NAMES), unique=True).map(sorted)


@given(keys=KEYS, limit=st.integers(1, 4))
def test_pages_after_one_another_are_the_whole(keys: list[tuple[str, str]], limit: int) -> None:
    seen: list[tuple[str, str]] = []
    after: str | None = ""
    while after is not None:
        shown, after = page(keys, lambda one: one, after, limit)
        assert len(shown) <= limit
        seen += shown
    assert seen == keys


async def test_devices_and_sensors_come_in_pages(api: Api) -> None:
    for statement in (
        "insert into device (agency, name) select 'kanazawa', 'p' || each from generate_series(1, 4) as each",
        "insert into depth_sensor (agency, sensor, heard_at)"
        " select 'kanazawa', 's' || each, now() from generate_series(1, 4) as each",
    ):
        await api.town.connection.execute(statement.encode())
    for path, kind in (("/v1/devices", "devices"), ("/v1/snow", "sensors")):
        whole = (await api.client.get(path)).json()
        first = (await api.client.get(path, params={"limit": 3})).json()
        rest = (await api.client.get(path, params={"after": first["next"]})).json()
        assert len(first[kind]) == 3
        assert first[kind] + rest[kind] == whole[kind]
        assert whole["next"] is None
        assert rest["next"] is None
