"""The ledger of sequence numbers against plain sets, and the promise that no gap stalls it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from snowtrack.model.fixes import FixBatch
from snowtrack.tracks.identity import RESENDS_BEFORE_LOST, BootId, Committed, SequenceLedger
from tests.oracles.batches import batch_of
from tests.oracles.numbers_kept import BootNumbers

DEVICES, BOOTS, SEQS = st.integers(1, 2), st.integers(1, 3), st.integers(1, 14)
ONE_BOOT = BootId(1, 1)


def numbered(*keys: tuple[int, int, int]) -> FixBatch:
    return batch_of(FixBatch, *({"device": device, "boot": boot, "seq": seq} for device, boot, seq in keys))


def fresh(ledger: SequenceLedger, *seqs: int) -> list[bool]:
    """Beside bytes that cannot be read."""
    marks: list[bool] = ledger.fresh(numbered(*((1, 1, seq) for seq in seqs)), {1}).tolist()
    return marks


class LedgerAgainstSets(RuleBasedStateMachine):
    """Batches, resends, statuses and restarts in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = SequenceLedger()
        self.numbers: dict[BootId, BootNumbers] = {}
        self.held: dict[int, int] = {}

    @rule(keys=st.lists(st.tuples(DEVICES, BOOTS, SEQS), min_size=1, max_size=10))
    def take_a_batch(self, keys: list[tuple[int, int, int]]) -> None:
        found = self.ledger.fresh(numbered(*keys), {1, 2}).tolist()
        for boot_id in sorted({BootId(device, boot) for device, boot, _ in keys}):
            own = [at for at, key in enumerate(keys) if BootId(*key[:2]) == boot_id]
            if boot_id.boot < self.held.get(boot_id.device, 0):
                assert all(found[at] for at in own)
                continue
            expected = self.numbers.setdefault(boot_id, BootNumbers()).take([keys[at][2] for at in own])
            assert [found[at] for at in own] == expected

    @rule(device=DEVICES, boot=BOOTS, seq=SEQS)
    def hear_what_the_tracker_still_holds(self, device: int, boot: int, seq: int) -> None:
        assert self.ledger.oldest_held(device, boot, seq) == (self.held.get(device, 0) != boot)
        self.held[device] = boot
        self.numbers = {b: kept for b, kept in self.numbers.items() if b.device != device or b.boot >= boot}
        own = self.numbers.setdefault(BootId(device, boot), BootNumbers())
        own.floor = max(own.floor, seq)

    @rule()
    def start_again_with_what_the_store_kept(self) -> None:
        kept = self.ledger.known(self.numbers)
        self.ledger = SequenceLedger(held=dict(self.held))
        self.ledger.put(kept)
        for numbers in self.numbers.values():
            numbers.resends = {}

    @invariant()
    def says_what_is_durable(self) -> None:
        for device in (1, 2):
            own = sorted(boot_id for boot_id in self.numbers if boot_id.device == device)
            expected = [{"boot": boot_id.boot, "seq": self.numbers[boot_id].durable} for boot_id in own]
            assert self.ledger.durable(device) == expected

    @invariant()
    def keeps_exact_ranges(self) -> None:
        for boot_id, numbers in self.numbers.items():
            committed = self.ledger.boots[boot_id.device][boot_id.boot]
            assert {n for start, to in committed.ranges for n in range(start, to)} == numbers.got
            assert committed.lost == numbers.lost

    @invariant()
    def remembers_resends_of_its_boots_only(self) -> None:
        assert self.ledger.known(self.ledger.resends).keys() == self.ledger.resends.keys()


TestLedgerAgainstSets = LedgerAgainstSets.TestCase
TestLedgerAgainstSets.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_a_resend_is_not_new_and_one_in_the_same_batch_neither() -> None:
    ledger = SequenceLedger()
    assert fresh(ledger, 1, 2, 2, 1, 3) == [True, True, False, False, True]
    assert fresh(ledger, 3, 4) == [False, True]


def test_fixes_without_a_number_are_left_to_the_store() -> None:
    ledger = SequenceLedger()
    assert ledger.fresh(batch_of(FixBatch, {"device": 1}, {"device": 1}), ()).tolist() == [True, True]
    assert not ledger.boots


def test_a_gap_holds_up_what_is_durable() -> None:
    ledger = SequenceLedger()
    fresh(ledger, 1, 2, 4, 5)
    assert ledger.durable(1) == [{"boot": 1, "seq": 2}]


def test_a_gap_that_was_sent_three_times_and_cannot_be_read_is_passed_over() -> None:
    ledger = SequenceLedger()
    fresh(ledger, 1, 3)
    for _ in range(RESENDS_BEFORE_LOST - 1):
        fresh(ledger, 3)
        assert ledger.durable(1) == [{"boot": 1, "seq": 1}]
    fresh(ledger, 3)
    assert ledger.durable(1) == [{"boot": 1, "seq": 3}]
    assert ledger.boots[1][1].lost == 1


def test_a_gap_is_not_passed_over_when_nothing_unreadable_came_with_its_resends() -> None:
    """The broker may have lost just that message: the tracker must not free what never came."""
    ledger = SequenceLedger()
    fresh(ledger, 1, 3)
    for _ in range(RESENDS_BEFORE_LOST + 1):
        ledger.fresh(numbered((1, 1, 3)), {2})
    assert ledger.durable(1) == [{"boot": 1, "seq": 1}]


def test_resends_of_one_gap_do_not_count_for_the_next() -> None:
    ledger = SequenceLedger()
    fresh(ledger, 1, 3, 5)
    fresh(ledger, 3)
    fresh(ledger, 3)
    fresh(ledger, 2)
    fresh(ledger, 5)
    assert ledger.durable(1) == [{"boot": 1, "seq": 3}]


def test_a_number_that_was_passed_over_and_comes_after_all_is_new() -> None:
    ledger = SequenceLedger()
    fresh(ledger, 5)
    ledger.oldest_held(1, 1, 5)
    assert ledger.durable(1) == [{"boot": 1, "seq": 5}]
    assert ledger.boots[1][1].lost == 4
    assert fresh(ledger, 3) == [True]
    assert ledger.boots[1][1].lost == 3


def test_a_status_never_takes_back_what_is_durable() -> None:
    ledger = SequenceLedger()
    ledger.oldest_held(1, 1, 9)
    ledger.oldest_held(1, 1, 4)
    assert ledger.durable(1) == [{"boot": 1, "seq": 8}]


def test_a_boot_is_freed_when_the_tracker_holds_nothing_of_it() -> None:
    ledger = SequenceLedger()
    ledger.fresh(numbered((1, 1, 1), (1, 2, 1), (2, 1, 1)), ())
    assert ledger.oldest_held(1, 2, 1)
    assert not ledger.oldest_held(1, 2, 1)
    assert ledger.durable(1) == [{"boot": 2, "seq": 1}]
    assert ledger.durable(2) == [{"boot": 1, "seq": 1}]


def test_what_comes_of_a_freed_boot_is_not_judged_by_what_else_came_of_it() -> None:
    ledger = SequenceLedger()
    ledger.oldest_held(1, 2, 1)
    assert fresh(ledger, 3, 3) == [True, True]
    assert fresh(ledger, 3) == [True]
    assert ledger.get(ONE_BOOT) is None
    ledger.oldest_held(1, 1, 1)
    assert fresh(ledger, 3, 3) == [True, False]


@pytest.mark.parametrize("seqs", [[2**53 - 1], [1, 2**53 - 1]])
def test_the_largest_numbers_are_ranges_too(seqs: list[int]) -> None:
    assert Committed().with_runs((seq, seq + 1) for seq in seqs).missing_from(seqs) == []


def test_committed_numbers_cannot_be_changed_in_place() -> None:
    committed = Committed()
    assert committed.with_runs([(1, 2)]) != committed
    assert committed == Committed()


@given(
    length=st.integers(1, 25),
    data=st.data(),
    batch_size=st.integers(1, 30),
)
def test_no_gap_stalls_a_tracker_that_sends_again(length: int, data: st.DataObject, batch_size: int) -> None:
    """Some epochs can never be read; the tracker sends all that is not confirmed, again and again."""
    broken = data.draw(st.sets(st.integers(1, length - 1)) if length > 1 else st.just(set()))
    ledger = SequenceLedger()
    for _ in range(1 + RESENDS_BEFORE_LOST):
        durable = [entry["seq"] for entry in ledger.durable(1)] or [0]
        held = [seq for seq in range(durable[0] + 1, length + 1) if seq not in broken]
        for at in range(0, len(held), batch_size):
            fresh(ledger, *held[at : at + batch_size])
    assert ledger.durable(1) == [{"boot": 1, "seq": length}]
    assert ledger.boots[1][1].lost == len(broken)


@given(st.lists(st.tuples(DEVICES, BOOTS, SEQS), max_size=20), st.integers(1, 5))
def test_how_fixes_are_batched_does_not_change_which_are_new(keys: list[tuple[int, int, int]], size: int) -> None:
    at_once, in_parts = SequenceLedger(), SequenceLedger()
    parts = [in_parts.fresh(numbered(*keys[at : at + size]), ()) for at in range(0, len(keys), size)]
    assert at_once.fresh(numbered(*keys), ()).tolist() == np.concatenate([*parts, []]).astype(bool).tolist()
