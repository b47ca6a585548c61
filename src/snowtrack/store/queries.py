"""The statements of `sql/queries.sql`, by name."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import LiteralString, cast

_HEADER = re.compile(r"^-- (\w+): .*$", re.MULTILINE)


@cache
def _queries() -> Mapping[str, LiteralString]:
    text = files("snowtrack.store").joinpath("sql/queries.sql").read_text("utf-8")
    _, *parts = _HEADER.split(text)
    # The file is part of the program, so its text is as literal as a string in the source.
    return {name: cast(LiteralString, body.strip()) for name, body in zip(parts[::2], parts[1::2], strict=True)}


def query(name: str) -> LiteralString:
    """The statement of this name."""
    return _queries()[name]
