"""What the portal passes on of the API: these addresses, these questions, and nothing else."""

import re
from collections.abc import Mapping
from urllib.parse import urlencode

LIVE = "/v1/live/public"
ADDRESS_MAX = 2_000
# Of each the names that may be asked for. The version that pages add, for caches on the way, makes no other answer.
PASSED_ON = tuple(
    (re.compile(path), names)
    for path, names in (
        (r"/v1/network", ()),
        (r"/v1/state/[0-9A-Za-z._-]{1,100}\.bin", ("cut",)),
        (r"/v1/roads", ("after", "limit", "near", "q", "within_m")),
        (r"/v1/summaries/class", ()),
        (r"/tiles/roads\.json", ()),
        (r"/tiles/roads/[0-9]{1,2}/[0-9]{1,5}/[0-9]{1,5}\.mvt", ()),
    )
)


def address_at_source(path: str, query: Mapping[str, str]) -> str | None:
    """Where the API has it, spelt in one way however it was asked for; nothing for what is not passed on."""
    names = next((names for pattern, names in PASSED_ON if pattern.fullmatch(path)), None)
    if names is None:
        return None
    asked = urlencode([(name, query[name]) for name in names if name in query])
    address = f"{path}?{asked}" if asked else path
    return address if len(address) <= ADDRESS_MAX else None
