"""What can go wrong with a request, as problem+json (RFC 9457): one table from error to status."""

from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from psycopg import Error as DatabaseError
from starlette.exceptions import HTTPException

from snowtrack.live.hub import TooManySubscribersError
from snowtrack.model.errors import StoreError
from snowtrack.serving import SECURITY_HEADERS

RETRY = {"retry-after": "5"}


class NotFoundError(Exception):
    """There is no such thing here."""


class BadRequestError(Exception):
    """The request cannot be understood."""


STATUS: Mapping[type[Exception], int] = {
    NotFoundError: 404,
    BadRequestError: 400,
    TooManySubscribersError: 503,
    StoreError: 503,
    DatabaseError: 503,
}


def add_error_handlers(app: FastAPI) -> None:
    """Answer every error in the same form, without inner details."""

    async def answer(_request: Request, error: Exception) -> JSONResponse:
        kind = next(kind for kind in type(error).__mro__ if kind in STATUS)
        status = STATUS[kind]
        detail = str(error) if status < 500 else (kind.__doc__ or "not available just now").splitlines()[0]
        return problem(status, detail)

    async def answer_http(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
        return problem(error.status_code, error.detail, error.headers)

    async def answer_invalid(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for nothing else
        first = error.errors()[0]
        return problem(422, f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}")

    async def answer_broken(_request: Request, _error: Exception) -> JSONResponse:
        return problem(500, "something broke here; the server's log says what", SECURITY_HEADERS)

    for kind in STATUS:
        app.add_exception_handler(kind, answer)
    app.add_exception_handler(Exception, answer_broken)
    app.add_exception_handler(HTTPException, answer_http)
    app.add_exception_handler(RequestValidationError, answer_invalid)


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"status": status, "detail": detail}, status, headers, "application/problem+json")
