"""What is passed on to residents is a list: everything else is not there."""

import pytest

from portal_bridge.public_routes import ADDRESS_MAX, address_at_source


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("/v1/network", {"a": "1"}, "/v1/network"),
        ("/v1/state/0123456789abcdef.bin", {"cut": "5"}, "/v1/state/0123456789abcdef.bin?cut=5"),
        ("/v1/roads", {"q": "ゆき", "after": "7"}, "/v1/roads?after=7&q=%E3%82%86%E3%81%8D"),
        ("/v1/roads", {"after": "7", "q": "ゆき", "key": "s"}, "/v1/roads?after=7&q=%E3%82%86%E3%81%8D"),
        ("/v1/roads", {"q": "a&near=1,2#x"}, "/v1/roads?q=a%26near%3D1%2C2%23x"),
        ("/v1/summaries/class", {}, "/v1/summaries/class"),
        ("/tiles/roads.json", {"v": "1"}, "/tiles/roads.json"),
        ("/tiles/roads/14/14394/6349.mvt", {"v": "1"}, "/tiles/roads/14/14394/6349.mvt"),
    ],
)
def test_what_is_public_is_asked_for_in_one_way(path: str, query: dict[str, str], expected: str) -> None:
    assert address_at_source(path, query) == expected


@pytest.mark.parametrize(
    "path",
    [
        "/v1/devices",
        "/v1/live",
        "/v1/audit",
        "/v1/segments",
        "/v1/segments.csv",
        "/v1/session",
        "/v1/roads/",
        "/v1/roads\n",
        "/v1/network/../devices",
        "/v1/state/../devices?.bin",
        "/v1/state/a/b.bin",
        "/v1/state/é.bin",
        "/v1/summaries/class.csv",
        "/v1/summaries/cell",
        "/tiles/clearance/14/1/1.mvt",
        "/tiles/roads/14/1/1.mvt/",
        "/tiles/roads/٣/1/1.mvt",
        "//v1/network",
        "/metrics",
        "",
    ],
)
def test_what_is_not_on_the_list_is_not_there(path: str) -> None:
    assert address_at_source(path, {}) is None


def test_a_question_has_an_end() -> None:
    assert address_at_source("/v1/roads", {"q": "a" * ADDRESS_MAX}) is None
