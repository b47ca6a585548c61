"""Promise 2 on whole payloads: machines drive over the sample town, and what they send is late, doubled and cut up."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snowtrack.model.columns import ABSENT_64
from snowtrack.model.fixes import Message
from snowtrack.nmea.decode import decode
from snowtrack.pipeline.engine import EnginePolicy
from tests.oracles.drives import SECOND_US
from tests.oracles.towns import sample_town
from tests.oracles.trackers import night
from tests.oracles.worker import Row, Worker

POLICY = EnginePolicy()


def calm(messages: list[Message]) -> Worker:
    """Everything arrives at once and in order."""
    worker = Worker(sample_town(), POLICY)
    worker.take(decode(messages).fixes)
    worker.finish()
    return worker


def stormy(messages: list[Message], random: Random, delay_s: int) -> Worker:
    """Payloads are late, doubled and batched anyhow; devices fall silent; the worker crashes."""
    doubled = [message for message in messages for _ in range(random.choice([1, 1, 1, 2]))]
    sent = [(message.received_us + random.randrange(delay_s + 1) * SECOND_US, message) for message in doubled]
    sent.sort(key=lambda one: one[0])
    worker = Worker(sample_town(), POLICY)
    while sent:
        size = random.choice([1, 3, 10, 50])
        batch, sent = sent[:size], sent[size:]
        worker.take(decode([message for _, message in batch]).fixes)
        now_us = batch[-1][0]
        match random.randrange(8):
            case 0:
                worker.tick(now_us + random.choice([0, 70]) * SECOND_US)
            case 1:
                worker.recompute()
            case 2:
                worker.crash()
    worker.finish()
    return worker


def told_apart(worker: Worker) -> list[Row]:
    """Stored fixes but those with neither number nor time: of the like in a minute the first to come stays."""
    return sorted(row for row in worker.stored.fixes if (row[2], row[5]) != (ABSENT_64, ABSENT_64))


@settings(max_examples=12)
@given(st.integers(0, 2**32), st.sampled_from([0, 20, 60, 900]))
def test_a_stormy_night_leaves_the_passes_of_a_calm_one(seed: int, delay_s: int) -> None:
    random = Random(seed)
    messages = night(sample_town(), random.randrange(20))
    still, wild = calm(messages), stormy(messages, random, delay_s)
    assert len(still.stored.passes) > 20
    assert told_apart(wild) == told_apart(still)
    assert wild.results() == wild.final() == still.results()


@pytest.mark.parametrize("seed", range(3))
def test_what_is_settled_without_delays_needs_no_second_look(seed: int) -> None:
    """Fixes in order, each in a batch of its own: nothing is ever dirty, and the passes are the final ones."""
    worker = Worker(sample_town(), POLICY)
    for message in night(sample_town(), seed):
        worker.take(decode([message]).fixes)
    assert not worker.stored.dirty
    worker.finish()
    assert worker.results() == worker.final()


def test_workers_that_share_the_devices_make_the_passes_of_one_that_has_all() -> None:
    messages = night(sample_town(), 5, devices=4)
    parts = [calm([message for message in messages if message.device % 2 == share]).results() for share in (0, 1)]
    for both, whole in zip(zip(*parts, strict=True), calm(messages).results(), strict=True):
        assert sorted(row for part in both for row in part) == whole


def test_the_receive_time_of_a_believed_fix_changes_no_pass() -> None:
    messages = night(sample_town(), 2)
    later = [message._replace(received_us=message.received_us + 10**12) for message in messages]
    assert calm(later).results() == calm(messages).results()
