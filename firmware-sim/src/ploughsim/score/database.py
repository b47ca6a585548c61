"""What the engine stored of a night, read from its database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import polars as pl
import psycopg
from psycopg.conninfo import make_conninfo

from ploughsim.errors import ScoreError

# Numbers that follow each other become one range: a night is millions of fixes and few gaps.
_STORED = """
    select device.agency, device.name, f.boot, lower(f.span)::bigint, upper(f.span)::bigint
    from (
        select device, boot, unnest(range_agg(int8range(seq, seq, '[]'))) as span
        from (select device, boot, seq from fix union all select device, boot, seq from fix_undated) every
        where device = any(%(devices)s) and seq > 0
        group by device, boot
    ) f join device using (device)
"""
_PASSES = """
    select agency, name, segment_id, direction, from_mm, to_mm,
           (extract(epoch from started_at) * 1000000)::bigint, (extract(epoch from ended_at) * 1000000)::bigint
    from pass join device using (device)
    where device = any(%(devices)s) and work = 0 and ended_at >= %(from)s and started_at <= %(until)s
"""
_WORKING = """
    select agency, name,
           (extract(epoch from started_at) * 1000000)::bigint, (extract(epoch from ended_at) * 1000000)::bigint
    from activity join device using (device)
    where device = any(%(devices)s) and activity = 3 and ended_at >= %(from)s and started_at <= %(until)s
"""
# Of fixes that came within a minute: what was sent late says nothing of how fast the engine is.
_LATENCY = """
    select count(*), percentile_cont(0.5) within group (order by late_s),
           percentile_cont(0.99) within group (order by late_s)
    from (
        select extract(epoch from received_at - device_time)::double precision as late_s
        from fix where device = any(%(devices)s) and device_time between %(from)s and %(until)s
    ) fixes where late_s between 0 and 60
"""


class Database:
    """The devices of a night in one database."""

    def __init__(self, url: str, names: Sequence[tuple[str, str]], night: tuple[datetime, datetime]) -> None:
        try:
            address = make_conninfo(url, connect_timeout=10)
        except psycopg.ProgrammingError:
            # Its words repeat the address, which may hold a password.
            raise ScoreError("--database must read postgresql://[user[:password]@]host[:port]/name") from None
        try:
            self._connection = psycopg.connect(address)
            found = self._connection.execute("select device, agency, name from device").fetchall()
        except psycopg.Error as error:
            raise ScoreError(f"--database: {str(error).strip().splitlines()[0]}") from error
        wanted = set(names)
        devices = [device for device, *name in found if tuple(name) in wanted]
        self._of_night = {"devices": devices, "from": night[0], "until": night[1]}
        if not devices:
            raise ScoreError("--database: knows none of the devices of this night")

    def stored(self) -> pl.DataFrame:
        """Ranges of numbers of the fixes that are there, by device and boot; `stop` is not among them."""
        columns = {"agency": pl.String, "device": pl.String, "boot": pl.Int64, "start": pl.Int64, "stop": pl.Int64}
        return self._table(_STORED, columns)

    def passes(self) -> pl.DataFrame:
        """The passes of the night in which was ploughed, in microseconds and millimetres."""
        numbers = ("segment_id", "direction", "from_mm", "to_mm", "started_us", "ended_us")
        return self._table(_PASSES, {"agency": pl.String, "device": pl.String} | dict.fromkeys(numbers, pl.Int64))

    def working(self) -> pl.DataFrame:
        """When machines worked."""
        numbers = ("started_us", "ended_us")
        return self._table(_WORKING, {"agency": pl.String, "device": pl.String} | dict.fromkeys(numbers, pl.Int64))

    def latency(self) -> tuple[int, float | None, float | None]:
        """Fixes, and by how much they came after what their clocks say: the median and the 99th percentile."""
        count, median_s, most_s = self._rows(_LATENCY)[0]
        return count, median_s, most_s

    def close(self) -> None:
        self._connection.close()

    def _table(self, query: str, columns: dict[str, Any]) -> pl.DataFrame:
        return pl.DataFrame(self._rows(query), schema=columns, orient="row")

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(query.encode(), self._of_night).fetchall()
        except psycopg.Error as error:
            raise ScoreError(f"--database: {str(error).strip().splitlines()[0]}") from error
