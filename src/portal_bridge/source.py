"""The API as the portal asks it: each question once, however many residents have it, and what may be kept not again."""

import asyncio
import time
from collections.abc import Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from portal_bridge.answers import GZIP, Answer, Question, Shelf

ASKED_MAX = 64
ANSWER_S = 15.0
CONTENT_BYTES_MAX = 16 * 1024 * 1024
KEPT_BYTES_MAX = 128 * 1024 * 1024
# What changes with the public's cut; tiles of roads change with the network alone, which is in their address.
OF_THE_CUT = "/v1/"


class SourceAwayError(Exception):
    """snowtrack does not answer, or not as it should."""


def source_client(api: str) -> httpx.AsyncClient:
    """One connection for each question, one for the stream; nobody's cookies come or go by it."""
    nobodys = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    limits = httpx.Limits(max_connections=ASKED_MAX + 1)
    return httpx.AsyncClient(base_url=api, timeout=ANSWER_S, limits=limits, cookies=nobodys)


class Source:
    """One per application."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.shelf = Shelf(KEPT_BYTES_MAX)
        # By the cut, too: what was asked before a new one may tell of the one before.
        self.asked: dict[tuple[Question, int], asyncio.Task[Answer]] = {}
        self.cuts = 0

    async def ask(self, question: Question, caller: Mapping[str, str]) -> Answer:
        """`caller` is said to the API in headers, for its limits and addresses. Whoever has the same question at the
        same time gets the same answer."""
        kept = self.shelf.find(question, time.monotonic())
        if kept is not None:
            return kept
        task = self.asked.get((question, self.cuts)) or self._begin(question, caller)
        # Whoever goes away takes the answer from nobody.
        return await asyncio.shield(task)

    def begin_cut(self) -> None:
        """There is a new public cut: what was said of the one before is not said again."""
        self.cuts += 1
        self.shelf.forget(OF_THE_CUT)

    def _begin(self, question: Question, caller: Mapping[str, str]) -> asyncio.Task[Answer]:
        if len(self.asked) >= ASKED_MAX:
            raise SourceAwayError("too many questions at once")
        task = asyncio.create_task(self._answer(question, caller))
        asked = question, self.cuts
        self.asked[asked] = task
        task.add_done_callback(lambda done: self._end(asked, done))
        return task

    def _end(self, asked: tuple[Question, int], task: asyncio.Task[Answer]) -> None:
        del self.asked[asked]
        if not task.cancelled():
            # Looked at here, since all who asked may be gone.
            task.exception()

    async def _answer(self, question: Question, caller: Mapping[str, str]) -> Answer:
        cuts = self.cuts
        named = {"host": question.host} if question.host else {}
        headers = {**caller, **named, "accept-encoding": question.encoding}
        try:
            async with (
                asyncio.timeout(ANSWER_S),
                self.client.stream("GET", question.address, headers=headers) as response,
            ):
                content = await _content(response)
        except (httpx.HTTPError, TimeoutError) as error:
            raise SourceAwayError(repr(error)) from error
        if not (response.is_success or response.is_client_error):
            raise SourceAwayError(f"it answers {response.status_code}")
        answer = Answer.of(response.status_code, response.headers, content, time.monotonic())
        if question.encoding == GZIP:
            answer = answer.compressed()
        if answer.fresh_s and cuts == self.cuts:
            self.shelf.put(question, answer)
        return answer


async def _content(response: httpx.Response) -> bytes:
    """As it goes over the wire."""
    content = bytearray()
    async for part in response.aiter_raw():
        content += part
        if len(content) > CONTENT_BYTES_MAX:
            raise SourceAwayError("its answer has no end")
    return bytes(content)
