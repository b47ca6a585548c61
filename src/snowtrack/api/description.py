"""What the API says of itself (OpenAPI): names of operations, in which form each answers, and how each refuses.

A route says what is particular to it; what holds for many is said here, by rules, and so of new routes too.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from fastapi import FastAPI
from fastapi.routing import APIRoute

from snowtrack.api.bodies import LARGE
from snowtrack.api.devices import XLSX
from snowtrack.api.example_answers import read_examples, schema_of
from snowtrack.api.formats import CSV, GEOJSON
from snowtrack.api.limits import FREE
from snowtrack.api.state_arrays import MEDIA_TYPE as STATE_ARRAY
from snowtrack.api.tile_shelf import MEDIA_TYPE as TILE
from snowtrack.model.ids import ID_PATTERN

PROBLEM = "application/problem+json"
JSON = "application/json"
EVENTS = "text/event-stream"
# What FastAPI would say of bodies that it refuses.
FOREIGN = ("HTTPValidationError", "ValidationError")
FORMS = {
    ".csv": CSV,
    ".geojson": GEOJSON,
    ".xlsx": XLSX,
    ".mvt": TILE.decode(),
    ".bin": STATE_ARRAY,
    "/v1/segments": GEOJSON,
    "/v1/trails": GEOJSON,
    "/v1/live": EVENTS,
    "/v1/live/public": EVENTS,
    "/metrics": "text/plain",
}
"""What is no JSON, by how its address ends."""
KEPT = ("/v1/segments", "/v1/segments.csv", ".geojson", ".bin", ".mvt")
FORM_SCHEMAS: Mapping[str, dict[str, Any]] = {
    EVENTS: {
        "type": "object",
        "description": "Each event; `data` is JSON.",
        "required": ["event", "data"],
        "properties": {
            "event": {"enum": ["snapshot", "delta", "heads", "summary", "cut"]},
            "id": {"type": "string"},
            "data": {"type": "string", "contentMediaType": JSON},
        },
    },
    "text/": {"type": "string"},
    GEOJSON: {
        "type": "object",
        "required": ["type", "features"],
        "properties": {
            "type": {"const": "FeatureCollection"},
            "features": {"type": "array", "items": {"type": "object", "required": ["type", "geometry", "properties"]}},
        },
    },
    "application/": {"type": "string", "format": "binary"},
}
# Parts of addresses that are names of the registry.
NAMES = ("agency", "device", "sensor")
PROBLEM_SCHEMA = {
    "title": "Problem",
    "description": "Why something was refused (RFC 9457).",
    "type": "object",
    "required": ["status", "detail"],
    "properties": {
        "status": {"type": "integer", "minimum": 400, "maximum": 599, "description": "that of the answer"},
        "detail": {"type": "string", "description": "what was expected, in English"},
        "problems": {
            "type": "array",
            "items": {"type": "string"},
            "description": "all of them, where each is looked for",
        },
    },
    "example": {"status": 422, "detail": "query.limit: Input should be less than or equal to 1000"},
}
Operation = dict[str, Any]


class Asked(NamedTuple):
    """An operation, and at which address."""

    path: str
    operation: Operation

    @property
    def has_door(self) -> bool:
        return "security" in self.operation

    @property
    def takes_body(self) -> bool:
        return "requestBody" in self.operation

    @property
    def reads_body_itself(self) -> bool:
        return self.takes_body and self.path.startswith(LARGE)

    @property
    def can_be_wrong(self) -> bool:
        return self.takes_body or bool(self.operation.get("parameters"))


class Rule(NamedTuple):
    """When such an answer may come, and what it means."""

    when: Callable[[Asked], bool]
    meaning: str


ANSWERS: Mapping[str, Rule] = {
    "204": Rule(lambda one: one.path.endswith(".mvt"), "There is nothing to show"),
    "304": Rule(lambda one: one.path.endswith(KEPT), "The same as what If-None-Match names"),
    "400": Rule(lambda _: True, "What was asked cannot be understood"),
    "401": Rule(lambda one: one.has_door, "Nobody is signed in, and no good key is shown"),
    "403": Rule(lambda one: one.has_door, "The right to this is not given"),
    "404": Rule(lambda one: "{" in one.path, "There is no such thing here"),
    "408": Rule(lambda one: one.reads_body_itself, "The body did not come in time"),
    "413": Rule(lambda one: one.takes_body, "The body is too large"),
    "415": Rule(lambda one: one.reads_body_itself, "The body has another form"),
    "422": Rule(lambda one: one.can_be_wrong, "The first thing that is wrong, and what is expected there"),
    "429": Rule(lambda one: one.path not in FREE, "Too many requests from this address: wait for Retry-After"),
    "503": Rule(lambda one: one.path not in FREE, "Not available just now: ask again"),
}


def operation_id(route: APIRoute) -> str:
    """Of what it is, and what it does; stable, since programs are made from it."""
    tag = str(route.tags[0])
    return route.name if tag in route.name.split("_") else f"{tag}_{route.name}"


def describe(app: FastAPI) -> None:
    """Let the application describe itself by these rules."""
    by_fastapi = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(by_fastapi())
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's own way to extend it


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in FOREIGN:
        schemas.pop(name, None)
    schemas["Problem"] = PROBLEM_SCHEMA
    examples = read_examples()
    for path, operations in document["paths"].items():
        for operation in operations.values():
            operation["summary"] = _summary(operation["description"])
            _say_names(operation.get("parameters", []))
            _say_form(path, operation["responses"])
            _show(operation["responses"], examples.get(operation["operationId"]))
            _say_answers(Asked(path, operation))
    return document


def _summary(description: str) -> str:
    """The first of it, up to where it goes into detail."""
    return re.split(r"[.;](?=\s)", " ".join(description.split()), maxsplit=1)[0].removesuffix(".")


def _say_names(parameters: list[dict[str, Any]]) -> None:
    for one in parameters:
        if one["in"] == "path" and one["name"] in NAMES:
            one["schema"].setdefault("pattern", f"^{ID_PATTERN.pattern}$")


def _say_form(path: str, responses: dict[str, Any]) -> None:
    form = next((form for end, form in FORMS.items() if path.endswith(end)), None)
    if form is not None:
        schema = next((schema for begin, schema in FORM_SCHEMAS.items() if form.startswith(begin)), {})
        responses["200"]["content"] = {form.partition(";")[0]: {"schema": schema}}


def _show(responses: dict[str, Any], example: object) -> None:
    """An example in each form of which there is one, and of JSON what it always has."""
    for status, answer in responses.items():
        for form, content in answer.get("content", {}).items():
            if status < "300" and example is not None:
                content.setdefault("example", example)
            if form == JSON and "example" in content:
                content["schema"] = schema_of(content["example"])


def _say_answers(asked: Asked) -> None:
    responses = asked.operation["responses"]
    if responses.get("422", {}).get("description") == "Validation Error":
        del responses["422"]
    for status, rule in ANSWERS.items():
        if rule.when(asked):
            responses.setdefault(status, {"description": rule.meaning})
    for status, answer in responses.items():
        if status >= "400" and not answer.get("content"):
            answer["content"] = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    asked.operation["responses"] = dict(sorted(responses.items()))
