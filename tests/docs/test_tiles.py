"""docs/tiles.md says what is in the tiles."""

from pathlib import Path

import pytest

from snowtrack.tiles import layers, machines
from snowtrack.tiles.bands import AGE_MIN

TEXT = (Path(__file__).parents[2] / "docs/tiles.md").read_text("utf-8")
FIELDS = {**layers.FIELDS, machines.LAYER: machines.FIELDS}


@pytest.mark.parametrize("layer", FIELDS)
def test_every_property_of_a_layer_is_described(layer: str) -> None:
    table = TEXT.partition("| layer | property | meaning |")[2].partition("\n\n")[0]
    own = table.partition(f"\n| `{layer}` |")[2]
    own = own.partition("\n| `")[0]
    described = {name for line in f"| |{own}".splitlines() for name in line.split("|")[2].replace("`", "").split(", ")}
    assert {name.strip() for name in described} == set(FIELDS[layer])


def test_ages_are_those_of_the_tiles() -> None:
    assert f"on: {', '.join(map(str, AGE_MIN))}" in TEXT
