"""A notice as JSON to another system, signed where there is a secret.

The receiver computes HMAC-SHA256 of the body with the secret and compares it with `Snowtrack-Signature: sha256=<hex>`.
A notice that comes twice has the same `notice`.
"""

import hmac
from urllib.parse import urlsplit

import httpx
import orjson

from snowtrack.model.calendar import utc_text
from snowtrack.notices import NotSentError
from snowtrack.notices.mail import is_loopback
from snowtrack.store.notices import Notice

TIMEOUT_S = 10.0


def webhook_body(notice: Notice) -> bytes:
    """What is sent."""
    return orjson.dumps({"notice": notice.number, "made_at": utc_text(notice.made_us), **notice.content})


def signature(body: bytes, secret: str) -> str:
    return f"sha256={hmac.digest(secret.encode(), body, 'sha256').hex()}"


async def call_webhook(notice: Notice, secret: str | None) -> None:
    """Hand the notice over: any answer from 200 to 299 says that it was taken. Nobody is followed elsewhere."""
    loopback = _checked_address(notice.target)
    body = webhook_body(notice)
    headers = {"content-type": "application/json", "user-agent": "snowtrack"}
    if secret:
        headers["snowtrack-signature"] = signature(body, secret)
    try:
        async with (
            httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False, trust_env=not loopback) as client,
            client.stream("POST", notice.target, content=body, headers=headers) as answer,
        ):
            status = answer.status_code
    except httpx.HTTPError as error:
        raise NotSentError(f"webhook: {type(error).__name__}: {error}"[:200]) from error
    except (httpx.InvalidURL, ValueError, OverflowError) as error:  # the names of hosts and ports know them all
        raise NotSentError("webhook: nobody can be called at this address") from error
    if not 200 <= status <= 299:
        raise NotSentError(f"webhook: answered {status}")


def _checked_address(url: str) -> bool:
    """Whether it is on this machine; refuses what is neither that nor encrypted."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    loopback = is_loopback(host)
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and loopback)):
        raise NotSentError("webhook: expected https://…, or http:// on this machine")
    return loopback
