"""How long to wait before trying again: 1 s, then twice as long each time up to 5 min, always a random part shorter."""

from ploughsim.chance import uniform

_FIRST_S, _LONGEST_S = 1.0, 300.0
_SHORTER_BY = 0.5


class Backoff:
    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._wait_s = _FIRST_S
        self._draws = 0

    def wait_s(self) -> float:
        """For the next try. A fleet that lost its network together does not come back in step."""
        self._draws += 1
        wait_s = self._wait_s * (1 - _SHORTER_BY * uniform(self._seed, self._draws))
        self._wait_s = min(2 * self._wait_s, _LONGEST_S)
        return wait_s

    def succeeded(self) -> None:
        self._wait_s = _FIRST_S
