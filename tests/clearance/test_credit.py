"""Whose a road is, and whose work counts on it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.clearance.credit import credited, segment_agencies
from snowtrack.model.fleet import FOREVER_US, NO_FLEET, NOBODY, Agency, Fleet, Manages, Mountings
from snowtrack.network.arrays import Manager, Network

LEVELS = {
    Manager.NATION: Manages.NATION,
    Manager.PREFECTURE: Manages.PREFECTURE,
    Manager.MUNICIPALITY: Manages.MUNICIPALITY,
}
DISTRICTS = ["東", "西", "南"]


def agency(id_: str, manages: Manages, *districts: str, shares: bool = False) -> Agency:
    return Agency(id=id_, name=id_, manages=manages, districts=districts, shares_passes=shares)


def with_roads(network: Network, managers: Sequence[int], districts: Sequence[str | None]) -> Network:
    """The town with other managers and districts on its first segments, which are all that is left."""
    texts = [*DISTRICTS, "北"]
    raw = [text.encode() for text in texts]
    numbers = [-1 if name is None else texts.index(name) for name in districts]
    return replace(
        network,
        segment_id=network.segment_id[: len(managers)],
        manager=np.array(managers, np.uint8),
        district_text=np.array(numbers, np.int32),
        text_offsets=np.cumsum([0, *map(len, raw)]).astype(np.int64),
        text_utf8=np.frombuffer(b"".join(raw), np.uint8).copy(),
    )


def manager_of(level: int, district: str | None, agencies: Sequence[Agency]) -> int:
    """One rule after the other, the first agency that it fits."""
    kind = LEVELS.get(Manager(level))
    for manages, named in ((kind, True), (kind, False), (Manages.OTHERS, True), (Manages.OTHERS, False)):
        for place, one in enumerate(agencies):
            if one.manages is manages and (district in one.districts if named else not one.districts):
                return place
    return NOBODY


AGENCIES = st.lists(
    st.builds(
        Agency,
        id=st.just("a"),
        name=st.just("a"),
        manages=st.sampled_from(Manages),
        districts=st.lists(st.sampled_from([*DISTRICTS, "遠"]), max_size=2, unique=True).map(tuple),
        shares_passes=st.booleans(),
    ),
    max_size=6,
).map(tuple)
ROADS = st.lists(st.tuples(st.sampled_from(list(Manager)), st.sampled_from([None, *DISTRICTS, "北"])), min_size=1)


@given(AGENCIES, ROADS)
def test_each_road_has_the_agency_that_the_rules_say(
    network: Network, agencies: tuple[Agency, ...], roads: list[tuple[Manager, str | None]]
) -> None:
    town = with_roads(network, [level for level, _ in roads], [district for _, district in roads])
    found = segment_agencies(town, Fleet(agencies=agencies))
    assert found.tolist() == [manager_of(level, district, agencies) for level, district in roads]
    assert found.dtype == np.int16


@pytest.mark.parametrize(
    ("level", "district", "expected"),
    [
        (Manager.NATION, None, 0),
        (Manager.PREFECTURE, "東", 1),
        (Manager.PREFECTURE, "西", 2),
        (Manager.MUNICIPALITY, "南", 4),
        (Manager.MUNICIPALITY, "東", 3),
        (Manager.MUNICIPALITY, None, 3),
        (Manager.UNKNOWN, "東", 3),
        (Manager.UNKNOWN, "西", 5),
        (Manager.MUNICIPALITY, "西", 5),
    ],
)
def test_a_district_goes_before_a_level_and_a_level_before_the_rest(
    network: Network, level: Manager, district: str | None, expected: int
) -> None:
    agencies = (
        agency("kuni", Manages.NATION),
        agency("ken-east", Manages.PREFECTURE, "東"),
        agency("ken", Manages.PREFECTURE),
        agency("rest", Manages.OTHERS),
        agency("south", Manages.MUNICIPALITY, "南"),
        agency("rest-west", Manages.OTHERS, "西"),
    )
    assert segment_agencies(with_roads(network, [level], [district]), Fleet(agencies=agencies)).tolist() == [expected]


def test_without_agencies_every_road_is_nobody_s(network: Network) -> None:
    assert set(segment_agencies(network, NO_FLEET).tolist()) == {NOBODY}
    assert len(segment_agencies(network, NO_FLEET)) == len(network)


@given(
    AGENCIES.filter(bool),
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 5)), max_size=5),
    st.lists(st.integers(-1, 5), max_size=6),
    st.lists(st.tuples(st.integers(0, 6), st.integers(-1, 5), st.integers(0, 21))),
)
def test_passes_count_for_those_who_manage_the_road_and_for_those_who_share(
    agencies: tuple[Agency, ...],
    spans: list[tuple[int, int]],
    managers: list[int],
    passes: list[tuple[int, int, int]],
) -> None:
    managers = [min(one, len(agencies) - 1) for one in managers]
    passes = [(device, min(row, len(managers) - 1), at) for device, row, at in passes]
    mountings = [(device, start, start + 5, 1, 0, owner % len(agencies)) for device, (start, owner) in enumerate(spans)]
    fleet = Fleet(agencies=agencies, mountings=Mountings.from_rows(mountings))

    def counts(device: int, row: int, at: int) -> bool:
        manager = managers[row] if row >= 0 else NOBODY
        owners = [owner for own, start, end, _, _, owner in mountings if own == device and start <= at < end]
        return any(agencies[owner].shares_passes or owner == manager for owner in owners)

    found = credited(
        fleet,
        np.array(managers, np.int16),
        np.array([one[0] for one in passes], np.int32),
        np.array([one[1] for one in passes], np.int64),
        np.array([one[2] for one in passes], np.int64),
    )
    assert found.tolist() == [counts(*one) for one in passes]
    assert found.dtype == np.bool_


def test_nobody_is_credited_without_a_registry_and_on_no_road_only_those_who_share() -> None:
    one, row = np.ones(1, np.int32), np.array([-1], np.int64)
    assert credited(NO_FLEET, np.empty(0, np.int16), one, row, np.zeros(1, np.int64)).tolist() == [False]
    mountings = Mountings.from_rows([(1, 0, FOREVER_US, 1, 0, 0)])
    for shares in (False, True):
        fleet = Fleet(agencies=(agency("ken", Manages.PREFECTURE, shares=shares),), mountings=mountings)
        assert credited(fleet, np.zeros(3, np.int16), one, row, np.zeros(1, np.int64)).tolist() == [shares]
