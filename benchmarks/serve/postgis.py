"""Debian's PostgreSQL with PostGIS, in a temporary folder, with the segments as a peer would have them."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import numpy as np
import psycopg
import shapely
from psycopg import sql

from benchmarks.serve.started import started
from snowtrack.clearance.view import Views
from snowtrack.model.calendar import MINUTE_US
from snowtrack.model.columns import ABSENT_8, Bools, present
from snowtrack.model.states import LABELS
from snowtrack.model.work import Evidence
from snowtrack.network.arrays import Kind, Network
from snowtrack.store.embedded.account import server_account
from snowtrack.store.embedded.processes import FAST, launch
from snowtrack.store.embedded.server import READY

PACKAGES = ("postgresql-15", "postgresql-15-postgis-3")
PROGRAMS = Path("/usr/lib/postgresql/15/bin")
INITDB_S_MAX = 120.0
# Memory for all of it; nothing is lost that anybody needs; and machine code is not made for queries of milliseconds.
OPTIONS = ("listen_addresses=", "shared_buffers=512MB", "work_mem=64MB", "fsync=off", "jit=off", "max_connections=30")
SRIDS = (4326, 3857)
"""Degrees, and the plane of the tiles, which saves the peer turning one into the other."""
TABLES = ("segments", "roads")
"""All, and all but footways, which our tiles leave out at zoom 12."""
MAKE = """
create table {} (
    id bigint primary key, label text, share smallint, evidence text, confidence smallint, age integer,
    footway boolean, geom geometry(LineString, 4326)
)
"""
COPY = "copy {} (id, label, share, evidence, confidence, age, footway, geom) from stdin"
DERIVE = """
create table {} as
select id, label, share, evidence, confidence, age, st_transform(geom, {})::geometry(LineString, {}) as geom
from {} where {}
"""


def install() -> bool:
    """Whether it is there now."""
    return install_packages(*PACKAGES)


def install_packages(*names: str) -> bool:
    """By the project's own script, which starts no daemons."""
    script = Path(__file__).parents[2] / ".ci/install-debian-packages"
    return subprocess.run([script, *names], check=False).returncode == 0  # noqa: S603 - ours


@contextmanager
def running_postgis() -> Iterator[str]:
    """The address of an empty database with PostGIS in it. It is gone at the end."""
    account = server_account("nobody")
    with TemporaryDirectory() as there:
        os.chown(there, account.uid, account.gid)
        data = f"{there}/data"
        initdb = [str(PROGRAMS / "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"]
        making = launch(initdb, account, signal.SIGKILL, 0)
        said, _ = making.communicate(timeout=INITDB_S_MAX)
        if making.returncode:
            raise RuntimeError(f"initdb: {said.decode(errors='replace')[-500:]}")
        options = [part for option in (*OPTIONS, f"unix_socket_directories={there}") for part in ("-c", option)]
        server = launch([str(PROGRAMS / "postgres"), "-D", data, *options], account, FAST, 0)
        with started(server, Path(there) / "postgis.log", READY, end=FAST):
            url = f"postgresql://postgres@{quote(there, safe='')}/postgres"
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("create extension postgis")
            yield url


def load_segments(url: str, network: Network, views: Views, now_us: int) -> None:
    """One table for each of what is shown and how it is kept, each with its index, in one row all that is told."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL(MAKE).format(sql.Identifier("all_segments")))
        with connection.cursor().copy(sql.SQL(COPY).format(sql.Identifier("all_segments"))) as copy:
            for row in zip(*_columns(network, views, now_us), strict=True):
                copy.write_row(row)
        for srid in SRIDS:
            for table in TABLES:
                _derive(connection, f"{table}_{srid}", srid, "not footway" if table == "roads" else "true")
        connection.execute("drop table all_segments")


def table_of(zoom: int, srid: int) -> str:
    return f"{TABLES[0] if zoom > 12 else TABLES[1]}_{srid}"


def _derive(connection: psycopg.Connection, name: str, srid: int, which: str) -> None:
    table, number = sql.Identifier(name), sql.Literal(srid)
    connection.execute(sql.SQL(DERIVE).format(table, number, number, sql.Identifier("all_segments"), sql.SQL(which)))
    connection.execute(sql.SQL("alter table {} add primary key (id)").format(table))
    connection.execute(sql.SQL("create index on {} using gist (geom)").format(table))
    connection.execute(sql.SQL("vacuum analyze {}").format(table))


def _columns(network: Network, views: Views, now_us: int) -> list[list[object]]:
    """As our tiles tell them; ages in whole minutes, where ours are told in bands."""
    known, worked = views.evidence != ABSENT_8, present(views.at_us)
    evidences = np.array([one.name.lower() for one in Evidence], object)
    return [
        network.segment_id.tolist(),
        np.array([str(label) for label in LABELS], object)[views.label].tolist(),
        views.share.tolist(),
        _where(known, evidences[np.where(known, views.evidence, 0)]),
        _where(known, views.confidence),
        _where(worked, np.where(worked, now_us - views.at_us, 0) // MINUTE_US),
        (network.kind == Kind.FOOTWAY).tolist(),
        _lines(network),
    ]


def _where(there: Bools, values: np.ndarray[tuple[int], np.dtype[np.generic]]) -> list[object]:
    """Nothing where there is nothing."""
    return [value if is_there else None for is_there, value in zip(there.tolist(), values.tolist(), strict=True)]


def _lines(network: Network) -> list[object]:
    """As PostGIS reads them."""
    points = np.column_stack((network.shape_lon_e7, network.shape_lat_e7)) / 1e7
    own = np.repeat(np.arange(len(network)), np.diff(network.shape_offsets))
    lines = shapely.set_srid(shapely.linestrings(points, indices=own), SRIDS[0])
    found: list[object] = shapely.to_wkb(lines, hex=True, include_srid=True).tolist()
    return found
