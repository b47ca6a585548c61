"""Schemathesis asks the API, over a real socket, everything that its description allows and forbids."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
import uvicorn
from anyio.from_thread import start_blocking_portal
from hypothesis import settings
from schemathesis import Case, CheckFunction
from schemathesis.checks import not_a_server_error

from snowtrack import wall_clock
from snowtrack.api.app import create_routes
from snowtrack.api.description import JSON, PROBLEM
from snowtrack.network.arrays import Network
from snowtrack.serving import listen
from tests.api.test_doors import LATER_US, evening
from tests.mosquitto import mosquitto_in
from tests.ports import free_port
from tests.store.databases import fresh_database, prepare

EXAMPLES_MAX = 15
SUMMARY_SIGNS_MAX = 200
# Nobody counts how often the test asks.
FLAGS = (
    "api.requests_per_s=1000000",
    "api.requests_burst=1000000",
    "api.live_of_one_max=1000000",
    "api.live_subscribers_max=1000000",
    "api.public_subscribers_max=1000000",
    "access.tries_per_min=1000000",
)

DOCUMENT = create_routes().openapi()
BEHIND_DOORS = {
    operation["operationId"]
    for operations in DOCUMENT["paths"].values()
    for operation in operations.values()
    if "security" in operation
}
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
SCHEMA.config.generation.update(max_examples=EXAMPLES_MAX, database="none", deterministic=settings().derandomize)
# Streams do not end.
SCHEMA.config.max_stream_events = 1
# What is only sensible in some order or place cannot be said in a schema.
SCHEMA.config.checks.positive_data_acceptance.enabled = False


@dataclass(frozen=True, slots=True)
class Served:
    """Where it answers, and what opens everything."""

    url: str
    key: dict[str, str]


@pytest.fixture(scope="module")
def broker_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """To which observations go."""
    broker = mosquitto_in(tmp_path_factory.mktemp("broker"))
    broker.start()
    yield broker.url
    broker.stop()


@pytest.fixture(scope="module")
def served(postgres_url: str, network: Network, broker_url: str) -> Iterator[Served]:
    """The evening of the tests of doors, on a socket."""
    port = free_port()
    with fresh_database(postgres_url) as database_url, pytest.MonkeyPatch.context() as patch:
        prepare(database_url)
        patch.setattr(wall_clock, "now_us", lambda: LATER_US)
        flags = *FLAGS, f"broker.url={broker_url}"
        with (
            start_blocking_portal() as portal,
            portal.wrap_async_context_manager(evening(database_url, network, *flags)) as api,
        ):
            server = uvicorn.Server(uvicorn.Config(api.app, log_config=None, access_log=False, lifespan="off"))
            running = portal.start_task_soon(server.serve, [listen("127.0.0.1", port)])
            try:
                yield Served(f"http://127.0.0.1:{port}", {"Authorization": api.client.headers["authorization"]})
            finally:
                server.should_exit = True
                running.result()


@SCHEMA.parametrize()
def test_it_answers_as_it_says(case: Case[Any], served: Served) -> None:
    # That it is not ready is what this one is there to say.
    excluded: list[CheckFunction] = [not_a_server_error] if case.path == "/readyz" else []
    case.call_and_validate(base_url=served.url, headers=served.key, excluded_checks=excluded)


@SCHEMA.include(operation_id=sorted(BEHIND_DOORS)).parametrize()
def test_it_refuses_as_it_says_who_shows_nothing_good(case: Case[Any], served: Served) -> None:
    assert case.call_and_validate(base_url=served.url).status_code >= 400


def test_operations_are_named_and_refusals_have_one_form() -> None:
    operations = [one for each in DOCUMENT["paths"].values() for one in each.values()]
    assert len({one["operationId"] for one in operations}) == len(operations) > 40
    for one in operations:
        assert one["tags"]
        assert one["operationId"].isidentifier()
        assert 0 < len(one["summary"]) <= SUMMARY_SIGNS_MAX, one["summary"]
        refusals = [answer for status, answer in one["responses"].items() if status >= "400"]
        forms = {form for answer in refusals for form in answer["content"]}
        assert forms == ({PROBLEM, JSON} if one["operationId"] == "health_readyz" else {PROBLEM})
    assert not {"HTTPValidationError", "ValidationError"} & set(DOCUMENT["components"]["schemas"])
