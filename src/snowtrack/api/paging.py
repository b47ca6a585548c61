"""Lists of what an agency calls by a name, in pages: each goes on after the last one of the page before."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Annotated, TypeVar

from fastapi import Query

ID_MAX = 200
Item = TypeVar("Item")
After = Annotated[str, Query(max_length=ID_MAX, description="continue after this agency/name")]
Limit = Annotated[int, Query(ge=1, le=1_000)]


def page(
    found: Iterable[Item], key: Callable[[Item], tuple[str, str]], after: str, limit: int
) -> tuple[list[Item], str | None]:
    """So many of them in the order of their keys, in which they come; and after which to continue, while there is
    more."""
    begin = tuple(after.partition("/")[::2])
    rest = (one for one in found if not after or key(one) > begin)
    shown = list(islice(rest, limit))
    more = next(rest, None) is not None
    return shown, "/".join(key(shown[-1])) if more else None
