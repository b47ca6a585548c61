"""Columns as arrays of a statement: what the database reads is what was given."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import AsyncConnection

from snowtrack.model.columns import ABSENT_64
from snowtrack.store.arrays import numbers, times
from snowtrack.store.instants import to_us_or_none

pytestmark = pytest.mark.anyio
INSTANTS = st.none() | st.integers(0, 4_000_000_000_000_000)


@given(st.lists(st.integers(-(2**63), 2**63 - 1)), st.lists(INSTANTS))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_arrays_are_read_as_they_were_given(
    connection: AsyncConnection, given_: list[int], given_us: list[int | None]
) -> None:
    sent = numbers(given_), times([ABSENT_64 if us is None else us for us in given_us])
    read = await (await connection.execute("select %s::bigint[], %s::timestamptz[]", sent)).fetchone()
    assert read is not None
    assert (read[0], [to_us_or_none(at) for at in read[1]]) == (given_, given_us)
