"""`/v1/session/openid`: coming in by way of one's own organisation."""

import hmac
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from snowtrack import wall_clock
from snowtrack.api.context import Context, Shared
from snowtrack.api.doors import PUBLIC
from snowtrack.api.errors import NotFoundError
from snowtrack.api.provider import PATH, Attempt, Provider, ProviderError
from snowtrack.api.sign_in import begin, keep_in
from snowtrack.store.access import Entry, claim_account, note
from snowtrack.store.secrets import make_secret

router = APIRouter(prefix=PATH, tags=["session"])
COOKIE = "snowtrack_openid"
ATTEMPT_S = 600
TEXT_MAX = 3_000
Text = Annotated[str, Query(max_length=TEXT_MAX, pattern="^[ -~]*$")]
ACCOUNT_SIGNS_MAX = 100

log = structlog.get_logger()

_NOBODY: dict[int | str, dict[str, Any]] = {404: {"description": "Nobody signs in by way of an organisation here"}}


@router.get("", status_code=302, response_class=RedirectResponse, responses=_NOBODY, dependencies=[PUBLIC])
async def leave(request: Request, shared: Shared) -> Response:
    """Off to where the organisation signs its people in."""
    attempt = Attempt(make_secret(), make_secret(), make_secret())
    try:
        address = await _provider(shared).address(attempt)
    except ProviderError as error:
        return _refused(error)
    answer = RedirectResponse(address, 302)
    # Lax: whoever comes back comes from another site.
    answer.set_cookie(
        COOKIE,
        ".".join(attempt),
        max_age=ATTEMPT_S,
        path=PATH,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
    return answer


@router.get("/back", status_code=302, response_class=RedirectResponse, responses=_NOBODY, dependencies=[PUBLIC])
async def come_back(
    request: Request,
    shared: Shared,
    state: Text = "",
    code: Text = "",
    iss: Text | None = None,
) -> Response:
    """Back from there: who that is has to be an account that is open."""
    provider, attempt = _provider(shared), read_attempt(request.cookies.get(COOKIE, ""))
    try:
        if attempt is None or not hmac.compare_digest(state.encode(), attempt.state.encode()):
            raise ProviderError("who came back is not who left")
        if not code:
            raise ProviderError("nobody was signed in there")
        if iss not in (None, provider.settings.issuer):
            raise ProviderError(f"another one answered: {iss!r}")
        claims = await provider.claims(code, attempt)
        name = _account(provider, claims)
    except ProviderError as error:
        return _refused(error)
    subject = f"{provider.settings.issuer} {claims['sub']}"
    async with shared.pool.connection() as connection, connection.transaction():
        if not await claim_account(connection, name, subject, wall_clock.now_us()):
            await note(connection, Entry(who="", action="refused", agencies=(), what=subject), wall_clock.now_us())
            return _forget(RedirectResponse("/sign-in.html#fault=unknown", 302))
        secret = await begin(connection, shared, name)
    return _forget(keep_in(request, shared, secret, RedirectResponse("/", 302)))


def _provider(shared: Context) -> Provider:
    if shared.provider is None:
        raise NotFoundError("nobody signs in by way of an organisation here")
    return shared.provider


def read_attempt(cookie: str) -> Attempt | None:
    """What the browser kept, if it did."""
    kept = cookie.split(".")
    return Attempt(*kept) if len(kept) == len(Attempt._fields) else None


def _account(provider: Provider, claims: dict[str, object]) -> str:
    """The name of an account, as the organisation calls who came."""
    name = claims.get(provider.settings.account_claim)
    if not isinstance(name, str) or not 0 < len(name) <= ACCOUNT_SIGNS_MAX or not name.isascii():
        raise ProviderError(f"{provider.settings.issuer}: it does not say the {provider.settings.account_claim}")
    if provider.settings.account_claim == "email" and claims.get("email_verified") is not True:
        raise ProviderError(f"{provider.settings.issuer}: the address of {claims['sub']!r} was not verified")
    return name.lower()


def _refused(error: ProviderError) -> Response:
    log.warning("api: nobody came in by way of the organisation", error=str(error))
    return _forget(RedirectResponse("/sign-in.html#fault=openid", 302))


def _forget(answer: Response) -> Response:
    answer.delete_cookie(COOKIE, path=PATH)
    return answer
