"""Ids become parts of topics: nothing may stand in them that means something there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.ids import DeviceId

IDS = st.text("ABCxyz019_-", min_size=1, max_size=64)


@given(IDS, IDS)
def test_a_device_reads_back_from_its_text(agency: str, device: str) -> None:
    assert DeviceId.parse(str(DeviceId(agency, device))) == DeviceId(agency, device)


@pytest.mark.parametrize("part", ["", "a" * 65, "a/b", "+", "#", "a b", "除雪", "a\n", "a.b", "$SYS"])
def test_what_is_no_id_is_refused_in_either_place(part: str) -> None:
    with pytest.raises(ValueError, match="is not an id"):
        DeviceId(part, "d")
    with pytest.raises(ValueError, match="is not an id"):
        DeviceId("a", part)


@pytest.mark.parametrize("text", ["", "a", "a/", "/d", "a/b/c", "a//d"])
def test_a_text_that_is_not_two_ids_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not an id"):
        DeviceId.parse(text)


def test_a_device_without_its_agency_is_said_as_it_was_given() -> None:
    with pytest.raises(ValueError, match=r"^'plough-01' alone is not an id$"):
        DeviceId.parse("plough-01")


def test_the_same_name_under_another_agency_is_another_device() -> None:
    assert DeviceId("kanazawa", "p1") != DeviceId("hakusan", "p1")
