"""Segments to roads: what a resident reads is never better than what is known."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_bridge.roads import DONE_SHARE, EVIDENCE, FINISHED, summarise_roads

LABELS = ["closed", "unknown", "under_way", "due", "never", "partly", "snowed_over", "aged", "done"]


def segment(
    id_: int, label: str, *, name: str | None = "本町通り", length_m: float = 100.0, **more: object
) -> dict[str, Any]:
    known = label != "never"
    more = {"route": None, **more}
    base = {"at": "2026-01-15T01:00:00Z" if known else None, "evidence": "blade" if known else None}
    return {"id": id_, "name": name, "length_m": length_m, "label": label, **base, **more}


def road(*segments: dict[str, Any]) -> dict[str, Any]:
    (found,) = summarise_roads(segments)
    return found


@st.composite
def segments(draw: st.DrawFn) -> list[dict[str, Any]]:
    return [
        segment(
            id_,
            draw(st.sampled_from(LABELS)),
            name=draw(st.sampled_from([None, "", "本町通り", "雪国街道"])),
            length_m=draw(st.integers(1, 150_000)) / 1000,
            evidence=draw(st.sampled_from([None, *EVIDENCE])),
            at=draw(st.sampled_from([None, "2026-01-15T01:00:00Z", "2026-01-15T01:05:00Z"])),
        )
        for id_ in range(draw(st.integers(0, 12)))
    ]


@given(segments(), st.randoms())
def test_the_order_of_the_segments_does_not_matter(found: list[dict[str, Any]], chance: Any) -> None:  # noqa: ANN401
    shuffled = list(found)
    chance.shuffle(shuffled)
    assert summarise_roads(shuffled) == summarise_roads(found)


@given(segments())
def test_each_named_road_comes_once_and_nothing_is_longer_than_it_is(found: list[dict[str, Any]]) -> None:
    roads = summarise_roads(found)
    assert [one["name"] for one in roads] == sorted({one["name"] for one in found if one["name"]})
    for one in roads:
        assert 0 <= one["km_done"] <= one["km_total"]
        assert one["label"] in LABELS


@given(segments())
def test_a_road_is_done_only_when_nearly_all_of_it_is(found: list[dict[str, Any]]) -> None:
    for one in summarise_roads(found):
        own = [part for part in found if part["name"] == one["name"]]
        finished = sum(part["length_m"] for part in own if part["label"] in FINISHED)
        total = sum(part["length_m"] for part in own)
        if one["label"] in FINISHED:
            assert finished >= DONE_SHARE * total - 1
        if finished == total:
            assert one["label"] in FINISHED
        assert (one["label"] == "closed") == any(part["label"] == "closed" for part in own)


@given(segments())
def test_a_road_is_known_no_better_than_by_its_weakest_evidence(found: list[dict[str, Any]]) -> None:
    for one in summarise_roads(found):
        own = {part["evidence"] for part in found if part["name"] == one["name"] and part["at"] and part["evidence"]}
        assert (one["evidence"] in own) if own else one["evidence"] is None
        assert all(EVIDENCE.index(one["evidence"]) >= EVIDENCE.index(part) for part in own)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["done"] * 10, "done"),
        (["done"] * 9 + ["never"], "done"),
        (["done"] * 8 + ["never"] * 2, "partly"),
        (["done"] * 9 + ["unknown"], "done"),
        (["done"] * 8 + ["aged"] + ["never"], "aged"),
        (["under_way"] + ["done"] * 8 + ["never"], "under_way"),
        (["never"] * 9 + ["partly"], "partly"),
        (["never"] * 9 + ["unknown"], "unknown"),
        (["never"] * 10, "never"),
        (["done"] * 99 + ["closed"], "closed"),
        (["due"] * 9 + ["done"], "due"),
        (["due"] * 8 + ["unknown", "partly"], "due"),
        (["under_way"] + ["due"] * 9, "under_way"),
        (["done"] * 9 + ["due"], "done"),
        (["snowed_over"] * 9 + ["aged"], "snowed_over"),
        (["snowed_over"] * 9 + ["never"], "partly"),
        (["snowed_over"] * 2 + ["unknown"], "partly"),
    ],
)
def test_labels_of_a_road(labels: list[str], expected: str) -> None:
    assert road(*(segment(at, label) for at, label in enumerate(labels)))["label"] == expected


def test_a_road_that_nobody_worked_says_no_time_and_no_evidence() -> None:
    found = road(segment(1, "never"))
    assert (found["since"], found["evidence"], found["km_done"], found["km_total"]) == (None, None, 0, 0.1)


def test_a_road_without_a_name_goes_by_its_number_and_one_with_a_name_has_its_numbers() -> None:
    found = [segment(1, "done", name="街道", route="国道9号"), segment(2, "done", name="街道", route="県道1号")]
    (named,) = summarise_roads(found)
    assert (named["name"], named["routes"]) == ("街道", ["国道9号", "県道1号"])
    numbered = road(segment(1, "done", name=None, route="国道9号"))
    assert (numbered["name"], numbered["routes"]) == ("国道9号", ["国道9号"])


def test_no_roads_are_no_entries() -> None:
    assert summarise_roads([]) == []
    assert summarise_roads([segment(1, "done", name=None)]) == []
