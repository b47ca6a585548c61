"""The fold: state of passes, numbered, by one holder of the lease at a time; and the public's cut."""

from collections.abc import AsyncIterator
from itertools import pairwise
from zlib import decompress

import pytest

from snowtrack.clearance.events import EntryKind, EventEntry
from snowtrack.model.calendar import SECOND_US, read_utc
from snowtrack.model.work import Activity
from snowtrack.network.arrays import Network, RoadClass
from snowtrack.services.fold import LeaseLostError
from snowtrack.store.events import Closure, close_segments, enter_event
from snowtrack.store.instants import to_instant
from snowtrack.store.states import read_public_cut, read_states
from tests.services.town import EVENING_US, HOUR_US, Town, opened, streets

pytestmark = pytest.mark.anyio


@pytest.fixture
async def town(clean_database: str, network: Network) -> AsyncIterator[Town]:
    async with opened(clean_database, network) as town:
        yield town


async def test_touched_segments_are_folded_and_told_under_the_next_number(town: Town) -> None:
    street, other = streets(town.network)
    await town.work(street, EVENING_US - 60 * SECOND_US)
    await town.work(other, EVENING_US - 60 * SECOND_US, share=0.5)
    said = await town.turn(EVENING_US)
    assert [(one["news"], one["number"]) for one in said] == [("delta", 1), ("fold", 1)]
    assert {view["id"]: (view["label"], view["share"]) for view in said[0]["segments"]} == {
        street: ("done", 100),
        other: ("under_way", said[0]["segments"][1]["share"]),
    }
    assert set((await read_states(town.connection)).segment_id.tolist()) == {street, other}


async def test_nothing_new_is_no_new_number(town: Town) -> None:
    await town.work(streets(town.network)[0], EVENING_US - 60 * SECOND_US)
    await town.turn(EVENING_US)
    for second in range(1, 4):
        said = await town.turn(EVENING_US + second * SECOND_US)
        assert [(one["news"], one["number"]) for one in said] == [("fold", 1)]


async def test_each_change_takes_the_next_number_without_a_hole(town: Town) -> None:
    street, _ = streets(town.network)
    numbers: list[int] = []
    for at in range(4):
        await town.work(street, EVENING_US + at * SECOND_US)
        numbers.extend(one["number"] for one in await town.turn(EVENING_US + at * SECOND_US) if one["news"] == "delta")
    assert numbers == [1, 2, 3, 4]


async def test_a_change_of_many_segments_is_told_in_pieces_with_a_number_for_each(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("snowtrack.services.fold.DELTA_SEGMENTS", 7)
    segments = sorted(town.network.segment_id[:23].tolist())
    for segment in segments:
        await town.work(segment, EVENING_US)
    said = await town.turn(EVENING_US)
    deltas = [one for one in said if one["news"] == "delta"]
    assert [(one["number"], len(one["segments"])) for one in deltas] == [(1, 7), (2, 7), (3, 7), (4, 2)]
    assert sorted(view["id"] for one in deltas for view in one["segments"]) == segments
    assert said[-1] == {"news": "fold", "number": 4, "fault": None, "cut_us": EVENING_US}


async def test_when_the_registry_changes_what_was_done_is_kept(town: Town) -> None:
    street, other = streets(town.network)
    await town.work(street, EVENING_US)
    await town.turn(EVENING_US)
    await town.connection.execute("update fleet_version set version = version + 1")
    await town.work(other, EVENING_US + SECOND_US)
    assert await town.deltas(EVENING_US + SECOND_US) == {other: "done"}
    assert await town.deltas(EVENING_US + 61 * SECOND_US) == {}
    assert (await read_states(town.connection)).segment_id.tolist() == [street, other]


async def test_labels_that_change_by_age_alone_are_told_once_a_minute(town: Town) -> None:
    street, other = streets(town.network)
    await town.work(street, EVENING_US)
    await town.work(other, EVENING_US, share=0.5)
    assert await town.deltas(EVENING_US) == {street: "done", other: "under_way"}
    await town.heard(EVENING_US + 11 * 60 * SECOND_US)
    assert await town.deltas(EVENING_US + 11 * 60 * SECOND_US) == {other: "partly"}
    assert await town.deltas(EVENING_US + 11 * 60 * SECOND_US + 1) == {}
    assert await town.deltas(EVENING_US + 6 * HOUR_US + 60 * SECOND_US) == {street: "aged"}


async def test_a_silent_device_makes_what_it_does_unknown_and_never_uncleared(town: Town) -> None:
    street, other = streets(town.network)
    await town.work(street, EVENING_US)
    await town.work(other, EVENING_US, share=0.5)
    await town.turn(EVENING_US)
    assert await town.deltas(EVENING_US + 120 * SECOND_US) == {other: "unknown"}
    await town.heard(EVENING_US + 170 * SECOND_US)
    assert await town.deltas(EVENING_US + 180 * SECOND_US) == {other: "under_way"}


async def test_after_quiet_hours_a_new_event_begins_with_nothing_known(town: Town) -> None:
    street, other = streets(town.network)
    await town.work(street, EVENING_US)
    assert await town.deltas(EVENING_US + SECOND_US) == {street: "done"}
    assert town.fold.progress.event_us == EVENING_US - HOUR_US
    assert await town.deltas(EVENING_US + 5 * HOUR_US) == {}
    morning_us = EVENING_US + 7 * HOUR_US
    await town.work(other, morning_us + 10 * SECOND_US)
    assert await town.deltas(morning_us + 20 * SECOND_US) == {street: "never", other: "done"}
    assert town.fold.progress.event_us == morning_us
    assert (await read_states(town.connection)).segment_id.tolist() == [other]


async def test_as_long_as_it_goes_on_an_event_keeps_what_it_knows(town: Town) -> None:
    street, other = streets(town.network)
    for hour in range(0, 25, 6):
        await town.work(other if hour else street, EVENING_US + hour * HOUR_US)
        await town.turn(EVENING_US + hour * HOUR_US)
    assert town.fold.progress.event_us == EVENING_US - HOUR_US
    assert (await read_states(town.connection)).segment_id.tolist() == [street, other]


async def test_what_becomes_known_late_joins_events_and_what_was_folded_comes_back(town: Town) -> None:
    street, other = streets(town.network)
    await town.work(street, EVENING_US)
    await town.turn(EVENING_US)
    await town.work(other, EVENING_US + 9 * HOUR_US)
    assert await town.deltas(EVENING_US + 9 * HOUR_US) == {street: "never", other: "done"}
    await town.work(other, EVENING_US + 5 * HOUR_US)
    assert await town.deltas(EVENING_US + 9 * HOUR_US + SECOND_US) == {street: "aged"}
    assert town.fold.progress.event_us == EVENING_US - HOUR_US


async def test_an_event_that_begins_earlier_is_folded_as_a_whole_before_anybody_sees_it(
    clean_database: str, network: Network
) -> None:
    async with opened(clean_database, network, "clearance.fold_segments=5") as town:
        own = sorted(network.segment_id[network.road_class == RoadClass.LOCAL][:23].tolist())
        for segment in own:
            await town.work(segment, EVENING_US)
        assert await town.deltas(EVENING_US) == dict.fromkeys(own, "done")
        await town.work(own[0], EVENING_US - 3 * HOUR_US)
        later_us = EVENING_US + 601 * SECOND_US
        assert await town.deltas(later_us) == {}
        assert town.fold.progress.event_us == EVENING_US - 4 * HOUR_US
        cut_us, segments = await town.cut()
        assert cut_us == later_us
        assert {one["id"]: one["label"] for one in segments if one["id"] in own} == dict.fromkeys(own, "done")
        assert sorted((await read_states(town.connection)).segment_id.tolist()) == own


async def test_an_event_opened_by_hand_begins_with_nothing_known(town: Town) -> None:
    street, _ = streets(town.network)
    await town.work(street, EVENING_US)
    await town.turn(EVENING_US)
    opened = EventEntry(number=0, kind=EntryKind.OPEN, at_us=EVENING_US + 60 * SECOND_US, reason="storm", by="Sato")
    await enter_event(town.connection, opened)
    assert await town.deltas(EVENING_US + 120 * SECOND_US) == {street: "never"}
    assert town.fold.progress.event_us == opened.at_us


async def test_what_machines_of_nobody_did_counts_for_nothing(town: Town) -> None:
    street, _ = streets(town.network)
    await town.connection.execute("delete from mounting")
    await town.connection.execute("update fleet_version set version = version + 1")
    await town.work(street, EVENING_US)
    assert await town.deltas(EVENING_US) == {}
    assert len(await read_states(town.connection)) == 0


async def test_a_closed_road_is_told_within_a_minute_and_so_is_its_end(town: Town) -> None:
    street, _ = streets(town.network)
    await town.work(street, EVENING_US)
    await town.turn(EVENING_US)
    closure = Closure(
        number=0,
        segments=(street, 9**9),
        from_us=EVENING_US,
        until_us=EVENING_US + HOUR_US,
        reason="avalanche",
        by="Sato",
    )
    await close_segments(town.connection, closure)
    assert await town.deltas(EVENING_US + 60 * SECOND_US) == {street: "closed"}
    assert await town.deltas(EVENING_US + HOUR_US) == {street: "done"}


async def test_snow_that_falls_takes_back_what_was_done(town: Town) -> None:
    street, _ = streets(town.network)
    await town.work(street, EVENING_US)
    await town.turn(EVENING_US)
    for hour, label in ((2, None), (3, "snowed_over")):
        await town.snows(street, EVENING_US + hour * HOUR_US, lambda hours: 100 + max(hours, 0) * 120)
        assert (await town.deltas(EVENING_US + hour * HOUR_US)).get(street) == label
    await town.work(street, EVENING_US + 3 * HOUR_US + 10 * SECOND_US)
    assert await town.deltas(EVENING_US + 3 * HOUR_US + 20 * SECOND_US) == {street: "done"}


async def test_snow_alone_keeps_an_event_open(town: Town) -> None:
    street, _ = streets(town.network)
    await town.work(street, EVENING_US)
    await town.turn(EVENING_US)
    for hour in range(1, 14):
        await town.snows(street, EVENING_US + hour * HOUR_US, lambda hours: 100 + 60 * (max(hours, 0) // 4))
        await town.turn(EVENING_US + hour * HOUR_US)
    await town.work(street, EVENING_US + 13 * HOUR_US)
    await town.turn(EVENING_US + 13 * HOUR_US + 60 * SECOND_US)
    assert town.fold.progress.event_us == EVENING_US - HOUR_US


async def give_route(town: Town, segment: int) -> None:
    """To the machine of the plough."""
    named = {"machine": "secret-plough", "segment": segment}
    await town.connection.execute(
        "insert into route (agency, route, name, machine) values ('kanazawa', 'r1', '一番', %(machine)s)", named
    )
    await town.connection.execute(
        "insert into route_segment (agency, route, position, segment_id) values ('kanazawa', 'r1', 1, %(segment)s)",
        named,
    )
    await town.connection.execute("update fleet_version set version = version + 1")


@pytest.mark.parametrize(("activity", "label"), [(Activity.TRAVELLING, "unknown"), (Activity.PARKED, None)])
async def test_the_route_of_a_machine_that_is_out_and_silent_is_unknown(
    town: Town, activity: Activity, label: str | None
) -> None:
    worked, given = streets(town.network)
    await give_route(town, given)
    await town.work(worked, EVENING_US)
    span = to_instant(EVENING_US), to_instant(EVENING_US + 10 * SECOND_US)
    await town.connection.execute(
        "insert into activity values (%s, %s, %s, %s, 0, false, 0, false)", [town.device, *span, activity]
    )
    assert given not in await town.deltas(EVENING_US)
    assert (await town.deltas(EVENING_US + 120 * SECOND_US)).get(given) == label


async def test_passes_that_were_replaced_by_nothing_leave_no_state(town: Town) -> None:
    street, _ = streets(town.network)
    await town.work(street, EVENING_US)
    await town.turn(EVENING_US)
    await town.connection.execute("delete from pass")
    await town.connection.execute("insert into touched (segment_id) values (%s)", [street])
    assert await town.deltas(EVENING_US + SECOND_US) == {street: "never"}
    assert len(await read_states(town.connection)) == 0


async def test_segments_of_another_network_are_left_alone(town: Town) -> None:
    await town.connection.execute("insert into touched (segment_id) values (99999999)")
    assert await town.deltas(EVENING_US) == {}


async def test_a_fold_that_starts_again_leaves_out_a_number_and_goes_on(town: Town) -> None:
    street, other = streets(town.network)
    await town.work(street, EVENING_US)
    await town.turn(EVENING_US)
    again = Town(town.settings, town.network, town.connection)
    again.device, again.epoch = town.device, town.epoch
    await again.fold.load(town.connection)
    await again.work(other, EVENING_US + SECOND_US)
    said = await again.turn(EVENING_US + SECOND_US)
    assert [(one["news"], one["number"]) for one in said] == [("delta", 3), ("fold", 3)]
    assert {view["id"] for view in said[0]["segments"]} == {street, other}
    await again.work(other, EVENING_US + 2 * SECOND_US)
    assert [one["number"] for one in await again.turn(EVENING_US + 2 * SECOND_US)] == [4, 4]


async def test_a_fold_that_starts_again_with_nothing_to_tell_leaves_out_a_number_once(town: Town) -> None:
    await town.work(streets(town.network)[0], EVENING_US)
    await town.turn(EVENING_US)
    await town.connection.execute("delete from pass")
    await town.connection.execute("delete from segment_state")
    await town.fold.load(town.connection)
    for second in (1, 2):
        said = await town.turn(EVENING_US + second * SECOND_US)
        assert [(one["news"], one["number"]) for one in said] == [("fold", 2)]


async def test_who_lost_the_lease_changes_nothing(town: Town) -> None:
    street, _ = streets(town.network)
    await town.connection.execute("update lease set epoch = epoch + 1, holder = 'another'")
    await town.work(street, EVENING_US)
    with pytest.raises(LeaseLostError):
        await town.turn(EVENING_US)
    assert len(await read_states(town.connection)) == 0
    assert await read_public_cut(town.connection, town.network.network_id) is None
    assert await (await town.connection.execute("select count(*) from touched")).fetchone() == (1,)


async def test_the_public_cut_names_no_machine_and_tells_no_exact_time(town: Town) -> None:
    street, other = streets(town.network)
    await town.work(street, EVENING_US - 61 * SECOND_US)
    await town.work(other, EVENING_US - 17 * SECOND_US, share=0.5)
    await town.turn(EVENING_US)
    _, segments = await town.cut()
    assert {one["id"] for one in segments} == {street, other}
    for one in segments:
        assert set(one) == {"id", "label", "share", "at", "evidence", "confidence"}
        assert read_utc(one["at"]) % (300 * SECOND_US) == 0
        assert read_utc(one["at"]) <= EVENING_US
    row = await (await town.connection.execute("select views from public_cut")).fetchone()
    assert row is not None
    assert b"plough" not in decompress(row[0])
    assert b"kanazawa" not in decompress(row[0])


async def test_the_public_cut_is_not_made_more_often_than_agreed(town: Town) -> None:
    street, _ = streets(town.network)
    # Any second of the hour, so that it cannot depend on where a round ten minutes begin.
    start_us = EVENING_US + 593 * SECOND_US
    cuts = set()
    for second in range(0, 1_900, 50):
        await town.work(street, start_us + second * SECOND_US)
        await town.turn(start_us + second * SECOND_US)
        cuts.add((await town.cut())[0])
    ordered = sorted(cuts)
    assert len(ordered) == 4
    assert all(later - earlier >= 600 * SECOND_US for earlier, later in pairwise(ordered))


async def test_a_new_holder_does_not_cut_before_its_time(town: Town) -> None:
    street, other = streets(town.network)
    await town.work(street, EVENING_US)
    await town.turn(EVENING_US)
    before = await town.cut()
    again = Town(town.settings, town.network, town.connection)
    again.device, again.epoch = town.device, town.epoch
    await again.fold.load(town.connection)
    await again.work(other, EVENING_US + 599 * SECOND_US)
    await again.turn(EVENING_US + 599 * SECOND_US)
    assert await town.cut() == before
    await again.turn(EVENING_US + 600 * SECOND_US)
    assert (await town.cut())[0] == EVENING_US + 600 * SECOND_US


async def test_a_cut_from_the_future_does_not_stop_the_next_one(town: Town) -> None:
    await town.work(streets(town.network)[0], EVENING_US)
    await town.turn(EVENING_US + 24 * 365 * HOUR_US)
    await town.turn(EVENING_US)
    assert (await town.cut())[0] == EVENING_US


@pytest.mark.parametrize(
    ("before", "after", "labels"),
    [("secret-plough", "other", ["unknown", "never"]), ("other", "secret-plough", [None, "unknown"])],
)
async def test_who_should_tell_of_a_route_changes_when_the_tracker_does_without_a_change_of_the_registry(
    town: Town, before: str, after: str, labels: list[str | None]
) -> None:
    """The tracker moves from one machine to another, of which the registry knew before."""
    worked, given = streets(town.network)
    moves = to_instant(EVENING_US + 300 * SECOND_US)
    execute = town.connection.execute
    await execute("insert into machine (agency, machine, kind) values ('kanazawa', 'other', 'truck')")
    await execute("update mounting set machine = %s, valid_to = %s", [before, moves])
    await execute(
        "insert into mounting (agency, device, machine, valid_from) values ('kanazawa', 'secret-plough', %s, %s)",
        [after, moves],
    )
    await give_route(town, given)
    await town.work(worked, EVENING_US)
    assert given not in await town.deltas(EVENING_US)
    found = [(await town.deltas(EVENING_US + after_s * SECOND_US)).get(given) for after_s in (120, 360)]
    assert found == labels
