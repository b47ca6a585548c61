"""A city's sensors over a real database, and the watch that looks at them."""

from collections.abc import Sequence

from psycopg import AsyncConnection

from snowtrack.model.columns import ABSENT_16, ABSENT_32
from snowtrack.model.snow import DepthBatch, SensorId
from snowtrack.network.arrays import Network
from snowtrack.services.snow import SnowTurn, SnowWatch
from snowtrack.snow.series import STEP_US
from snowtrack.store.snow import keep_depths, read_snow_hours
from tests.store.databases import rows

# Ten in the morning in Japan, on a day of snow.
NOW = 1_768_352_400_000_000
S1, S2, S3 = (SensorId("kahoku", name) for name in ("s1", "s2", "s3"))
CRITERIA = {"kahoku": {"national": 100, "local": 200}}


class Snow:
    """The watch, and a way to say what is registered and what sensors read."""

    def __init__(self, connection: AsyncConnection, network: Network, url: str) -> None:
        self.connection, self.network, self.url = connection, network, url
        self.watch = SnowWatch(network)

    async def register(self) -> None:
        """Two sensors in the town, and one an hour's drive away."""
        west, south, east, north = self.network.bbox_e7
        lat, lon = (south + north) // 2, (west + east) // 2
        await self.connection.execute(
            "insert into agency (agency, name, manages) values ('kahoku', 'かほく市', 'municipality')"
        )
        for name, place in (("s1", (lat, lon - 100_000)), ("s2", (lat, lon + 100_000)), ("s3", (lat + 9_000_000, lon))):
            values = (name, f"観測所{name}", *place)
            await self.connection.execute(
                "insert into sensor (agency, sensor, name, lat_e7, lon_e7) values ('kahoku', %s, %s, %s, %s)", values
            )

    async def rule(
        self, rule: str = "r", measure: str = "depth", sensor: str | None = None, quiet: bool = False
    ) -> None:
        await self.connection.execute(
            "insert into alert_rule (agency, rule, sensor, measure, threshold_mm, clear_mm, quiet_from, quiet_to, mail,"
            " webhook) values ('kahoku', %s, %s, %s, 300, 250, %s, %s, '{a@b.c,d@e.f}', 'https://g.h/')",
            (rule, sensor, measure, *(("09:00", "12:00") if quiet else (None, None))),
        )

    async def read(self, sensor: SensorId, depths: Sequence[int | None], last_us: int = NOW) -> None:
        """Every ten minutes, the last one now."""
        first_us = last_us - (len(depths) - 1) * STEP_US
        told = [
            (first_us + at * STEP_US, depth, ABSENT_16, ABSENT_32)
            for at, depth in enumerate(depths)
            if depth is not None
        ]
        await keep_depths(self.connection, sensor, DepthBatch.from_rows(told), last_us)

    async def turn(self, now_us: int = NOW) -> SnowTurn:
        return await self.watch.turn(self.connection, now_us, CRITERIA)

    async def hours(self) -> list[int]:
        return await read_snow_hours(self.connection, 0)

    async def events(self) -> list[tuple[str, bool, int]]:
        return rows(self.url, "select sensor, raised, value_mm from alert_event order by alert_event")
