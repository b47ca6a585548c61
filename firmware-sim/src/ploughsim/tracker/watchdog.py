"""The watchdog: it bites when it was not fed for too long. It begins to watch at the first time that it hears of."""


class Watchdog:
    def __init__(self, limit_s: float) -> None:
        """Without a limit it never bites."""
        self._limit_s = limit_s
        self._fed_at: float | None = None

    def feed(self, now: float) -> None:
        self._fed_at = now

    def bites(self, now: float) -> bool:
        if self._fed_at is None:
            self._fed_at = now
        return self._limit_s > 0 and now - self._fed_at >= self._limit_s
