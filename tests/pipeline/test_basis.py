"""What results rest on: what differs is said in words, and what the registry knew of a device and when."""

from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.fleet import NO_FLEET, Fleet, Mountings
from snowtrack.model.machines import MachineKind
from snowtrack.passes.stage import WorkPolicy
from snowtrack.pipeline.basis import RESULTS_VERSION, Basis, Reason, known_as
from snowtrack.pipeline.engine import Engine, EnginePolicy
from tests.oracles.towns import road, town

SECOND_US = 1_000_000
NETWORK = town(road((0, 0), (100, 0)))


def basis(**policy: object) -> Basis:
    return Basis.of(Engine(NETWORK, EnginePolicy(**policy)))  # type: ignore[arg-type]


def test_a_basis_holds_each_number_of_the_policy_by_name() -> None:
    found = basis(lag_us=7, work=WorkPolicy(lift_us=9))
    assert (found.results, found.network_id, found.fleet_version) == (RESULTS_VERSION, NETWORK.network_id, 0)
    assert (found.settings["lag_us"], found.settings["work.lift_us"]) == (7, 9)
    fields = len(EnginePolicy.__dataclass_fields__) - 1 + len(WorkPolicy.__dataclass_fields__)
    assert len(found.settings) == fields
    assert all(type(value) is int for value in found.settings.values())


def test_equal_engines_do_not_differ() -> None:
    assert basis().differs(basis()) == {}


def test_what_differs_is_said_with_what_it_was_and_is() -> None:
    was = basis()
    now = Basis(
        results=was.results + 1,
        network_id="other",
        settings={"new": 3, **was.settings, "cut_us": 400 * SECOND_US, "work.lift_us": 1_500_000},
        fleet_version=9,
    )
    assert was.differs(now) == {
        Reason.PROGRAM: f"results version {RESULTS_VERSION} → {RESULTS_VERSION + 1}",
        Reason.NETWORK: f"{NETWORK.network_id} → other",
        Reason.SETTINGS: "cut 300 s → 400 s, new nothing → 3, work.lift 12 s → 1.5 s",
    }


def fleet(*rows: tuple[int, int, int, MachineKind, int]) -> Fleet:
    return Fleet(version=1, mountings=Mountings.from_rows([(*row, 0) for row in rows]))


def test_a_device_that_nobody_mounted_is_unregistered() -> None:
    assert known_as(NO_FLEET, 1, 0, 10) == "unregistered"
    assert known_as(fleet((2, 0, 10, MachineKind.TRUCK, 0)), 1, 0, 10) == "unregistered"


def test_a_machine_is_told_with_where_it_works_and_since_when() -> None:
    start = 1_768_381_200 * SECOND_US
    one = (1, start - 50 * SECOND_US, start + 10 * SECOND_US, MachineKind.SMALL, 1)
    other = (1, start + 20 * SECOND_US, start + 10**12, MachineKind.TRUCK, 0)
    assert known_as(fleet(one, other), 1, start, start + 60 * SECOND_US) == (
        "small on footways, unregistered from 2026-01-14T09:00:10Z, truck from 2026-01-14T09:00:20Z"
    )
    assert known_as(fleet(one, other), 1, start, start + 19 * SECOND_US) == (
        "small on footways, unregistered from 2026-01-14T09:00:10Z"
    )
    assert known_as(fleet(one, other), 1, start, start + 9 * SECOND_US) == "small on footways"


MOUNTINGS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 9), st.sampled_from([MachineKind.TRUCK, MachineKind.SMALL])), max_size=4
)


def mounted(drawn: list[tuple[int, int, MachineKind]]) -> Fleet:
    """One mounting after the other, with gaps before them."""
    rows, at = [], 0
    for gap, lasts, kind in drawn:
        at += gap
        rows.append((1, at * SECOND_US, (at + lasts) * SECOND_US, kind, 0))
        at += lasts
    return fleet(*rows)


def kinds(registry: Fleet, start: int, end: int) -> list[MachineKind]:
    """Second by second."""
    found = []
    for second in range(start, end + 1):
        own = registry.mountings
        at_us = second * SECOND_US
        rows = [row for row in own.rows() if row[1] <= at_us < row[2]]
        found.append(MachineKind(rows[0][3]) if rows else MachineKind(0))
    return found


@given(MOUNTINGS, MOUNTINGS, st.integers(0, 12), st.integers(0, 12))
def test_two_registries_say_the_same_where_they_know_the_same_at_each_instant(
    one: list[tuple[int, int, MachineKind]], other: list[tuple[int, int, MachineKind]], start: int, lasts: int
) -> None:
    span = start * SECOND_US, (start + lasts) * SECOND_US
    said = [known_as(mounted(drawn), 1, *span) for drawn in (one, other)]
    known = [kinds(mounted(drawn), start, start + lasts) for drawn in (one, other)]
    assert (said[0] == said[1]) == (known[0] == known[1])
