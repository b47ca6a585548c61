"""Policy files, and that a change of policy never rewrites what was folded."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
from psycopg import AsyncConnection
from structlog.testing import capture_logs

from snowtrack.model.calendar import DAY_US, HOUR_US, SECOND_US, day_range_us
from snowtrack.model.errors import ConfigError
from snowtrack.model.policy import BUILT_IN, Policies, read_policies
from snowtrack.network.arrays import Network
from snowtrack.services.events import read_events
from snowtrack.services.policies import adopt_policies, load_policies, read_policy_file
from snowtrack.settings import load_settings
from snowtrack.store.database import connect
from snowtrack.store.outlook import Outlook
from snowtrack.store.policies import read_adopted
from tests.services.town import EVENING_US, opened, streets

pytestmark = pytest.mark.anyio
SHIPPED = Path(__file__).parents[2] / "config" / "policy.toml"
NOTHING = {"SNOWTRACK_CONFIG": ""}
DECEMBER = {"version": 1, "valid_from": date(2026, 12, 1)}


def versions(*content: dict[str, object]) -> Policies:
    return read_policies({"versions": list(content)}, "policy.toml")


def test_the_shipped_file_is_what_is_built_in() -> None:
    assert read_policy_file(SHIPPED) == Policies((BUILT_IN,))


def test_without_a_file_at_the_usual_place_what_is_built_in_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_policies(load_settings(None, NOTHING)) == Policies()
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "policy.toml").write_text("[[versions]]\nversion = 9\nvalid_from = 2026-12-01\n")
    assert load_policies(load_settings(None, NOTHING)).versions[0].version == 9


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "cannot be read: No such file"), ("versions = [", "this is not TOML"), ("", "no version")],
)
def test_a_file_that_is_named_has_to_be_a_policy(tmp_path: Path, content: str | None, said: str) -> None:
    file = tmp_path / "own.toml"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ConfigError, match=said) as caught:
        load_policies(load_settings(None, NOTHING, [f"clearance.policy={file}"]))
    assert str(file) in str(caught.value)


@pytest.fixture
async def connection(clean_database: str) -> AsyncIterator[AsyncConnection]:
    async with connect(clean_database, name="test") as connection:
        yield connection


async def adopt(connection: AsyncConnection, policies: Policies, folded_us: int | None = None) -> set[int]:
    await adopt_policies(connection, policies, folded_us=folded_us)
    return set(await read_adopted(connection))


async def test_versions_are_adopted_once(connection: AsyncConnection) -> None:
    for _ in range(2):
        assert await adopt(connection, versions(DECEMBER)) == {1}
    january = {"version": 2, "valid_from": date(2027, 1, 1)}
    assert await adopt(connection, versions(DECEMBER, january)) == {1, 2}


async def test_a_version_that_was_in_use_says_what_it_said(connection: AsyncConnection) -> None:
    await adopt(connection, versions(DECEMBER))
    assert await adopt(connection, versions(DECEMBER | {"quiet_h": 6})) == {1}  # said, what was so before
    with pytest.raises(ConfigError, match="version 1 is not what it was when facts were made by it; put it back"):
        await adopt(connection, versions(DECEMBER | {"quiet_h": 7}))


async def test_a_version_that_was_in_use_stays_in_the_file(connection: AsyncConnection) -> None:
    await adopt(connection, versions(DECEMBER))
    with pytest.raises(ConfigError, match="version 1 is missing, by which facts were made; put it back"):
        await adopt(connection, versions({"version": 2, "valid_from": date(2027, 1, 1)}))


@pytest.mark.parametrize(
    ("day", "refused"), [(date(2026, 12, 9), True), (date(2026, 12, 10), True), (date(2026, 12, 11), False)]
)
async def test_a_new_version_begins_after_what_was_folded(
    connection: AsyncConnection, day: date, refused: bool
) -> None:
    await adopt(connection, versions(DECEMBER))
    folded_us = day_range_us(date(2026, 12, 10))[0] + 5 * HOUR_US
    both = versions(DECEMBER, {"version": 2, "valid_from": day})
    if not refused:
        assert await adopt(connection, both, folded_us) == {1, 2}
        return
    with pytest.raises(ConfigError) as caught:
        await adopt(connection, both, folded_us)
    assert str(caught.value) == (
        "policy: version 2 would be valid before 2026-12-10 05:00, when an event began that was folded by another one;"
        " choose 2026-12-11 or later for its valid_from"
    )
    assert set(await read_adopted(connection)) == {1}


async def test_an_agency_of_the_policy_that_is_not_registered_is_named_once(
    clean_database: str, network: Network, tmp_path: Path
) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(
        "[[versions]]\nversion = 1\nvalid_from = 2020-01-01\n[versions.agencies.kanazawa]\nlocal = { passes = 2 }\n"
        "[versions.agencies.kanasawa]\nlocal = { passes = 3 }\n"
    )
    with capture_logs() as said:
        async with opened(clean_database, network, f"clearance.policy={file}") as town:
            await town.fold.load(town.connection)
    assert [(one["log_level"], one["agencies"]) for one in said if "agencies" in one] == [("warning", ["kanasawa"])]


async def test_a_new_version_leaves_past_events_as_they_were(
    clean_database: str, network: Network, tmp_path: Path
) -> None:
    """Until midnight six quiet hours end an event, and from then on twenty-four."""
    file = tmp_path / "policy.toml"
    midnight_us = day_range_us(date(2027, 1, 17))[0]
    old = "[[versions]]\nversion = 1\nvalid_from = 2020-01-01\nquiet_h = 6\n"
    new = "[[versions]]\nversion = 2\nvalid_from = 2027-01-17\nquiet_h = 24\n"
    street, _ = streets(network)
    later_us = midnight_us + 15 * HOUR_US
    found = []
    async with opened(clean_database, network) as town:
        for hour in (-30, -20, -8, 2, 3):
            await town.work(street, midnight_us + hour * HOUR_US + 60 * SECOND_US)
        for content in (old, old + new):
            file.write_text(content)
            events = await read_events(town.connection, Outlook(network, read_policy_file(file), 0), later_us)
            found.append([((one.start_us - midnight_us) // HOUR_US, one.end_us is None) for one in events])
    assert found == [
        [(-30, False), (-20, False), (-8, False), (2, False)],
        [(-30, False), (-20, False), (-8, False), (2, True)],
    ]


async def test_the_policy_of_its_beginning_makes_an_event_s_facts_and_that_of_now_its_labels(
    clean_database: str, network: Network, tmp_path: Path
) -> None:
    """From midnight on, a street needs two passes, and is aged after an hour."""
    file = tmp_path / "policy.toml"
    tomorrow_us = EVENING_US + 2 * DAY_US - (EVENING_US + 9 * HOUR_US) % DAY_US
    assert tomorrow_us == day_range_us(date(2027, 1, 17))[0]
    file.write_text(
        "[[versions]]\nversion = 1\nvalid_from = 2020-01-01\nquiet_h = 48\n"
        "[[versions]]\nversion = 2\nvalid_from = 2027-01-17\nquiet_h = 48\n"
        "default.local = { passes = 2, aged_h = 1 }\n"
    )
    street, other = streets(network)
    async with opened(clean_database, network, f"clearance.policy={file}") as town:
        await town.work(street, tomorrow_us - 2 * HOUR_US)
        assert await town.deltas(tomorrow_us - 2 * HOUR_US) == {street: "done"}
        assert (await town.deltas(tomorrow_us))[street] == "aged"
        await town.work(other, tomorrow_us + HOUR_US)
        assert (await town.deltas(tomorrow_us + HOUR_US))[other] == "done"
        morning_us = tomorrow_us + 60 * HOUR_US
        await town.work(other, morning_us)
        assert (await town.deltas(morning_us))[other] == "under_way"
