"""`snowtrack replay`: a night computed again from its fixes; what that changes, why, and where it goes."""

from pathlib import Path

import pytest

from snowtrack.model.calendar import HOUR_US, SECOND_US
from snowtrack.model.ids import DeviceId
from snowtrack.network.arrays import Network
from snowtrack.pipeline.basis import RESULTS_VERSION
from snowtrack.roads.files import write_network
from snowtrack.roads.sample import sample_network
from snowtrack.services import replay_tracks
from snowtrack.services.archive import FIRST_US
from snowtrack.store.replays import Replayed
from tests.services.night import PLOUGHS, drives, night_in
from tests.services.registry import register
from tests.services.replayed import LIFTED, Place, reasons, said
from tests.store.databases import rows

pytestmark = pytest.mark.anyio


# One that works at walking pace: at the speed of these drives it only travels, whatever its blade says.
TO_SMALL = "update machine set kind = 'small'{}; update fleet_version set version = version + 1"
SECOND_DRIVES = "started_at > (select min(started_at) + interval '10 minutes' from track)"
FIRST_FIXES = " where device_time < (select min(started_at) + interval '100 s' from track)"
FORGET_ONE = "delete from pass where pass = (select max(pass) from pass)"


async def test_where_nothing_changed_nothing_changes(place: Place) -> None:
    before = place.everything()
    found = await place.replay()
    assert (found["devices"], found["stretches"], found["differing"]) == (3, 6, 0)
    assert found["total"]["passes_before"] == found["total"]["passes_after"] == len(place.results()[0]) > 60
    assert (found["groups"], found["events"], found["written"]) == ([], [], None)
    assert place.everything() == before


async def test_a_range_that_begins_long_before_all_begins_with_the_oldest(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    portion = replay_tracks.Replay.portion

    async def counted(self: replay_tracks.Replay, device: Replayed, from_us: int, to_us: int) -> replay_tracks.Portion:
        asked.append(from_us)
        return await portion(self, device, from_us, to_us)

    monkeypatch.setattr(replay_tracks.Replay, "portion", counted)
    narrow = await place.replay()
    asked.clear()
    assert await place.replay(from_us=FIRST_US) | {"from": narrow["from"]} == narrow
    assert min(asked) > FIRST_US
    assert len(asked) <= 3 * 3


async def test_other_settings_are_named(place: Place) -> None:
    """A blade that is lifted for 25 seconds no longer ends a pass."""
    before = place.everything()
    found = await place.replay(place.set(**LIFTED))
    assert reasons(found) == [["settings"]]
    assert said(found) == {"work.lift 12 s → 60 s": 3}
    group, total = found["groups"][0], found["total"]
    assert (found["differing"], group["stretches"], group["devices"]) == (3, 3, 3)
    assert group["ploughed_mm_after"] > group["ploughed_mm_before"] + 3 * 100_000
    assert group["working_us_after"] > group["working_us_before"]
    assert group["changed"] > 0
    assert total["passes_after"] - total["passes_before"] == total["added"] - total["removed"]
    assert place.everything() == before


async def test_another_kind_of_machine_is_named_and_what_it_makes_of_roads(place: Place) -> None:
    """What it was taken to clear it did not; the others drove the same roads."""
    kind = rows(place.url, "select kind from machine where machine = 'd1'")[0][0]
    place.change(TO_SMALL.format(" where machine = 'd1'"))
    found = await place.replay()
    assert reasons(found) == [["registry"]]
    assert said(found) == {f"{kind} → small": 2}
    group, (event,) = found["groups"][0], found["events"]
    own = rows(place.url, "select count(*) from pass join device using (device) where name = 'd1'")[0][0]
    assert (group["devices"], group["removed"], group["passes_after"]) == (1, own, 0)
    assert found["total"]["passes_after"] == len(place.results()[0]) - own
    assert event["moved"] == []
    assert event["otherwise"] >= event["segments"] > 20


async def test_roads_that_nobody_else_worked_are_named(place: Place) -> None:
    place.change(TO_SMALL.format(""))
    (event,) = (await place.replay())["events"]
    moved = {(one["before"], one["after"]): one for one in event["moved"]}
    assert set(moved) == {("done", "nothing"), ("partly", "nothing")}
    assert event["otherwise"] == 0
    assert sum(one["directions"] for one in moved.values()) >= event["segments"] > 20
    assert [one["mm"] for one in event["roads"]] == sorted((one["mm"] for one in event["roads"]), reverse=True)
    names = {place.network.text(number) for number in range(len(place.network.text_offsets) - 1)}
    assert {one["name"] for one in event["roads"]} & names


async def test_a_registry_that_changed_elsewhere_is_no_reason(place: Place) -> None:
    place.change("insert into machine (agency, machine, kind) values ('kanazawa', 'new', 'dozer')")
    place.change("update fleet_version set version = version + 1")
    assert (await place.replay())["differing"] == 0


async def test_other_roads_are_named(place: Place, tmp_path: Path) -> None:
    other = sample_network(2)
    write_network(other, tmp_path / "other")
    found = await place.replay(place.set(network={"folder": tmp_path / "other"}))
    assert reasons(found) == [["network"]]
    assert said(found) == {f"{place.network.network_id} → {other.network_id}": 6}


async def test_fixes_that_are_not_computed_yet_are_told(place: Place, network: Network) -> None:
    """The middle of a drive comes when all else is settled."""
    late = DeviceId("kanazawa", "late")
    register(place.url, late)
    fixes = drives(network, place.start_us)
    numbers = range(1, len(fixes) + 1)
    async with night_in(place.settings, network) as night:
        for part in (slice(0, 60), slice(90, None)):
            await night.send(late, fixes[part], numbers[part], received_us=place.start_us + HOUR_US)
        await night.settle()
        assert (await place.replay())["differing"] == 0
        await night.send(late, fixes[60:90], numbers[60:90], received_us=place.start_us + HOUR_US)
        found = await place.replay()
        assert (reasons(found), found["groups"][0]["devices"]) == ([["not computed yet"]], 1)
        await night.settle()
    assert (await place.replay())["differing"] == 0


async def test_what_nothing_explains_is_told_and_mended_in_place(place: Place) -> None:
    before = place.results()
    place.change(FORGET_ONE)
    found = await place.replay(in_place=True)
    assert reasons(found) == [["unexplained"]]
    assert (found["total"]["added"], found["total"]["removed"], found["total"]["changed"]) == (1, 0, 0)
    assert place.results() == before


async def test_results_of_another_program_are_told_and_noted_anew_where_they_are_the_same(place: Place) -> None:
    place.change(f"update basis set results = 0; {FORGET_ONE}")
    found = await place.replay(in_place=True)
    assert (reasons(found), found["differing"]) == ([["program"]], 1)
    assert rows(place.url, "select distinct results from track join basis using (basis)") == [(RESULTS_VERSION,)]


async def test_results_of_before_anything_was_noted_are_told(place: Place) -> None:
    place.change("update track set basis = null, known_as = null")
    assert reasons(await place.replay(place.set(**LIFTED))) == [["not noted"]]


async def test_what_was_noted_of_another_track_is_no_reason(place: Place) -> None:
    """The second drives are the same by all settings."""
    place.change(f"update track set basis = null, known_as = null where {SECOND_DRIVES}")
    assert reasons(await place.replay(place.set(**LIFTED))) == [["settings"]]


async def test_a_scratch_schema_is_what_it_would_be_in_place(place: Place) -> None:
    before = place.everything()
    found = await place.replay(place.set(**LIFTED), schema="another_night")
    assert found["written"] == "another_night"
    assert place.everything() == before
    scratch, states = place.results("another_night"), place.states("another_night")
    named = rows(place.url, "select agency, name from another_night.device order by 2")
    assert named == [(device.agency, device.device) for device in PLOUGHS]
    assert scratch != place.results()
    assert len(states) > 20
    found = await place.replay(place.set(**LIFTED), in_place=True)
    assert (found["differing"], found["left_to_ingest"], found["written"]) == (3, 0, "in place")
    assert place.results() == scratch
    await place.fold()
    assert place.states() == states


async def test_a_scratch_schema_counts_who_was_not_replayed(place: Place) -> None:
    await place.fold()
    await place.replay(schema="one", devices=["kanazawa/d1"])
    assert {row[0] for row in place.results("one")[0]} == {1}
    own = {row[0] for row in place.states("one")}
    assert place.states("one") == [row for row in place.states() if row[0] in own]
    assert len(own) > 20


async def test_passes_of_devices_that_nobody_registered_count_nowhere(place: Place) -> None:
    place.change("delete from mounting where device = 'd3'; update fleet_version set version = version + 1")
    await place.fold()
    await place.replay(schema="night")
    assert place.states("night") == place.states()
    assert len({row[0] for row in place.results("night")[0]}) == 3


async def test_tracks_that_were_one_by_other_settings_are_replaced_as_a_whole(place: Place) -> None:
    """Also where only their second half is asked for."""
    before = place.results()
    await place.replay(place.set(engine={"cut_s": 1_000.0}), in_place=True)
    assert len(place.results()[2]) == 3
    found = await place.replay(in_place=True, from_us=place.start_us + 900 * SECOND_US)
    assert (found["stretches"], found["differing"]) == (3, 3)
    assert place.results() == before


async def test_results_beside_which_there_are_no_fixes_are_gone(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also between two portions of a device."""
    before = place.results()
    monkeypatch.setattr(replay_tracks, "PORTION_US", 100 * SECOND_US)
    place.change(
        "insert into activity select device, ended_at + interval '100 s', ended_at + interval '105 s', 0, 1, false, 0,"
        f" false from track where not {SECOND_DRIVES}"
    )
    found = await place.replay(in_place=True)
    assert (found["stretches"], found["differing"]) == (9, 3)
    assert place.results() == before


@pytest.mark.parametrize(("gone", "stretches"), [("", 6), (FIRST_FIXES, 3)])
async def test_results_whose_fixes_are_gone_stay_and_are_told(place: Place, gone: str, stretches: int) -> None:
    """All fixes, or those of the first 100 seconds."""
    await place.fold()
    place.change(f"delete from fix{gone}")
    before = place.everything()
    found = await place.replay()
    assert (reasons(found), found["differing"], found["without_fixes"]) == ([["no fixes"]], stretches, stretches)
    group = found["groups"][0]
    assert (group["added"], group["removed"], group["changed"], found["events"]) == (0, 0, 0, [])
    assert group["passes_after"] == group["passes_before"] > 0
    assert (await place.replay(in_place=True))["left_to_ingest"] == 0
    assert place.everything() == before
    await place.replay(schema="what_stays")
    assert place.results("what_stays")[:2] == place.results()[:2]
    assert place.states("what_stays") == place.states()
    noted = rows(place.url, "select count(*) from what_stays.track where basis is null")
    assert noted == [(stretches,)]


async def test_what_an_upgrade_forgets_of_an_event_comes_back_in_place(place: Place) -> None:
    """As when passes came to be more than before: nothing is kept but fixes, and passes that say less."""
    await place.fold()
    before, states = place.results(), place.states()
    place.change(
        "update pass set confidence = 0; delete from activity; delete from device_state; delete from segment_state;"
        " delete from fold_progress; update track set basis = null, known_as = null"
    )
    await place.replay(in_place=True)
    await place.fold()
    assert place.results() == before
    assert (place.states(), len(states) > 20) == (states, True)


async def test_in_place_twice_changes_nothing_more(place: Place) -> None:
    settings = place.set(**LIFTED)
    assert (await place.replay(settings, in_place=True))["differing"] == 3
    before = place.everything()
    assert (await place.replay(settings, in_place=True))["differing"] == 0
    assert place.everything() == before
    assert (await place.replay(in_place=True))["differing"] == 3


async def test_only_what_lies_in_the_range_is_replayed_up_to_whole_tracks(place: Place) -> None:
    def begins_s(seconds: int) -> dict[str, int]:
        return {"from_us": place.start_us + seconds * SECOND_US}

    def ends_s(seconds: int) -> dict[str, int]:
        return {"to_us": place.start_us + seconds * SECOND_US}

    whole = await place.replay()
    first = await place.replay(**ends_s(15))
    later = await place.replay(**begins_s(800))
    assert (first["devices"], first["stretches"], first["differing"]) == (3, 3, 0)
    assert (later["devices"], later["stretches"], later["differing"]) == (3, 3, 0)
    assert first["total"]["passes_after"] + later["total"]["passes_after"] == whole["total"]["passes_after"]
    assert (await place.replay(**begins_s(-9_000), **ends_s(-8_000)))["devices"] == 0
