"""The search for messages that cannot be worked off finds these, and no others."""

from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.ids import DeviceId
from snowtrack.model.topics import Channel
from snowtrack.services.suspects import IN_A_ROW_MAX, Suspects
from snowtrack.sources.session import Receipt
from snowtrack.sources.source import Delivery

FAULT = ValueError("a fault")


def delivery(number: int) -> Delivery:
    return Delivery(DeviceId("kanazawa", "d1"), Channel.UP, b"%d" % number, number, Receipt(0, number, 1))


def work_off(suspects: Suspects, waiting: list[Delivery], bad: set[bytes]) -> tuple[list[bytes], list[bytes]] | None:
    """What passed and what was set aside, in order; nothing when the search was given up."""
    passed: list[bytes] = []
    aside: list[bytes] = []
    while waiting:
        part = suspects.part(waiting)
        fit, unfit = suspects.parted(part)
        if any(one.payload in bad for one in fit):
            if not suspects.failed(FAULT):
                return None
            continue
        suspects.passed()
        passed += [one.payload for one in fit]
        aside += [one.payload for one in unfit]
        del waiting[: len(part)]
    suspects.end()
    return passed, aside


@given(st.integers(1, 300), st.sets(st.integers(0, 299), max_size=IN_A_ROW_MAX))
def test_the_bad_ones_are_found_and_all_others_pass_in_order(count: int, bad: set[int]) -> None:
    payloads = [b"%d" % number for number in range(count)]
    found = work_off(Suspects(), [delivery(number) for number in range(count)], {b"%d" % number for number in bad})
    assert found == (
        [payload for payload in payloads if int(payload) not in bad],
        [payload for payload in payloads if int(payload) in bad],
    )


def test_a_lone_message_has_a_second_chance_alone() -> None:
    suspects, one = Suspects(), delivery(0)
    suspects.trying = [[one]]
    assert suspects.failed(FAULT)
    assert work_off(suspects, [one], set()) == ([one.payload], [])


def test_when_nothing_can_be_worked_off_it_is_not_the_messages() -> None:
    suspects = Suspects()
    assert (
        work_off(suspects, [delivery(number) for number in range(100)], {b"%d" % number for number in range(100)})
        is None
    )
    assert len(suspects.unfit) == IN_A_ROW_MAX


def test_what_fails_with_no_messages_is_none_of_them() -> None:
    assert not Suspects().failed(FAULT)
