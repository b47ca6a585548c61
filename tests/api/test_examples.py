"""Examples in the API's description are what it answers."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import schemathesis

from snowtrack import wall_clock
from snowtrack.api.app import create_routes
from snowtrack.api.description import JSON
from snowtrack.api.example_answers import common_parts, read_examples
from snowtrack.api.formats import GEOJSON
from snowtrack.network.arrays import Network
from tests.api.conftest import Api
from tests.api.test_doors import LATER_US, PUBLIC_ROUTES, VISITS, Visit, come, evening

pytestmark = pytest.mark.anyio
DOCUMENT = create_routes().openapi()
DESCRIBED = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS: dict[tuple[str, str], dict[str, Any]] = {
    (method.upper(), path): operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}
SHOWN = (JSON, GEOJSON, "text/")
# Where an address says what is asked for: something of which there is an answer.
ADDRESSES = {
    "/v1/summaries/{by}": "/v1/summaries/area",
    "/v1/summaries/{by}.csv": "/v1/summaries/area.csv",
    "/v1/roads": "/v1/roads?q=国道900号",
    "/v1/segments": "/v1/segments?limit=2",
    "/tiles/{layer}.json": "/tiles/roads.json",
}
# These do not end.
STREAMS = ("/v1/live", "/v1/live/public")
DECISION = Visit("/v1/events", None, "POST", {"kind": "open", "reason": "大雪"})
CLOSING = Visit("/v1/closures", None, "POST", {"road": "国道900号", "reason": "雪崩"})


@pytest.fixture
async def api(clean_database: str, network: Network, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    """There is something of everything."""
    monkeypatch.setattr(wall_clock, "now_us", lambda: LATER_US)
    async with evening(clean_database, network) as api:
        yield api


def visits() -> list[tuple[str, Visit]]:
    """By name of the operation, one that answers with what it is asked for; what is entered comes first."""
    public = {way: Visit(ADDRESSES.get(way[1], way[1]), None) for way in PUBLIC_ROUTES if way[0] == "GET"}
    chosen = {**public, **VISITS, ("POST", "/v1/events"): DECISION, ("POST", "/v1/closures"): CLOSING}
    named = [(OPERATIONS[way]["operationId"], visit) for way, visit in chosen.items() if way[1] not in STREAMS]
    return sorted(named, key=lambda one: one[1].method, reverse=True)


def test_each_answer_that_can_be_read_has_an_example() -> None:
    without = [
        (way, status, form)
        for way, operation in OPERATIONS.items()
        for status, answer in operation["responses"].items()
        for form, content in answer.get("content", {}).items()
        if status < "300" and form.startswith(SHOWN) and "example" not in content
    ]
    assert without == []
    assert set(read_examples()) <= {operation["operationId"] for operation in OPERATIONS.values()}


def test_each_body_that_is_taken_has_an_example() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    for way, operation in OPERATIONS.items():
        for content in operation.get("requestBody", {}).get("content", {}).values():
            named = schemas.get(content["schema"].get("$ref", "").rpartition("/")[2], {})
            assert "example" in content or "example" in named, way


async def test_answers_have_the_parts_that_their_examples_have(api: Api) -> None:
    examples = read_examples()
    compared = []
    for name, visit in visits():
        if not isinstance(examples.get(name), dict):
            continue
        answer = await come(api, {}, visit)
        assert answer.is_success, (name, answer.text)
        compared.append(name)
        assert DESCRIBED.find_operation_by_id(name).validate_response(answer) is None
        told, example = answer.json(), examples[name]
        assert told.keys() == example.keys(), name
        for part, items in example.items():
            if isinstance(items, list) and items and isinstance(items[0], dict):
                expected = set(common_parts(items))
                assert all(expected <= item.keys() for item in told[part]), (name, part)
                assert len(items) > 1 or all(expected == item.keys() for item in told[part]), (name, part)
    assert len(compared) > 30
