"""`python -m benchmarks.serve.asker PORT PER_S SECONDS FILE`: asks so often, whatever the answers take.

A process of its own. The paths in FILE, one a line, are asked in turn. Each question is due at an instant; when all
connections wait, it waits too, and its time counts from when it was due. Each path is asked once before, uncounted.
"""

import asyncio
import sys
from collections import deque
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
import orjson
import uvloop
from httptools import HttpResponseParser

CONNECTIONS = 64
REST_S_MAX = 30.0
REQUEST = "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\n\r\n"
ANSWERED = (200, 204)


class Question(NamedTuple):
    due_s: float
    request: bytes


class Line(asyncio.Protocol):
    """One connection: one question at a time, then the next that waits."""

    def __init__(self, desk: "Desk") -> None:
        self.desk = desk
        self.parser = HttpResponseParser(self)
        self.asked: Question | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's are not asyncio's, and have the same verbs.
        self.transport = cast(asyncio.WriteTransport, transport)
        self.desk.free.append(self)

    def ask(self, question: Question) -> None:
        self.asked = question
        self.transport.write(question.request)

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_message_complete(self) -> None:
        self.desk.answered(self, self.parser.get_status_code())

    def connection_lost(self, _: Exception | None) -> None:
        self.desk.lost(self)


class Desk:
    """What waits, who is free, and what came back."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.free: deque[Line] = deque()
        self.waiting: deque[Question] = deque()
        self.open = 0
        self.errors = 0
        self.late_s: list[float] = []
        self.at_s: list[float] = []
        self.all_answered = asyncio.Event()

    def put(self, question: Question) -> None:
        self.open += 1
        self.all_answered.clear()
        self.waiting.append(question)
        self._ask()

    def answered(self, line: Line, status: int) -> None:
        now_s, asked = self.loop.time(), line.asked
        self.errors += status not in ANSWERED
        if asked is not None:
            self.late_s.append(now_s - asked.due_s)
            self.at_s.append(now_s)
            self._done()
        line.asked = None
        self.free.append(line)
        self._ask()

    def lost(self, line: Line) -> None:
        """Whoever was asked and hung up has made an error."""
        if line in self.free:
            self.free.remove(line)
        if line.asked is not None:
            self.errors += 1
            self._done()

    def _ask(self) -> None:
        while self.waiting and self.free:
            self.free.popleft().ask(self.waiting.popleft())

    def _done(self) -> None:
        self.open -= 1
        if not self.open:
            self.all_answered.set()


async def ask(port: int, per_s: float, seconds: float, paths: list[str]) -> dict[str, float]:
    """All that are due, and until the last of them is answered."""
    loop = asyncio.get_running_loop()
    desk = Desk(loop)
    requests = [REQUEST.format(path=path).encode() for path in paths]
    for _ in range(CONNECTIONS):
        await loop.create_connection(lambda: Line(desk), "127.0.0.1", port)
    for request in requests:
        desk.put(Question(loop.time(), request))
    await asyncio.wait_for(desk.all_answered.wait(), REST_S_MAX)
    desk.late_s.clear()
    desk.at_s.clear()
    print("ready", flush=True)
    began_s, count = loop.time(), int(per_s * seconds)
    for number in range(count):
        due_s = began_s + number / per_s
        if (left_s := due_s - loop.time()) > 0:
            await asyncio.sleep(left_s)
        desk.put(Question(due_s, requests[number % len(requests)]))
    await asyncio.wait_for(desk.all_answered.wait(), REST_S_MAX)
    p50_ms, p99_ms = np.quantile(desk.late_s, [0.5, 0.99], method="higher") * 1e3
    in_time = sum(at_s <= began_s + seconds for at_s in desk.at_s)
    return {"asked": count, "errors": desk.errors, "per_s": in_time / seconds, "p50_ms": p50_ms, "p99_ms": p99_ms}


def main() -> None:
    port, per_s, seconds, file = sys.argv[1:]
    paths = Path(file).read_text("utf-8").split()
    said = uvloop.run(ask(int(port), float(per_s), float(seconds), paths))
    sys.stdout.buffer.write(orjson.dumps(said, option=orjson.OPT_SERIALIZE_NUMPY))


if __name__ == "__main__":
    main()
