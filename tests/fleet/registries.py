"""Registries in which everything is right, as hypothesis draws them: rows as the database has them."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from string import ascii_letters, digits
from typing import Any

from hypothesis import strategies as st

from snowtrack.fleet.proposal import Registry, registry_of
from snowtrack.fleet.sheets import Sheet, read_sheet, write_sheet
from snowtrack.fleet.tables import BY_NAME, TABLES
from snowtrack.model.machines import JAPANESE
from snowtrack.model.texts import plain
from snowtrack.store.fleet import Row, Tables
from snowtrack.store.instants import to_instant

NOW = datetime(2026, 12, 24, 3, 0, tzinfo=UTC)
IDS = st.text(ascii_letters + digits + "_-", min_size=1, max_size=8)
TEXTS = (
    st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp", "Cn"]), max_size=12)
    | st.text("=+-@'\",;、　 雪①", max_size=5)
).map(str.strip).filter(bool)  # fmt: skip
CODES = TEXTS.map(plain).filter(lambda text: 0 < len(text) <= 64 and "/" not in text)
PARTS = TEXTS.map(lambda text: "".join(sign for sign in text if sign not in ";；、").strip()).filter(bool)
# Some on the microsecond, some on the hours around each other.
INSTANTS = st.integers(1_577_836_800_000_000, 1_893_456_000_000_000).map(to_instant) | st.integers(0, 5_000).map(
    lambda hours: datetime(2026, 11, 1, tzinfo=UTC) + timedelta(hours=hours)
)
DAYS = st.dates(date(2020, 1, 1), date(2030, 1, 1))
KINDS = st.sampled_from([kind.word for kind in JAPANESE])


def empty() -> Registry:
    return registry_of({table.name: [] for table in TABLES})


def sheet_of(name: str, text: str, encoding: str = "utf-8") -> Sheet:
    """A file of this text."""
    return read_sheet(f"{name}.csv", BY_NAME[name], text.encode(encoding))


def written(registry: Registry, *, private: bool = True) -> list[Sheet]:
    """All tables as files, read again."""
    return [
        read_sheet(table.file, table, write_sheet(table, registry[table.name].values(), private=private))
        for table in TABLES
    ]


@st.composite
def registries(draw: st.DrawFn) -> Registry:
    """A few rows in each table."""
    agencies = draw(agency_rows())
    owners = st.sampled_from([row["agency"] for row in agencies])
    tables: Tables = {"agencies": agencies}
    tables["contractors"] = draw(rows("contractors", owners, contractor=CODES, name=TEXTS))
    tables["machines"] = draw(machine_rows(owners, tables["contractors"]))
    tables["devices"] = draw(mounting_rows(tables["machines"]))
    tables["operators"] = draw(
        rows("operators", owners, operator=CODES, valid_from=DAYS, valid_to=st.none(), name=TEXTS)
    )
    # One row for each operator, so that none is valid twice at once.
    tables["operators"] = list({(row["agency"], row["operator"]): row for row in tables["operators"]}.values())
    for row in tables["operators"]:
        row["contractor"] = draw(of_agency(tables["contractors"], row, "contractor"))
    places = {"lat_e7": st.integers(200_000_000, 460_000_000), "lon_e7": st.integers(1_220_000_000, 1_540_000_000)}
    heights = st.none() | st.integers(-100, 4_000)
    tables["sensors"] = draw(rows("sensors", owners, sensor=IDS, name=TEXTS, **places, elevation_m=heights))
    tables["alerts"] = draw(alert_rows(owners, tables["sensors"]))
    tables["routes"] = draw(
        rows("routes", owners, route=CODES, name=TEXTS, district=st.none() | TEXTS, priority=st.integers(0, 9),
             due_min=st.none() | st.integers(1, 10_080))
    )  # fmt: skip
    for row in tables["routes"]:
        row["contractor"] = draw(of_agency(tables["contractors"], row, "contractor"))
        row["machine"] = draw(of_agency(tables["machines"], row, "machine"))
    tables["route_segments"] = [
        {"agency": row["agency"], "route": row["route"], "position": position, "segment_id": segment, "direction": way}
        for row in tables["routes"]
        for position, segment, way in draw(SEGMENTS)
    ]
    tables["orders"] = draw(order_rows(tables["machines"], tables["routes"]))
    return registry_of(tables)


SEGMENTS = st.lists(
    st.tuples(st.integers(1, 1_000_000), st.integers(0, 2**63 - 1), st.sampled_from([-1, 0, 1])),
    max_size=3,
    unique_by=lambda one: one[0],
)


@st.composite
def agency_rows(draw: st.DrawFn) -> list[Row]:
    """Each with districts of its own."""
    ids = draw(st.lists(IDS, min_size=1, max_size=3, unique=True))
    pool = iter(draw(st.lists(PARTS, min_size=6, max_size=6, unique=True)))
    return [
        {
            "agency": id_,
            "name": draw(TEXTS),
            "manages": draw(st.sampled_from(["nation", "prefecture", "municipality", "others", "nothing"])),
            "districts": tuple(next(pool) for _ in range(draw(st.integers(1, 2)))),
            "shares_passes": draw(st.booleans()),
            "shares_states": draw(st.booleans()),
        }
        for id_ in ids
    ]


@st.composite
def rows(
    draw: st.DrawFn, /, table: str, owners: st.SearchStrategy[Any], **columns: st.SearchStrategy[Any]
) -> list[Row]:
    """Up to three rows with different keys."""
    some = draw(st.lists(st.fixed_dictionaries({"agency": owners, **columns}), max_size=3))
    described = BY_NAME[table]
    return list({tuple(row[column.key] for column in described.key_columns): row for row in some}.values())


def of_agency(among: Iterable[Row], row: Row, key: str) -> st.SearchStrategy[Any]:
    """One of its agency's, or none."""
    return st.sampled_from([None, *(one[key] for one in among if one["agency"] == row["agency"])])


@st.composite
def machine_rows(draw: st.DrawFn, owners: st.SearchStrategy[Any], contractors: list[Row]) -> list[Row]:
    maybe = st.none() | TEXTS
    found = draw(
        rows("machines", owners, machine=CODES, kind=KINDS, **{"class": maybe}, plate=maybe, footways=st.booleans(),
             blade_mm=st.none() | st.integers(0, 10_000), owner=st.sampled_from(["lent", "own", None]))
    )  # fmt: skip
    for row in found:
        row["contractor"] = draw(of_agency(contractors, row, "contractor"))
    return found


@st.composite
def mounting_rows(draw: st.DrawFn, machines: list[Row]) -> list[Row]:
    """In each of some spans of time devices are dealt out anew, each machine of their agency having one at most."""
    cuts: list[Any] = sorted(draw(st.lists(INSTANTS, min_size=2, max_size=4, unique=True)))
    if draw(st.booleans()):
        cuts[-1] = None
    found: list[Row] = []
    for agency in sorted({str(row["agency"]) for row in machines}):
        own = [row["machine"] for row in machines if row["agency"] == agency]
        devices = draw(st.lists(IDS, max_size=3, unique=True))
        for start, end in pairwise(cuts):
            dealt = zip(devices, draw(st.permutations([*own, *[None] * len(devices)])), strict=False)
            found += [
                {"agency": agency, "device": device, "valid_from": start, "valid_to": end, "machine": machine}
                for device, machine in dealt
                if machine is not None
            ]
    return found


@st.composite
def alert_rows(draw: st.DrawFn, owners: st.SearchStrategy[Any], sensors: list[Row]) -> list[Row]:
    mails = st.lists(
        st.from_regex(r"[a-z+='](\.?[a-z+=']){0,4}@[a-z]{1,5}\.jp", fullmatch=True), max_size=2, unique=True
    ).map(tuple)
    hours = st.none() | st.tuples(st.times(), st.times())
    urls = st.sampled_from([None, "https://example.jp/hook?x=1,2;3", "http://127.0.0.1:8080/hook"])
    found = draw(
        rows("alerts", owners, rule=CODES, measure=st.sampled_from(["depth", "new_1h", "new_24h"]),
             threshold_mm=st.integers(1, 10_000), mail=mails, webhook=urls)
    )  # fmt: skip
    row: Any
    for row in found:
        quiet: tuple[time, time] | None = draw(hours)
        row["clear_mm"] = draw(st.integers(0, row["threshold_mm"]))
        row["quiet_from"], row["quiet_to"] = quiet or (None, None)
        row["sensor"] = draw(of_agency(sensors, row, "sensor"))
    return found


@st.composite
def order_rows(draw: st.DrawFn, machines: list[Row], routes: list[Row]) -> list[Row]:
    found: list[Row] = []
    for number, machine in enumerate(machines):
        issued = draw(INSTANTS)
        waited = draw(st.none() | st.timedeltas(timedelta(0), timedelta(hours=5)))
        found.append(
            {
                "agency": machine["agency"],
                "number": f"{number:04d}",
                "machine": machine["machine"],
                "route": draw(of_agency(routes, machine, "route")),
                "issued_at": issued,
                "issued_by": draw(st.none() | TEXTS),
                "acknowledged_at": None if waited is None else issued + waited,
            }
        )
    return found
