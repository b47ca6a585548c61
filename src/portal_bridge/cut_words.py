"""The API's word for each new public cut, heard once and given to all residents who listen."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

import httpx

from portal_bridge.public_routes import LIVE

# The API says something every 15 s.
SILENCE_S = 45.0
AGAIN_S = 2.0
IDLE_S = 15.0
IDLE = b": nothing new\n\n"
LINES_MAX = 16


class Word(NamedTuple):
    """One event as it came, and its id, by which readers come back."""

    id: str
    content: bytes


@dataclass(slots=True, kw_only=True)
class CutWords:
    """Readers are told the newest word alone, so that none has a queue."""

    client: httpx.AsyncClient
    on_new: Callable[[], None]
    readers_max: int
    of_one_max: int
    readers: Counter[str] = field(default_factory=Counter)
    word: Word | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def is_full(self, reader: str) -> bool:
        """For one more at all, and for one more of this address."""
        return self.readers.total() >= self.readers_max or self.readers[reader] >= self.of_one_max

    async def follow(self) -> None:
        """Until cancelled; an API that is away is asked again and again."""
        while True:
            # Residents see by the age of what they have that nothing newer comes.
            with suppress(httpx.HTTPError):
                await self._listen()
            await asyncio.sleep(AGAIN_S)

    async def events(self, reader: str, known: str) -> AsyncGenerator[bytes, None]:
        """For one reader, whose last word had that id."""
        self.readers[reader] += 1
        try:
            while True:
                word, changed = self.word, self.changed
                if word is not None and word.id != known:
                    known = word.id
                    yield word.content
                    continue
                try:
                    async with asyncio.timeout(IDLE_S):
                        await changed.wait()
                except TimeoutError:
                    yield IDLE
        finally:
            self.readers[reader] -= 1
            if not self.readers[reader]:
                del self.readers[reader]

    async def _listen(self) -> None:
        patience = httpx.Timeout(SILENCE_S)
        async with self.client.stream("GET", LIVE, timeout=patience) as response:
            response.raise_for_status()
            lines: deque[str] = deque(maxlen=LINES_MAX)
            async for line in response.aiter_lines():
                lines.append(line)
                if not line:
                    self._hear(list(lines))
                    lines.clear()

    def _hear(self, lines: list[str]) -> None:
        if "event: cut" not in lines:
            return
        id_ = next((line.removeprefix("id: ") for line in lines if line.startswith("id: ")), "")
        word = Word(id_, "\n".join([*lines, ""]).encode())
        if word != self.word:
            self.word = word
            self.on_new()
            self.changed.set()
            self.changed = asyncio.Event()
