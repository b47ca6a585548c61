"""The snow watch and its sensors."""

from collections.abc import AsyncIterator

import pytest

from snowtrack.network.arrays import Network
from snowtrack.store.database import connect
from tests.snow.watches import Snow


@pytest.fixture
async def snow(clean_database: str, network: Network) -> AsyncIterator[Snow]:
    async with connect(clean_database, name="test") as connection:
        one = Snow(connection, network, clean_database)
        await one.register()
        yield one
