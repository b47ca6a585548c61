"""What is sent to us: in which form, unpacked, up to a bound. A refusal is an HTTP error that says why."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from io import BytesIO
from typing import Annotated, NamedTuple

from fastapi import HTTPException, Request
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from snowtrack.api.context import Context
from snowtrack.api.errors import RETRY, problem
from snowtrack.model.calendar import instant_us
from snowtrack.nmea.unpack import ZstdError, ZstdFile

BODY_BYTES_MAX = 4 * 1024 * 1024
BODY_S_MAX = 60.0
FORM_BYTES_MAX = 256 * 1024
LARGE = ("/v1/observations/", "/v1/snow/", "/v1/states")
CODINGS = ("gzip", "zstd")


def _of_our_time(at: datetime) -> datetime:
    instant_us(at, UTC)
    return at


def _as_people_write(told: object) -> object:
    """Not as a count of seconds or milliseconds: which of them, would be guessed by its size."""
    counted = not isinstance(told, str | datetime | None) or (isinstance(told, str) and "-" not in told[1:])
    if counted:
        raise ValueError("expected a time such as 2027-01-14T06:00:00+09:00")
    return told


WRITTEN = BeforeValidator(_as_people_write)
Instant = Annotated[AwareDatetime, WRITTEN, AfterValidator(_of_our_time)]
"""With an offset, and in a year that can be kept."""


Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]
"""One that can be kept: PostgreSQL has texts without NUL only."""


class AddressesWithoutNul:
    """Refuses the others: they would be looked for where there cannot be any."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and ("\0" in scope["path"] or b"%00" in scope["query_string"]):
            await problem(400, "expected an address without NUL")(scope, receive, send)
        else:
            await self.app(scope, receive, send)


class BoundedBodies:
    """Ends requests whose bodies are larger than forms are, before they are in memory; routes that take more read their
    bodies themselves, after the door."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        bytes_max = BODY_BYTES_MAX + 1 if scope.get("path", "").startswith(LARGE) else FORM_BYTES_MAX
        size = 0

        async def receive_bounded() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > bytes_max:
                raise HTTPException(413, f"more than {bytes_max} bytes")
            return message

        await self.app(scope, receive_bounded if scope["type"] == "http" else receive, send)


class Body(NamedTuple):
    """Its content type, without parameters, and its bytes."""

    form: str
    content: bytes


@asynccontextmanager
async def room(shared: Context) -> AsyncIterator[None]:
    """Few bodies are in memory at once."""
    if shared.uploads.locked():
        raise HTTPException(503, "many are sending just now", RETRY)
    async with shared.uploads:
        yield


async def read_body(request: Request, forms: Collection[str]) -> Body:
    """The body of a request that may send one of these forms."""
    form = form_of(request, forms)
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("identity", *CODINGS):
        raise HTTPException(415, f"expected the content encoding {' or '.join(CODINGS)}, or none")
    try:
        async with asyncio.timeout(BODY_S_MAX):
            content = await bounded(request)
    except TimeoutError:
        raise HTTPException(408, f"expected the whole body within {BODY_S_MAX:.0f} s") from None
    return Body(form, await asyncio.to_thread(_unpacked, content, coding))


def form_of(request: Request, forms: Collection[str]) -> str:
    """One of these. Others are what a browser sends to strangers without asking them."""
    form = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if form not in forms:
        raise HTTPException(415, f"expected the content type {' or '.join(forms)}")
    return form


async def bounded(request: Request) -> bytes:
    """All of the body as it is sent."""
    content = bytearray()
    async for part in request.stream():
        content += part
        _expect_size(len(content))
    return bytes(content)


def _unpacked(content: bytes, coding: str) -> bytes:
    """At most one byte more than is allowed is unpacked."""
    if coding == "identity":
        return content
    try:
        with gzip.GzipFile(fileobj=BytesIO(content)) if coding == "gzip" else ZstdFile(BytesIO(content)) as packed:
            plain: bytes = packed.read(BODY_BYTES_MAX + 1)
    except (OSError, EOFError, zlib.error, ZstdError):
        raise HTTPException(422, f"body: expected {coding}, whole") from None
    _expect_size(len(plain))
    return plain


def _expect_size(size: int) -> None:
    if size > BODY_BYTES_MAX:
        raise HTTPException(413, f"more than {BODY_BYTES_MAX // 2**20} MiB; send it in parts")
