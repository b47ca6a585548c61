"""The load generator against a server of our own: it keeps its rate, and counts what goes wrong."""

import asyncio
from collections import Counter

import pytest

from benchmarks.serve.asker import ask

GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
NOTHING = b"HTTP/1.1 204 No Content\r\n\r\n"
BAD = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"


class Server:
    """Answers by the path, hangs up where it knows none, and counts."""

    def __init__(self, answers: dict[str, bytes]) -> None:
        self.answers = answers
        self.asked: Counter[str] = Counter()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                path = head.split()[1].decode()
                self.asked[path] += 1
                if path not in self.answers:
                    break
                writer.write(self.answers[path])
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


def asked(server: Server, paths: list[str], per_s: float = 200, seconds: float = 0.5) -> dict[str, float]:
    async def run() -> dict[str, float]:
        async with await asyncio.start_server(server.serve, "127.0.0.1", 0) as listening:
            port = listening.sockets[0].getsockname()[1]
            return await ask(port, per_s, seconds, paths)

    return asyncio.run(run())


def test_every_path_is_asked_once_before_and_then_in_turn(capsys: pytest.CaptureFixture[str]) -> None:
    server = Server({"/a": GOOD, "/b": NOTHING})
    said = asked(server, ["/a", "/a", "/b", "/a"])
    assert said["asked"] == 100
    assert said["errors"] == 0
    assert server.asked == {"/a": 3 + 75, "/b": 1 + 25}
    assert capsys.readouterr().out == "ready\n"


def test_a_time_is_that_of_each_question_from_when_it_was_due() -> None:
    said = asked(Server({"/a": GOOD}), ["/a"])
    assert 0 < said["p50_ms"] <= said["p99_ms"]
    assert 0 < said["per_s"] <= 200


def test_refusals_are_errors_and_the_others_are_still_asked() -> None:
    said = asked(Server({"/a": GOOD, "/b": BAD}), ["/a", "/b"])
    assert said["asked"] == 100
    assert said["errors"] == 1 + 50


def test_who_hangs_up_makes_an_error_and_nobody_waits_for_the_answer() -> None:
    said = asked(Server({"/a": GOOD}), ["/a", "/gone"], per_s=20)
    assert said["errors"] == 1 + 5
