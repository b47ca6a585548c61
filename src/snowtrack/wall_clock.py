"""The one place that looks at the clock: the shell asks here, the core is told."""

import time
from datetime import datetime

from snowtrack.model.calendar import TOKYO, YEARS, instant_us
from snowtrack.model.errors import ConfigError


def now_us() -> int:
    return time.time_ns() // 1_000


def read_time(text: str | None) -> int:
    """A time as people in Japan write it, or with an offset; nothing is now."""
    if text is None:
        return now_us()
    try:
        return instant_us(datetime.fromisoformat(text), TOKYO)
    except ValueError:
        raise ConfigError(f"{text!r} is no time; expected one in Japan such as '2026-12-01 06:30', {YEARS}") from None
