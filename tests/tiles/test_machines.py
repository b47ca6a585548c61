"""Machines in a tile, as a decoder of others reads it."""

import mapbox_vector_tile
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.tiles.machines import BUFFER, FIELDS, Machine, machines_tile
from snowtrack.tiles.window import EXTENT, TileKey
from tests.oracles.mercator import in_world, key_at

PLACES = st.lists(
    st.tuples(st.integers(365_000_000, 366_000_000), st.integers(1_365_000_000, 1_366_000_000)), max_size=8
)
SAID = st.tuples(
    st.sampled_from(["working", "travelling", "unsure", "silent"]),
    st.none() | st.integers(0, 359),
    st.none() | st.integers(0, 120),
)


@given(places=PLACES, said=st.lists(SAID, min_size=8, max_size=8), zoom=st.integers(6, 16))
def test_a_tile_has_the_machines_that_are_in_it_or_just_beside(
    places: list[tuple[int, int]], said: list[tuple[str, int | None, int | None]], zoom: int
) -> None:
    key = key_at((365_500_000, 1_365_500_000), zoom)
    machines = [
        Machine(device=f"kanazawa/d{number}", state=state, course=course, speed_kmh=speed, at="2027-01-14T09:00:00Z")
        for number, (_, (state, course, speed)) in enumerate(zip(places, said, strict=False))
    ]
    content = machines_tile(key, machines, [lat for lat, _ in places], [lon for _, lon in places])
    layers = mapbox_vector_tile.decode(content, default_options={"y_coord_down": True}) if content else {}
    found = {one["properties"]["device"]: one for one in layers.get("machines", {"features": []})["features"]}
    for place, machine in zip(places, machines, strict=True):
        x, y = (
            (share * 2**zoom - corner) * EXTENT for share, corner in zip(in_world(place), (key.x, key.y), strict=True)
        )
        apart = max(-x, x - EXTENT, -y, y - EXTENT)
        if abs(apart - BUFFER) > 2:
            assert (machine.device in found) == (apart < BUFFER)
        if machine.device in found:
            feature = found[machine.device]
            at = feature["geometry"]["coordinates"]
            assert max(abs(at[0] - x), abs(at[1] - y)) <= 1.5
            told = {name: getattr(machine, name) for name in FIELDS if getattr(machine, name) is not None}
            assert feature["properties"] == told


def test_without_machines_there_is_no_tile() -> None:
    assert machines_tile(TileKey(6, 56, 25), [], [], []) == b""
