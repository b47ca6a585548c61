"""A night in columns: every epoch arrives, once, with the bytes that a tracker would have sent."""

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import orjson
import pytest
from running.nights import MINUTE_MS, Name, epochs_in, night_of, published, scenario

from ploughsim.running.heard import Trackers
from ploughsim.running.published import Published
from ploughsim.running.spool import Spool
from ploughsim.running.stream import Stream
from ploughsim.scenario import Scenario
from ploughsim.sentences.families import ALL_KINDS
from ploughsim.sentences.write import write_epoch
from ploughsim.tracker.flash import MemoryFlash
from ploughsim.tracker.messages import Lane
from ploughsim.tracker.outbox import MESSAGE_BYTES_MAX
from ploughsim.tracker.recorder import Inputs
from ploughsim.tracker.tracker import Tracker

BAD_RADIO = {"dropouts_per_h": 40.0, "dropout_s": 30.0, "latency_spread": 0.4}


def test_the_same_seed_gives_the_same_messages_and_another_one_others(roads: Path, tmp_path: Path) -> None:
    one = published(scenario(), roads, tmp_path)
    assert one == published(scenario(), roads, tmp_path)
    assert one != published(scenario(seed=4), roads, tmp_path)


@pytest.mark.parametrize("span_ms", [10_000, 30_000, 720_000])
def test_how_time_is_cut_into_spans_makes_no_difference(roads: Path, tmp_path: Path, span_ms: int) -> None:
    settings = scenario(radio=BAD_RADIO, receiver={"bit_errors": 1e-5})
    whole, other = (epochs_in(published(settings, roads, tmp_path, span_ms=ms)) for ms in (MINUTE_MS, span_ms))
    assert sorted(whole) == sorted(other)


def test_every_epoch_that_was_heard_arrives_once(roads: Path, tmp_path: Path) -> None:
    settings = scenario(radio=BAD_RADIO | {"away_after_min": 3.0, "away_min": 4.0})
    messages = published(settings, roads, tmp_path)
    found = epochs_in(messages)
    assert Counter(name for name, _, _ in found) == Counter(heard_names(settings, roads))
    assert {lane for _, lane, _ in found} == {"up", "log"}
    assert [message.at_ms for message in messages] == sorted(message.at_ms for message in messages)


def test_what_is_lost_or_not_confirmed_comes_again_on_log(roads: Path, tmp_path: Path) -> None:
    settings = scenario(radio={"loss": 0.1, "confirmation_loss": 0.1, "duplication": 0.1})
    found = epochs_in(published(settings, roads, tmp_path))
    assert {name for name, _, _ in found} == set(heard_names(settings, roads))
    again = {name for name, lane, _ in found if lane == "log"}
    live = Counter(name for name, lane, _ in found if lane == "up")
    assert again - set(live)
    assert again & set(live)
    assert set(live.values()) == {1, 2}
    # Sent again with the same bytes.
    assert len({name for name, _, _ in found}) == len({(name, text) for name, _, text in found})


@pytest.mark.parametrize("order", ["oldest", "newest", "interleaved"])
def test_the_backlog_comes_in_the_order_that_was_asked_for(roads: Path, tmp_path: Path, order: str) -> None:
    settings = scenario(
        machines=1,
        radio={"away_after_min": 2.0, "away_min": 8.0, "uplink_kbps": 10_000.0, "latency_spread": 0.0},
        tracker={"log_order": order, "log_epochs": 20},
        fleet={"power_cuts_per_h": 0.0},
    )
    log = [name[2] for name, lane, _ in epochs_in(published(settings, roads, tmp_path)) if lane == "log"]
    firsts = log[::20]
    ascending = sorted(firsts)
    assert len(log) >= 300
    if order == "oldest":
        assert firsts == ascending
    elif order == "newest":
        assert firsts == ascending[::-1]
    else:
        assert firsts != ascending
        assert {firsts[0], firsts[1]} == {ascending[0], ascending[-1]}


def test_a_live_message_has_as_many_epochs_as_the_scenario_says(roads: Path, tmp_path: Path) -> None:
    settings = scenario(tracker={"epochs_per_message": 10, "message_wait_s": 60.0})
    live = [message for message in published(settings, roads, tmp_path) if message.topic.endswith("/up")]
    sizes = Counter(message.payload.count(b"$PSNOW,") for message in live)
    assert sizes.most_common(1)[0][0] == max(sizes) == 10


def test_a_status_says_what_is_held(roads: Path, tmp_path: Path) -> None:
    settings = scenario(radio={"away_after_min": 0.0, "away_min": 3.0}, fleet={"power_cuts_per_h": 0.0})
    statuses = [m for m in published(settings, roads, tmp_path) if m.topic.endswith("/status")]
    first = orjson.loads(statuses[0].payload)
    assert first["state"] == "online"
    assert first["oldest"] == {"boot": 1, "seq": 1}
    assert all(message.retained for message in statuses)
    assert len(statuses) == 6 * 9


@pytest.mark.parametrize("storage", ["packed", "raw"])
def test_trackers_keep_and_send_the_same_bytes(roads: Path, tmp_path: Path, storage: str) -> None:
    """The columns say what trackers would, but for how much waits in the ring."""
    settings = scenario(machines=8, hours=0.1, receiver={"torn_starts": 0.0}, tracker={"storage": storage})
    in_columns = {name: text for name, _, text in epochs_in(published(settings, roads, tmp_path))}
    by_trackers = tracked(settings, roads)
    assert by_trackers.keys() == in_columns.keys()
    assert {name: without_buffer(text) for name, text in by_trackers.items()} == {
        name: without_buffer(text) for name, text in in_columns.items()
    }


def test_damage_on_the_serial_line_is_sent_as_it_came(roads: Path, tmp_path: Path) -> None:
    clean = dict(names_and_texts(scenario(), roads, tmp_path))
    dirty = dict(names_and_texts(scenario(receiver={"bit_errors": 2e-5, "cut_sentences_per_h": 60.0}), roads, tmp_path))
    changed = [name for name in clean.keys() & dirty.keys() if clean[name] != dirty[name]]
    assert 0.001 < len(changed) / len(clean) < 0.2
    for name in changed:
        own, _, rest = dirty[name].partition(b"\r\n")
        assert re.fullmatch(rb"\$PSNOW,%d,%d,.*\*[0-9A-F]{2}" % name[1:], own)
        assert rest.endswith(b"\n")


def names_and_texts(settings: Scenario, roads: Path, folder: Path) -> list[tuple[Name, bytes]]:
    return [(name, text) for name, _, text in epochs_in(published(settings, roads, folder))]


def heard_names(settings: Scenario, roads: Path) -> list[Name]:
    """Of the epochs that the truth says there are."""
    night = night_of(settings, roads)
    assert night.end_ms
    heard = Trackers(night).hear(night.world.truth(night.start_ms, night.end_ms, night.step_ms))
    names = [f"{unit.agency}.{unit.device}" for unit in night.world.units]
    rows = zip(heard.truth["unit"].tolist(), heard.truth["boot"].tolist(), heard.seq.tolist(), strict=True)
    assert (heard.every_seq > 0).all()
    return [(names[unit], boot, seq) for unit, boot, seq in rows]


def tracked(settings: Scenario, roads: Path) -> dict[Name, bytes]:
    """The same night through trackers, whose ring is asked for all that it holds."""
    night = night_of(settings, roads)
    assert night.end_ms
    truth = night.world.truth(night.start_ms, night.end_ms, night.step_ms)
    epochs, kept = night.receivers.observe(truth), dict[Name, bytes]()
    for unit in night.world.units:
        flash, family = MemoryFlash(), int(night.receivers.families[unit.number])
        rows = np.flatnonzero(truth["unit"] == unit.number)
        for boot in np.unique(truth["boot"][rows]).tolist():
            tracker = Tracker(flash, settings.tracker, family, seed=1)
            assert tracker.ring.boot == boot
            for row in rows[truth["boot"][rows] == boot].tolist():
                sent = write_epoch(epochs[row : row + 1], family, own=False, kinds=ALL_KINDS)
                inputs = Inputs(*(int(epochs[name][row]) for name in Inputs._fields))
                tracker.hear(sent, int(truth["time_ms"][row] - truth["on_ms"][row]), inputs)
            tracker.hear(b"", 10**9, Inputs())
        kept |= {(f"{unit.agency}.{unit.device}", *name): text for name, text in all_sent(tracker)}
    return kept


def all_sent(tracker: Tracker) -> Iterator[tuple[tuple[int, int], bytes]]:
    """What it sends until an engine has confirmed all of it."""
    tracker.connected(0.0)
    for second in itertools.count(1):
        while message := tracker.next(float(second)):
            tracker.acknowledged(message.number, float(second))
            if message.lane is Lane.LOG:
                for (_, boot, seq), _, text in epochs_in([Published(0, "snow/v1/a/b/log", message.payload)]):
                    yield (boot, seq), text
                    tracker.on_message(Lane.DURABLE, orjson.dumps([{"boot": boot, "seq": seq}]), float(second))
        if not tracker.ring.held:
            return
        assert second < 10_000


def without_buffer(text: bytes) -> bytes:
    own, _, rest = text.partition(b"*")
    return b",".join(own.split(b",")[:12]).rstrip(b",") + rest[2:]


def test_no_epoch_comes_for_the_first_time_below_a_floor_that_was_told_before(roads: Path, tmp_path: Path) -> None:
    radio = {"loss": 0.1, "reordering": 0.05, "reordering_s": 60.0, "dropouts_per_h": 40.0, "uplink_kbps": 8.0}
    floors: dict[str, tuple[int, int]] = {}
    seen = set[Name]()
    for message in published(scenario(hours=0.4, radio=radio), roads, tmp_path):
        device = ".".join(message.topic.split("/")[2:4])
        if message.topic.endswith("/status"):
            oldest = orjson.loads(message.payload)["oldest"]
            floors[device] = max(floors.get(device, (0, 0)), (oldest["boot"], oldest["seq"]))
        for name, _, _ in epochs_in([message]):
            assert name in seen or name[1:] >= floors.get(device, (0, 0))
            seen.add(name)
    assert len(floors) == 6
    assert max(floors.values()) > (1, 100)


def test_messages_come_in_the_order_of_arrival_over_shifts_without_power(roads: Path, tmp_path: Path) -> None:
    fleet = {"shift_h": 0.5, "rest_min": 20.0, "muster_min": 0.2}
    radio = {"away_after_min": 25.0, "away_min": 20.0, "loss": 0.02}
    messages = published(scenario(hours=2, fleet=fleet, radio=radio), roads, tmp_path)
    assert [message.at_ms for message in messages] == sorted(message.at_ms for message in messages)
    assert {lane for _, lane, _ in epochs_in(messages)} == {"up", "log"}


def test_spans_tear_no_message(roads: Path, tmp_path: Path) -> None:
    settings = scenario(tracker={"epochs_per_message": 10, "message_wait_s": 60.0})
    night = night_of(settings, roads)
    spool = Spool(tmp_path)
    spans = [Stream(night, spool).spans_of(least_ms) for least_ms in (1, 10_000, 10_001, 60_000)]
    spool.close()
    assert spans == [10_000, 10_000, 20_000, 60_000]
    sizes = [
        Counter(message.payload.count(b"$PSNOW,") for message in published(settings, roads, tmp_path, span_ms=span_ms))
        for span_ms in (10_000, 60_000)
    ]
    assert sizes[0] == sizes[1]


def test_a_status_comes_as_often_as_the_scenario_says(roads: Path, tmp_path: Path) -> None:
    settings = scenario(tracker={"status_interval_s": 30.0}, fleet={"power_cuts_per_h": 0.0}, hours=0.1)
    statuses = [message for message in published(settings, roads, tmp_path) if message.topic.endswith("/status")]
    assert len(statuses) == 6 * 12


def test_a_payload_of_the_backlog_is_no_longer_than_trackers_make_it(roads: Path, tmp_path: Path) -> None:
    settings = scenario(
        machines=2,
        radio={"away_after_min": 0.0, "away_min": 9.0},
        tracker={"compression": "none", "log_epochs": 500, "epochs_per_message": 1},
    )
    log = [message for message in published(settings, roads, tmp_path) if message.topic.endswith("/log")]
    assert 3_000 < max(len(message.payload) for message in log) <= MESSAGE_BYTES_MAX
