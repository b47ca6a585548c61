"""Answers are kept as long as they say, and no more of them than there is room for."""

from collections.abc import Mapping
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_bridge.answers import ANSWER_BYTES, Answer, Question, Shelf


def answer(
    cache_control: str = "public, max-age=30",
    more: Mapping[str, str] = MappingProxyType({}),
    *,
    status: int = 200,
    size: int = 0,
) -> Answer:
    headers = {"cache-control": cache_control, **more}
    return Answer.of(status, headers, bytes(size), 100.0)


def question(address: str) -> Question:
    return Question(address, "road.test", "gzip")


@pytest.mark.parametrize(
    ("cache_control", "fresh_s"),
    [
        ("public, max-age=30", 30),
        ("public, max-age=86400, immutable", 86_400),
        ("no-cache", 0),
        ("no-store", 0),
        ("private, max-age=30", 0),
        ("public", 0),
        ("public, max-age=x", 0),
        ("", 0),
    ],
)
def test_it_is_kept_as_long_as_it_says(cache_control: str, fresh_s: float) -> None:
    assert answer(cache_control).fresh_s == fresh_s


def test_what_it_was_kept_on_its_way_counts() -> None:
    assert answer(more={"age": "12"}).fresh_s == 18
    assert answer(more={"age": "40"}).fresh_s == 0
    assert answer(more={"age": "?"}).fresh_s == 30


@pytest.mark.parametrize("status", [400, 404, 422, 429])
def test_what_went_wrong_is_not_kept(status: int) -> None:
    assert answer(status=status).fresh_s == 0


def test_what_is_between_the_api_and_the_portal_stays_there() -> None:
    said = answer(more={"etag": '"1"', "set-cookie": "a=b", "server": "x", "content-encoding": "gzip"}).headers
    assert set(said) == {"cache-control", "etag", "content-encoding"}


@pytest.mark.parametrize("known", ['"1"', '"0", "1"', '"1","2"'])
def test_who_has_it_is_told_so(known: str) -> None:
    more = {"etag": '"1"', "content-type": "text/plain", "content-encoding": "gzip"}
    response = answer(more=more).respond(known, 107.5)
    assert (response.status_code, response.body) == (304, b"")
    assert dict(response.headers) == {"cache-control": "public, max-age=30", "etag": '"1"', "age": "7"}


@pytest.mark.parametrize("known", ["", '"2"', "1"])
def test_who_has_another_one_gets_the_whole(known: str) -> None:
    response = answer(more={"etag": '"1"'}, size=3).respond(known, 100.0)
    assert (response.status_code, response.body) == (200, bytes(3))


def test_what_is_fresh_no_more_leaves_the_shelf() -> None:
    shelf = Shelf(10_000)
    shelf.put(question("/a"), answer(size=10))
    assert shelf.find(question("/a"), 129.9) is not None
    assert shelf.find(question("/a"), 130.0) is None
    assert (shelf.bytes, len(shelf.answers)) == (0, 0)


def test_what_nobody_asked_for_longest_goes_first() -> None:
    shelf = Shelf(3 * ANSWER_BYTES - 1)
    for address in ("/a", "/b"):
        shelf.put(question(address), answer())
    shelf.find(question("/a"), 100.0)
    shelf.put(question("/c"), answer())
    assert [one.address for one in shelf.answers] == ["/a", "/c"]


def test_answers_by_another_host_or_in_another_encoding_are_others() -> None:
    shelf = Shelf(10_000)
    shelf.put(question("/a"), answer())
    assert shelf.find(Question("/a", "elsewhere.test", "gzip"), 100.0) is None
    assert shelf.find(Question("/a", "road.test", "identity"), 100.0) is None


def test_what_begins_so_is_forgotten() -> None:
    shelf = Shelf(10_000)
    for address in ("/v1/roads", "/tiles/roads/1/1/1.mvt"):
        shelf.put(question(address), answer())
    shelf.forget("/v1/")
    assert [one.address for one in shelf.answers] == ["/tiles/roads/1/1/1.mvt"]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 3_000)), max_size=30))
def test_the_shelf_never_holds_more_than_it_may(put: list[tuple[str, int]]) -> None:
    shelf = Shelf(5_000)
    for address, size in put:
        shelf.put(question(address), answer(size=size))
        kept = sum(len(one.content) + len("".join(key)) + ANSWER_BYTES for key, one in shelf.answers.items())
        assert shelf.bytes == kept <= 5_000
