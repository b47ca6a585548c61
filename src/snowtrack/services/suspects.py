"""Which message it is that cannot be worked off, when something fails that is no outage.

What failed is tried again, from what is stored, in halves until it is one message. When that fails on its own it goes
to quarantine, and all others on their way: to be alone in hand once is not enough, since other work fails too.
"""

from collections.abc import Sequence

import structlog

from snowtrack.sources.source import Delivery

# So many, with none between them that could be worked off: then it is not the messages.
IN_A_ROW_MAX = 10

log = structlog.get_logger()

Sent = tuple[object, ...]


class Suspects:
    """`unfit` are those that were found, `trying` the batches being worked off, `at_once` how many messages may be.
    While it is `searching`, what was worked off may come again.
    """

    def __init__(self) -> None:
        self.unfit: set[Sent] = set()
        self.trying: Sequence[Sequence[Delivery]] = ()
        self.at_once: int | None = None
        self.in_a_row = 0
        self.searching = False

    def part(self, deliveries: Sequence[Delivery]) -> Sequence[Delivery]:
        """The first of them, as many as may be tried at once."""
        part = deliveries[: self.at_once]
        self.trying = (part,)
        return part

    def parted(self, deliveries: Sequence[Delivery]) -> tuple[list[Delivery], list[Delivery]]:
        """Those to be worked off, and those that cannot be."""
        if not self.unfit:
            return list(deliveries), []
        fit = [one for one in deliveries if _sent(one) not in self.unfit]
        return fit, [one for one in deliveries if _sent(one) in self.unfit]

    def passed(self) -> None:
        """What was tried is committed."""
        if any(_sent(one) not in self.unfit for part in self.trying for one in part):
            self.in_a_row = 0
        self.trying = ()

    def end(self) -> None:
        """Nothing waits any more of what failed."""
        self.at_once = None
        self.searching = False
        self.unfit.clear()

    def failed(self, error: Exception) -> bool:
        """Whether looking for one message can help."""
        tried = [one for part in self.trying for one in part]
        fit, _ = self.parted(tried)
        self.trying = ()
        if not fit or self.in_a_row >= IN_A_ROW_MAX:
            return False
        self.searching = True
        if len(fit) == 1 and self.at_once is not None:
            log.error("ingest: a message cannot be worked off", device=str(fit[0].device), channel=fit[0].channel)
            self.unfit.add(_sent(fit[0]))
            self.in_a_row += 1
            self.at_once = None
        else:
            self.at_once = (len(tried) + 1) // 2
            log.error("ingest: messages cannot be worked off, looking for one", of=len(fit), exc_info=error)
        return True


def _sent(delivery: Delivery) -> Sent:
    """The message, however it came."""
    return delivery[:4]
