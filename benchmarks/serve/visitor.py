"""Who asks one thing after another over one connection, as a browser does: compressed answers are welcome."""

import time
from collections.abc import Callable
from gzip import decompress
from http.client import HTTPConnection
from typing import NamedTuple, Self

WAIT_S_MAX = 60.0
ANSWERED = (200, 204)


class Answer(NamedTuple):
    """How long it took, and the bytes as they came over the wire."""

    ms: float
    wire: bytes
    encoding: str
    etag: str

    @property
    def content(self) -> bytes:
        return decompress(self.wire) if self.encoding == "gzip" else self.wire


class Visitor:
    """Ready-made HTTP of the standard library: a heavier client would be measured with whoever is asked."""

    def __init__(self, port: int) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=WAIT_S_MAX)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def ask(self, path: str) -> Answer:
        began_s = time.perf_counter()
        self.connection.request("GET", path, headers={"accept-encoding": "gzip"})
        answer = self.connection.getresponse()
        wire = answer.read()
        ms = (time.perf_counter() - began_s) * 1e3
        if answer.status not in ANSWERED:
            raise RuntimeError(f"{path} was answered {answer.status}: {wire[:200]!r}")
        return Answer(ms, wire, answer.getheader("content-encoding", ""), answer.getheader("etag", ""))

    def ask_until(self, path: str, fits: Callable[[Answer], bool], wait_s: float) -> None:
        """Again and again, for what is told to others before it is told here."""
        by_s = time.monotonic() + wait_s
        while not fits(self.ask(path)):
            if time.monotonic() > by_s:
                raise TimeoutError(f"{path} was not what was awaited within {wait_s:.0f} s")
