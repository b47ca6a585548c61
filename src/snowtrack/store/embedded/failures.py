"""What went wrong, from what a program of PostgreSQL's said."""

import re

_FAILURE = re.compile(r"(?:FATAL|PANIC|error): +(.+)")


def failure_in(output: str) -> str:
    """The last line in which a program of PostgreSQL's says what went wrong, else its last line."""
    failures = _FAILURE.findall(output)
    return str(failures[-1]) if failures else (output.strip().splitlines() or ["it said nothing"])[-1]
