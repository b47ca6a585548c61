"""`/v1/session`: who is signed in; coming in with a name and a password, and going."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Request, Response
from psycopg import AsyncConnection
from pydantic import BaseModel, ConfigDict, Field

from snowtrack import wall_clock
from snowtrack.api.bodies import Text
from snowtrack.api.context import Context, Shared
from snowtrack.api.doors import PUBLIC, SignedIn
from snowtrack.api.gate import COOKIE, expect_own_page
from snowtrack.api.passwords import SIGNS_MAX, SIGNS_MIN
from snowtrack.model.access import EVERY
from snowtrack.store.access import (
    Entry,
    begin_session,
    end_session,
    is_invitation,
    is_password,
    note,
    set_password,
    take_invitation,
)
from snowtrack.store.secrets import SECRET_SIGNS_MAX, hashed, make_secret

router = APIRouter(prefix="/v1/session", tags=["session"])
Password = Annotated[str, Field(min_length=SIGNS_MIN, max_length=SIGNS_MAX)]
_ANSWERS: dict[int | str, dict[str, Any]] = {
    204: {"description": "Signed in; the answer's cookie is the session"},
    401: {"description": "That is not right, or it is good no more"},
    403: {"description": "Not from a page of this server"},
}


_WRONG = "name or password is not right, or too many wrong ones were tried: wait some minutes"
_OVER = "this invitation is good no more; ask for another one"


class Form(BaseModel):
    """Nothing else stands in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Credentials(Form):
    """Of a local account."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "hana", "password": "kaki no tane, ichi-go"}})

    name: Annotated[Text, Field(min_length=1, max_length=100)]
    password: Annotated[str, Field(min_length=1, max_length=SIGNS_MAX)]


class Choice(Form):
    """The first password of an account, or another one for who forgot it."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"invitation": "Zk3uV0w9pQx7", "password": "kaki no tane, ichi-go"}}
    )

    invitation: Annotated[str, Field(min_length=1, max_length=SECRET_SIGNS_MAX)]
    password: Password


class Change(Form):
    """One password in place of another."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"old": "kaki no tane, ichi-go", "new": "yuki yama, ni-go"}}
    )

    old: Annotated[str, Field(min_length=1, max_length=SIGNS_MAX)]
    new: Password


@router.get("/ways", dependencies=[PUBLIC])
async def ways(shared: Shared) -> dict[str, bool]:
    """How one can sign in."""
    return {"password": True, "openid": shared.provider is not None}


@router.get("")
async def session(who: SignedIn) -> dict[str, Any]:
    """Who is signed in, and what that is for which agency; `*` stands for all."""
    grants = sorted(who.grants, key=lambda grant: (grant.agency, grant.contractor or ""))
    return {
        "name": who.name,
        "grants": [
            {"agency": one.agency, "contractor": one.contractor, "rights": sorted(one.rights)} for one in grants
        ],
        "every_agency": any(one.agency == EVERY for one in grants),
    }


@router.post("", status_code=204, responses=_ANSWERS, dependencies=[PUBLIC])
async def sign_in(request: Request, shared: Shared, said: Credentials) -> Response:
    """Sign in. After several wrong passwords an account is locked for some minutes; it is not said which of name,
    password and lock it was."""
    expect_own_page(request)
    known = await shared.passwords.fits(shared.pool, said.name, said.password)
    if known is None:
        raise HTTPException(401, _WRONG)
    async with shared.pool.connection() as connection, connection.transaction():
        if not await is_password(connection, said.name, known):
            raise HTTPException(401, _WRONG)
        secret = await begin(connection, shared, said.name)
    return keep_in(request, shared, secret, Response(status_code=204))


@router.post("/invitation", status_code=204, responses=_ANSWERS, dependencies=[PUBLIC])
async def accept(request: Request, shared: Shared, said: Choice) -> Response:
    """Choose the password of an account that one was invited to, and sign in. An invitation is good once."""
    expect_own_page(request)
    invitation = hashed(said.invitation)
    async with shared.pool.connection() as connection:
        if not await is_invitation(connection, invitation, wall_clock.now_us()):
            raise HTTPException(401, _OVER)
    password = await shared.passwords.hash(said.password)
    async with shared.pool.connection() as connection, connection.transaction():
        name = await take_invitation(connection, invitation, wall_clock.now_us())
        if name is None:
            raise HTTPException(401, _OVER)
        await set_password(connection, name, password)
        await _note(connection, name, "password chosen")
        secret = await begin(connection, shared, name)
    return keep_in(request, shared, secret, Response(status_code=204))


@router.post("/password", status_code=204, responses=_ANSWERS)
async def change(request: Request, shared: Shared, who: SignedIn, said: Change) -> Response:
    """Choose another password. All sessions of the account end; a new one begins."""
    known = await shared.passwords.fits(shared.pool, who.name, said.old)
    if known is None:
        raise HTTPException(401, "the old password is not right")
    password = await shared.passwords.hash(said.new)
    async with shared.pool.connection() as connection, connection.transaction():
        # Whoever chose another one meanwhile, by an invitation, is not overruled.
        if not await is_password(connection, who.name, known):
            raise HTTPException(401, "the password was changed meanwhile")
        await set_password(connection, who.name, password)
        await _note(connection, who.name, "password changed")
        secret = await begin(connection, shared, who.name)
    return keep_in(request, shared, secret, Response(status_code=204))


@router.delete("", status_code=204)
async def sign_out(request: Request, shared: Shared, who: SignedIn) -> Response:
    """End this session."""
    secret = request.cookies.get(COOKIE, "")
    async with shared.pool.connection() as connection, connection.transaction():
        await end_session(connection, hashed(secret))
        await _note(connection, who.name, "sign-out")
    shared.gate.forget(secret)
    answer = Response(status_code=204)
    answer.delete_cookie(COOKIE)
    return answer


async def begin(connection: AsyncConnection, shared: Context, name: str) -> str:
    """A session of an account; its secret."""
    secret = make_secret()
    await begin_session(connection, name, hashed(secret), shared.gate.lifetime, wall_clock.now_us())
    await _note(connection, name, "sign-in")
    return secret


def keep_in(request: Request, shared: Context, secret: str, answer: Response) -> Response:
    """The answer, with a session for the browser to keep."""
    if former := request.cookies.get(COOKIE):
        shared.gate.forget(former)
    answer.set_cookie(
        COOKIE,
        secret,
        max_age=round(shared.settings.access.session_h * 3_600),
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return answer


async def _note(connection: AsyncConnection, name: str, action: str) -> None:
    await note(connection, Entry(who=name, action=action, agencies=(), what=""), wall_clock.now_us())
