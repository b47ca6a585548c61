"""What a change of the registry comes to: rows, and the stretches of devices that it reaches back to."""

from datetime import datetime
from itertools import pairwise
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from snowtrack.fleet.changes import (
    Stretch,
    changes_of,
    computed_differently,
    credited_differently,
    managed_differently,
    told,
)
from snowtrack.fleet.proposal import Registry, propose, registry_of
from snowtrack.model.fleet import FOREVER_US
from snowtrack.model.ids import DeviceId
from snowtrack.store.fleet import Row
from snowtrack.store.instants import to_instant, to_us
from tests.fleet.registries import INSTANTS, NOW, empty, mounting_rows, registries, sheet_of

NOW_US = to_us(NOW)
MACHINES = "agency,machine,kind,class,blade_m,plate\n"
KINDS = st.sampled_from(["grader", "small"])


@st.composite
def two_registries(draw: st.DrawFn) -> tuple[Registry, Registry]:
    """The same agencies and machines, but of other kinds, with other devices on them, shared otherwise."""
    machines: list[Row] = [{"agency": agency, "machine": str(number)} for agency in "ab" for number in range(3)]
    sides = []
    for _ in range(2):
        agencies: list[Row] = [
            {"agency": agency, "name": "", "manages": "nothing", "districts": (), "shares_states": False,
             "shares_passes": draw(st.booleans())}
            for agency in "ab"
        ]  # fmt: skip
        kinds: list[Row] = [{**row, "kind": draw(KINDS), "footways": draw(st.booleans())} for row in machines]
        tables = {name: list(rows.values()) for name, rows in empty().items()}
        tables |= {
            "agencies": agencies,
            "machines": kinds,
            "devices": draw(mounting_rows(kinds).flatmap(st.permutations)),
        }
        sides.append(registry_of(tables))
    return sides[0], sides[1]


def looked_up(registry: Registry, device: DeviceId, at: datetime) -> tuple[Any, Any] | None:
    """One row after the other: what matters for passes, and what matters for credit."""
    rows: Any = registry["devices"].values()
    for row in rows:
        mine = (row["agency"], row["device"]) == (device.agency, device.device)
        if mine and row["valid_from"] <= at and (row["valid_to"] is None or at < row["valid_to"]):
            machine = registry["machines"][row["agency"], row["machine"]]
            agency = registry["agencies"][(row["agency"],)]
            return (machine["kind"], machine["footways"]), (row["agency"], agency["shares_passes"])
    return None


def instants(one: Registry, other: Registry) -> list[datetime]:
    """Where something changes, and just before."""
    rows: Any = [*one["devices"].values(), *other["devices"].values()]
    cuts = {cut for row in rows for cut in (row["valid_from"], row["valid_to"]) if cut is not None}
    return sorted({to_instant(to_us(cut) + by) for cut in cuts for by in (-1, 0, 1)} | {NOW})


def covers(stretches: list[Stretch], device: DeviceId, at: datetime) -> bool:
    return any(one == device and from_us <= to_us(at) < to for one, from_us, to in stretches)


@given(two_registries(), INSTANTS)
def test_just_the_instants_with_another_kind_are_computed_again(sides: tuple[Registry, Registry], at: datetime) -> None:
    before, after = sides
    stretches = computed_differently(before, after, NOW_US)
    for device in {DeviceId(*key[:2]) for side in sides for key in side["devices"]}:  # type: ignore[arg-type]
        for instant in [at, *instants(before, after)]:
            one, other = looked_up(before, device, instant), looked_up(after, device, instant)
            differs = (one and one[0]) != (other and other[0])
            assert covers(stretches, device, instant) == (differs and instant < NOW)


@given(two_registries(), INSTANTS)
def test_just_the_instants_with_another_credit_are_looked_at_again(
    sides: tuple[Registry, Registry], at: datetime
) -> None:
    before, after = sides
    stretches = credited_differently(before, after)
    for device in {DeviceId(*key[:2]) for side in sides for key in side["devices"]}:  # type: ignore[arg-type]
        for instant in [at, *instants(before, after)]:
            one, other = looked_up(before, device, instant), looked_up(after, device, instant)
            assert covers(stretches, device, instant) == ((one and one[1]) != (other and other[1]))


@given(two_registries())
def test_stretches_of_a_device_are_apart_and_not_empty(sides: tuple[Registry, Registry]) -> None:
    for stretches in (computed_differently(*sides, NOW_US), credited_differently(*sides)):
        for (one, _, to), (other, next_us, _) in pairwise(stretches):
            assert one < other or to < next_us
        assert all(from_us < to <= FOREVER_US for _, from_us, to in stretches)


@given(registries())
def test_the_same_registry_sets_nothing_off(registry: Registry) -> None:
    assert computed_differently(registry, registry, NOW_US) == []
    assert credited_differently(registry, registry) == []
    assert not managed_differently(registry, registry)


@given(registries(), st.sampled_from(["manages", "districts", "shares_passes", "shares_states", "name"]), st.data())
def test_what_an_agency_manages_and_shares_is_noticed_and_its_name_is_not(
    registry: Registry, key: str, data: st.DataObject
) -> None:
    changed = {table: {key: dict(row) for key, row in rows.items()} for table, rows in registry.items()}
    row = data.draw(st.sampled_from(list(changed["agencies"].values())))
    other: dict[str, Any] = {"manages": "nothing", "districts": ("another",), "name": "another"}
    row[key] = other.get(key, not row[key])
    assume(changed != registry)
    assert managed_differently(registry, changed) == (key in {"manages", "districts", "shares_passes"})


def test_each_change_is_told_in_one_line() -> None:
    before = propose(empty(), [sheet_of("machines", f"{MACHINES}ken,KG-1,grader,13t,3.7,\nken,KG-2,dozer,,,\n")]).after
    text = f"{MACHINES}ken,KG-1,除雪ドーザ,14t,３．７,\nken,KG-2,dozer,,,123\nken,KG-3,small,,,\n"
    (change,) = changes_of(propose(before, [sheet_of("machines", text)]))
    assert list(told(change)) == [
        "machines ken/KG-1: kind 除雪グレーダ → 除雪ドーザ, class 13t → 14t",
        "machines ken/KG-2: plate nothing → 123",
    ]
    assert (len(change.added), len(change.changed), change.same) == (1, 2, 0)
    assert [row["machine"] for row in change.saved] == ["KG-3", "KG-1", "KG-2"]


def test_what_is_private_is_not_told() -> None:
    header = "agency,rule,measure,threshold_cm,clear_cm,mail\n"
    before = propose(empty(), [sheet_of("alerts", f"{header}ken,1,depth,10,8,a@example.jp\n")]).after
    (change,) = changes_of(propose(before, [sheet_of("alerts", f"{header}ken,1,depth,10,8,b@example.jp\n")]))
    assert list(told(change)) == ["alerts ken/1: mail is another"]
