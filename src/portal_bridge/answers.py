"""Answers of the API, and the shelf on which those stand that may be kept."""

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Self

from isal.igzip import compress
from starlette.responses import Response

KEPT_STATUSES = (200, 204)
# What else an answer says is between the API and the portal.
SAID = ("content-type", "content-encoding", "etag", "cache-control", "vary", "retry-after")
OF_CONTENT = ("content-type", "content-encoding")
GZIP = "gzip"
COMPRESSED_MIN = 1_000
# What an answer takes besides its content and its question.
ANSWER_BYTES = 1_000
_MAX_AGE = re.compile(r"max-age=([0-9]{1,9})")
_NOT_FOR_ALL = re.compile(r"no-store|no-cache|private")


class Question(NamedTuple):
    """What answers depend on; on the host by which they were asked for, where they name it."""

    address: str
    host: str
    encoding: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """As it came, at `came_s` of a clock that only counts; it may be given to others for `fresh_s` from then on."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    came_s: float
    fresh_s: float

    @classmethod
    def of(cls, status: int, headers: Mapping[str, str], content: bytes, came_s: float) -> Self:
        said = {name: headers[name] for name in SAID if name in headers}
        fresh_s = _fresh_s(headers) if status in KEPT_STATUSES else 0.0
        return cls(status=status, headers=said, content=content, came_s=came_s, fresh_s=fresh_s)

    def compressed(self) -> Self:
        """As it goes to phones, where the API sends it as it is."""
        if "content-encoding" in self.headers or len(self.content) < COMPRESSED_MIN:
            return self
        headers = {**self.headers, "content-encoding": GZIP, "vary": "accept-encoding"}
        return replace(self, headers=headers, content=compress(self.content, mtime=0))

    def is_fresh(self, now_s: float) -> bool:
        return now_s - self.came_s < self.fresh_s

    def respond(self, known: str, now_s: float) -> Response:
        """The whole of it, or that it is what the reader has, by the etags that `known` lists."""
        said = {**self.headers, "age": str(int(now_s - self.came_s))} if self.fresh_s else dict(self.headers)
        etag = said.get("etag")
        if self.status == 200 and etag is not None and etag in re.split(r"\s*,\s*", known):
            return Response(status_code=304, headers={key: said[key] for key in said if key not in OF_CONTENT})
        return Response(self.content, self.status, said)


def _fresh_s(headers: Mapping[str, str]) -> float:
    """Without what it has been kept on its way."""
    said = headers.get("cache-control", "")
    found = _MAX_AGE.search(said)
    if found is None or _NOT_FOR_ALL.search(said):
        return 0.0
    age = headers.get("age", "0")
    return max(0.0, float(found[1]) - (float(age) if age.isdecimal() else 0.0))


@dataclass(slots=True)
class Shelf:
    """Answers while they are fresh; those that nobody asked for longest go when there are too many."""

    bytes_max: int
    bytes: int = 0
    answers: OrderedDict[Question, Answer] = field(default_factory=OrderedDict)

    def find(self, question: Question, now_s: float) -> Answer | None:
        answer = self.answers.get(question)
        if answer is None:
            return None
        if not answer.is_fresh(now_s):
            self._remove(question)
            return None
        self.answers.move_to_end(question)
        return answer

    def put(self, question: Question, answer: Answer) -> None:
        self._remove(question)
        self.answers[question] = answer
        self.bytes += _size(question, answer)
        while self.bytes > self.bytes_max:
            self._remove(next(iter(self.answers)))

    def forget(self, prefix: str) -> None:
        """All whose address begins so."""
        for question in [one for one in self.answers if one.address.startswith(prefix)]:
            self._remove(question)

    def _remove(self, question: Question) -> None:
        known = self.answers.pop(question, None)
        self.bytes -= 0 if known is None else _size(question, known)


def _size(question: Question, answer: Answer) -> int:
    """Who asks says how long the question is."""
    return sum(map(len, question)) + len(answer.content) + ANSWER_BYTES
