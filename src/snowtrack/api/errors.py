"""What can go wrong with a request, as problem+json (RFC 9457): one table from error to status."""

from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from psycopg import Error as DatabaseError
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from snowtrack.live.hub import TooManySubscribersError
from snowtrack.model.errors import StoreError
from snowtrack.serving import SECURITY_HEADERS

RETRY = {"retry-after": "5"}
# What the pages and single routes say of requests that are not for them.
MISSED = (404, 405)


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
        # What the driver says of its errors is not for those who ask.
        told = None if kind is DatabaseError else kind.__doc__
        detail = str(error) if status < 500 else (told or "not available just now").splitlines()[0]
        return problem(status, detail)

    async def answer_http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
        offered = _offered(app, request.url.path) if error.status_code in MISSED else []
        if not offered or request.method in offered:
            return problem(error.status_code, error.detail, error.headers)
        return problem(405, f"there is {' and '.join(offered)} here", {"allow": ", ".join(offered)})

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


def _offered(app: FastAPI, path: str) -> list[str]:
    """The methods of an address. Routes that share one know only their own; and the pages, to which all comes that is
    no route, take it for one of theirs."""
    paths = app.openapi()["paths"].items()
    return sorted({method.upper() for shape, each in paths if compile_path(shape)[0].match(path) for method in each})


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"status": status, "detail": detail}, status, headers, "application/problem+json")
