"""What a terminal and a log may show of an address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.notices.targets import masked, without_target


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("taro.yamada@private.example", "t…@private.example"),
        ("https://hooks.example/services/T0/secret?k=v", "https://hooks.example/…"),
        ("https://user:secret@hooks.example:8443/x", "https://hooks.example/…"),
        ("https://[::1", "…"),
        ("secret", "…"),
        ("@secret", "…"),
        ("", "…"),
    ],
)
def test_a_target_is_shown_by_its_place_alone(target: str, shown: str) -> None:
    assert masked(target) == shown


def test_an_answer_that_says_the_address_again_is_shown_without_it() -> None:
    said = "550 <Taro@Private.Example> is unknown, taro@private.example"
    assert without_target(said, "taro@private.example") == "550 <t…@private.example> is unknown, t…@private.example"
    assert without_target(said, "") == said


@given(st.text(), st.text())
def test_any_answer_and_target_can_be_shown(text: str, target: str) -> None:
    assert without_target(target, target) == (masked(target) if target else "")
    assert without_target(text, target) == text or target
