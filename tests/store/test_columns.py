"""Columns from the database: each value as it was put in, whatever its type; what is not there stays that."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snowtrack.model.columns import ABSENT_32
from snowtrack.model.ids import DeviceId
from snowtrack.model.passes import PassBatch
from snowtrack.store.database import connect
from snowtrack.store.devices import device_number
from snowtrack.store.passes import add_passes, read_segment_passes
from tests.store.databases import clear

pytestmark = pytest.mark.anyio
INSTANTS = st.integers(0, 4_000_000_000_000_000)


@st.composite
def passes(draw: st.DrawFn) -> tuple[int, ...]:
    start_mm, span = draw(st.integers(0, 2**31 - 2)), sorted([draw(INSTANTS), draw(INSTANTS)])
    return (
        0,
        draw(st.sampled_from([1, 2**53 - 1])),
        draw(st.sampled_from([-1, 0, 1])),
        start_mm,
        draw(st.integers(start_mm + 1, 2**31 - 1)),
        *span,
        draw(st.integers(0, 1)),
        draw(st.integers(0, 2)),
        draw(st.integers(0, 1000)),
        draw(st.just(ABSENT_32) | st.integers(0, 2**31 - 1)),
    )


@given(st.lists(passes(), max_size=5))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_passes_come_back_as_they_were(database: str, rows: list[tuple[int, ...]]) -> None:
    clear(database)
    async with connect(database, name="test") as connection:
        device = await device_number(connection, DeviceId("kanazawa", "d1"))
        own = [(device, *row[1:]) for row in rows]
        await add_passes(connection, PassBatch.from_rows(own))
        found = await read_segment_passes(connection, [1, 2**53 - 1], 0)
    assert sorted(found.rows()) == sorted(own)
    assert {name: column.dtype for name, column in columns(found).items()} == dict(PassBatch.dtypes())
    assert all(column.flags.writeable for column in columns(found).values())


def columns(batch: PassBatch) -> dict[str, Any]:
    return {name: getattr(batch, name) for name in batch.dtypes()}
