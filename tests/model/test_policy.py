"""Policies: read whole, or refused with what is wrong, where, and what to do."""

import tomllib
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from snowtrack.model.calendar import DAY_US, HOUR_US, MINUTE_US, day_range_us
from snowtrack.model.errors import ConfigError
from snowtrack.model.policy import BUILT_IN, ROAD_CLASSES, ClassRules, Policies, Policy, read_policies

FIRST: dict[str, Any] = {"version": 1, "valid_from": date(2026, 12, 1)}


def read(*versions: dict[str, Any]) -> Policies:
    return read_policies({"versions": list(versions)}, "policy.toml")


def test_what_a_version_does_not_say_is_built_in() -> None:
    (policy,) = read(FIRST).versions
    assert policy == replace(BUILT_IN, valid_from=date(2026, 12, 1))


def test_a_version_says_what_it_says() -> None:
    rules = {"criterion_cm": 12.5, "done_percent": 95, "passes": 2, "both_ways": True, "aged_h": 1.5, "due_h": 2}
    content = {"under_way_min": 5, "quiet_h": 8, "sensor_reach_km": 2.5, "default": {"local": rules}}
    (policy,) = read(FIRST | content).versions
    assert (policy.under_way_us, policy.quiet_us, policy.sensor_reach_mm) == (5 * MINUTE_US, 8 * HOUR_US, 2_500_000)
    assert policy.default["local"] == ClassRules(
        criterion_mm=125, done_permille=950, passes=2, both_ways=True, aged_us=HOUR_US * 3 // 2, due_us=2 * HOUR_US
    )
    assert {name: policy.default[name] for name in ROAD_CLASSES if name != "local"} == {
        name: BUILT_IN.default[name] for name in ROAD_CLASSES if name != "local"
    }


def test_an_agency_has_the_version_s_default_but_for_what_it_says_itself() -> None:
    content = {"default": {"main": {"due_h": 1}}, "agencies": {"kanazawa": {"main": {"criterion_cm": 15}}}}
    (policy,) = read(FIRST | content).versions
    assert policy.rules_of("kanazawa")["main"] == replace(BUILT_IN.default["main"], due_us=HOUR_US, criterion_mm=150)
    assert policy.rules_of("hakusan") == policy.rules_of(None) == policy.default
    assert policy.rules_of("kanazawa")["local"] == BUILT_IN.default["local"]


def test_a_version_is_valid_from_midnight_in_japan_until_the_next_one_is() -> None:
    second = date(2026, 12, 24)
    policies = read(FIRST, {"version": 4, "valid_from": second})
    midnight_us = day_range_us(second)[0]
    times = {midnight_us - 30 * DAY_US: 1, midnight_us - 1: 1, midnight_us: 4, midnight_us + 900 * DAY_US: 4}
    assert {at_us: policies.at(at_us).version for at_us in times} == times


def test_the_same_policy_is_the_same_json_and_another_one_is_not() -> None:
    said = FIRST | {"default": {"local": {"criterion_cm": 30}}}
    assert read(said).versions[0].as_json() == read(FIRST).versions[0].as_json()
    assert read(FIRST | {"quiet_h": 7}).versions[0].as_json() != read(FIRST).versions[0].as_json()
    agency = FIRST | {"agencies": {"kanazawa": {"local": {"passes": 2}}}}
    assert read(agency).versions[0].as_json() != read(FIRST).versions[0].as_json()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "policy.toml: no version; expected at least one [[versions]]"),
        ("versions = 3", "policy.toml: no version"),
        ("versions = [3]", "policy.toml: versions[0]: 3 does not fit; expected a table"),
        ("version = 1", "policy.toml: unknown key 'version'; expected one of versions"),
        ("[[versions]]\nvalid_from = 2026-12-01", "versions[0].version: None does not fit; expected a number from 1"),
        ("[[versions]]\nversion = true\nvalid_from = 2026-12-01", "versions[0].version: True does not fit"),
        ("[[versions]]\nversion = 1", "versions[0].valid_from: None does not fit; expected a day such as 2026-12-01"),
        (
            '[[versions]]\nversion = 1\nvalid_from = "2026-12-01"',
            "valid_from: '2026-12-01' does not fit; expected a day",
        ),
        ("[[versions]]\nversion = 1\nvalid_from = 2026-12-01T00:00:00", "does not fit; expected a day such as"),
    ],
)
def test_what_is_no_policy_file_is_refused(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_policies(tomllib.loads(text), "policy.toml")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"quite_h": 3}, "versions[0]: unknown key 'quite_h'; expected one of version, valid_from"),
        ({"quiet_h": 0}, "versions[0].quiet_h: 0 does not fit; expected a number from 1 to 168"),
        ({"quiet_h": float("nan")}, "versions[0].quiet_h: nan does not fit"),
        ({"quiet_h": "6"}, "versions[0].quiet_h: '6' does not fit"),
        (
            {"default": {"motorway": {}}},
            "versions[0].default: unknown key 'motorway'; expected one of unknown, national",
        ),
        (
            {"default": {"main": {"criterion": 3}}},
            "default.main: unknown key 'criterion'; expected one of criterion_cm",
        ),
        (
            {"default": {"main": {"done_percent": 101}}},
            "default.main.done_percent: 101 does not fit; expected a number",
        ),
        (
            {"default": {"main": {"passes": 1.5}}},
            "default.main.passes: 1.5 does not fit; expected a whole number from 1",
        ),
        ({"default": {"main": {"passes": True}}}, "default.main.passes: True does not fit"),
        ({"default": {"main": {"both_ways": 1}}}, "default.main.both_ways: 1 does not fit; expected true or false"),
        ({"default": {"main": 3}}, "default.main: 3 does not fit; expected a table"),
        ({"agencies": {"石川": {}}}, "versions[0].agencies: '石川' is no id of an agency"),
        ({"agencies": {"kokudo": {"main": {"due_h": 0}}}}, "agencies.kokudo.main.due_h: 0 does not fit"),
    ],
)
def test_a_fault_is_named_with_its_place_and_what_was_expected(content: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(FIRST | content)
    assert said in str(caught.value)
    assert str(caught.value).startswith("policy.toml: versions[0]")


@pytest.mark.parametrize(
    "second",
    [
        {"version": 1, "valid_from": date(2026, 12, 2)},
        {"version": 2, "valid_from": date(2026, 12, 1)},
        {"version": 2, "valid_from": date(2026, 11, 30)},
    ],
)
def test_numbers_and_days_grow_from_one_version_to_the_next(second: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="does not follow version 1; numbers and valid_from have to grow"):
        read(FIRST, second)


def test_before_the_first_version_the_first_one_holds() -> None:
    assert Policies((Policy(version=3, valid_from=date(2026, 1, 1)),)).at(0).version == 3
