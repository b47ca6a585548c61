"""An example of each answer, by the name of its operation; and what an answer has whenever it is one.

Examples are real answers, shortened; a test holds them against those of today. What all items of a list in an example
have, each has; what one of them lacks is there only where it is known.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

FOLDER = Path(__file__).with_name("examples")
Schema = dict[str, Any]
KINDS: Mapping[type, str] = {bool: "boolean", int: "number", float: "number", str: "string", dict: "object"}


def read_examples() -> dict[str, Any]:
    """All of them; each file has those of one tag."""
    files = sorted(FOLDER.glob("*.json"))
    return {name: example for file in files for name, example in orjson.loads(file.read_bytes()).items()}


def schema_of(example: Mapping[str, Any]) -> Schema:
    """Of answers like this one: their parts are always there, null where nothing is known."""
    parts = {name: _part(value) for name, value in example.items()}
    return {"type": "object", "required": list(example), "properties": parts}


def common_parts(items: list[Any]) -> list[str]:
    """What all of them have, in the order of the first."""
    return [name for name in items[0] if all(name in item for item in items)]


def _part(value: Any) -> Schema:  # noqa: ANN401 - what JSON holds
    if isinstance(value, list):
        objects = bool(value) and isinstance(value[0], Mapping)
        items = {"items": {"type": "object", "required": common_parts(value)}} if objects else {}
        return {"type": "array", **items}
    return {} if value is None else {"type": [KINDS[type(value)], "null"]}
