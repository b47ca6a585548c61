"""Webhooks at a real web server: what it gets, how it can tell that it is ours, and where we do not go."""

import hmac

import orjson
import pytest

from snowtrack.notices import NotSentError
from snowtrack.notices.webhook import call_webhook
from tests.notices.examples import notice
from tests.notices.servers import web_server
from tests.ports import free_port

pytestmark = pytest.mark.anyio


async def test_the_notice_comes_as_json() -> None:
    with web_server() as hook:
        await call_webhook(notice(hook.url, way="webhook"), None)
    (call,) = hook.calls
    assert call.path == "/hook"
    assert call.headers["content-type"] == "application/json"
    assert "snowtrack-signature" not in call.headers
    said = orjson.loads(call.body)
    assert said["notice"] == 7
    assert said["made_at"] == "2026-01-13T21:00:00Z"
    assert said["events"][0] | {"sensor": "s1", "raised": True, "value_mm": 312} == said["events"][0]


async def test_with_a_secret_the_body_is_signed() -> None:
    with web_server() as hook:
        await call_webhook(notice(hook.url, way="webhook"), "secret of both")
    (call,) = hook.calls
    expected = hmac.new(b"secret of both", call.body, "sha256").hexdigest()
    assert call.headers["snowtrack-signature"] == f"sha256={expected}"


@pytest.mark.parametrize("status", [300, 400, 404, 500])
async def test_another_answer_says_that_it_was_not_taken(status: int) -> None:
    with web_server() as hook:
        hook.status = status
        with pytest.raises(NotSentError, match=f"webhook: answered {status}"):
            await call_webhook(notice(hook.url, way="webhook"), None)


async def test_nobody_is_followed_elsewhere() -> None:
    with web_server() as hook, web_server() as elsewhere:
        hook.status, hook.location = 307, elsewhere.url
        with pytest.raises(NotSentError, match="answered 307"):
            await call_webhook(notice(hook.url, way="webhook"), None)
    assert elsewhere.calls == []


@pytest.mark.parametrize(
    "url",
    [
        "http://city.example/hook",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "",
        "https://",
        "http://[",
        "http://127.0.0.1.example/",
    ],
)
async def test_only_encrypted_or_this_machine_is_called(url: str) -> None:
    with pytest.raises(NotSentError, match="webhook: expected https"):
        await call_webhook(notice(url, way="webhook"), None)


async def test_a_server_that_is_not_there_is_said() -> None:
    with pytest.raises(NotSentError, match="webhook: ConnectError"):
        await call_webhook(notice(f"http://127.0.0.1:{free_port()}/", way="webhook"), None)
