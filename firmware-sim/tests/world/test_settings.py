"""Sections [fleet] and [snow] of a scenario are read, and wrong ones are refused by name."""

import pytest

from ploughsim.errors import ScenarioError
from ploughsim.roads.made import NetworkSettings
from ploughsim.rules import read_settings
from ploughsim.world.settings import FleetSettings, SnowSettings


def test_an_empty_section_is_a_quiet_night_of_forty_machines() -> None:
    fleet = read_settings(FleetSettings, {}, "night.toml: [fleet]")
    assert fleet.machines == 40
    assert fleet.agencies == ["ishikawa"]
    assert (fleet.twins, fleet.parked_engines, fleet.power_cuts_per_h, fleet.detours) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        (FleetSettings, "agencies", []),
        (FleetSettings, "agencies", ["a b"]),
        (FleetSettings, "agencies", ["a", "a"]),
        (FleetSettings, "agencies", [1]),
        (FleetSettings, "machines", 0),
        (FleetSettings, "machines", 1.5),
        (FleetSettings, "kinds", {"tank": 1}),
        (FleetSettings, "kinds", {"grader": 0}),
        (FleetSettings, "echelons", 1.1),
        (FleetSettings, "power_cuts_per_h", 31),
        (SnowSettings, "mm_per_h", -1),
        (SnowSettings, "band_km", 0),
        (NetworkSettings, "kind", "city"),
        (NetworkSettings, "segments", 999),
        (NetworkSettings, "segments", 1_000_001),
    ],
)
def test_what_cannot_be_is_refused_with_its_name(section: type, key: str, value: object) -> None:
    with pytest.raises(ScenarioError, match=rf"night\.toml: {key} is .*; expected"):
        read_settings(section, {key: value}, "night.toml")
