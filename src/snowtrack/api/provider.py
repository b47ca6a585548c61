"""An OpenID provider: where it sends people to sign in, and what it then says of who came back.

Authlib speaks OAuth 2 (code flow with PKCE), joserfc verifies what the provider signed.
"""

import asyncio
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from httpx2 import HTTPError, InvalidURL, Response
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from snowtrack.settings import OpenId, Settings

PATH: Final = "/v1/session/openid"
SCOPE: Final = "openid email profile"
ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
TIMEOUT_S: Final = 10.0
WHOLE_S: Final = 20.0
# The provider's addresses and keys are asked for again after so long, and keys at once when one is not among them.
KEPT_S: Final = 3_600.0
KEYS_AGAIN_S: Final = 60.0
LEEWAY_S: Final = 60

FAULTS: Final = (
    HTTPError,
    InvalidURL,
    AuthlibBaseError,
    JoseError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
)
"""What comes of answers that are not as they should be."""


class ProviderError(Exception):
    """The provider does not answer as it should, or what it says does not hold."""


class Attempt(NamedTuple):
    """What the browser keeps until it comes back: each is random."""

    state: str
    nonce: str
    verifier: str


@dataclass(slots=True)
class Provider:
    """One per application."""

    settings: OpenId
    redirect_uri: str
    known: Mapping[str, Any] | None = None
    known_s: float = float("-inf")
    keys: KeySet | None = None
    keys_s: float = float("-inf")
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    trusted: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    async def address(self, attempt: Attempt) -> str:
        """Where to send who wants to sign in."""
        with self._faults():
            async with asyncio.timeout(WHOLE_S), self._client() as client:
                metadata = await self._metadata(client)
                url, _ = client.create_authorization_url(
                    metadata["authorization_endpoint"],
                    state=attempt.state,
                    nonce=attempt.nonce,
                    code_verifier=attempt.verifier,
                )
                return str(url)

    async def claims(self, code: str, attempt: Attempt) -> dict[str, Any]:
        """What the provider says of who came back with a code: in what it signed, or else where it tells of people."""
        with self._faults():
            async with asyncio.timeout(WHOLE_S), self._client() as client:
                metadata = await self._metadata(client)
                token = await client.fetch_token(metadata["token_endpoint"], code=code, code_verifier=attempt.verifier)
                claims = await self._verified(client, metadata, token["id_token"], attempt.nonce)
                if self.settings.account_claim in claims:
                    return claims
                about = _told((await client.get(metadata["userinfo_endpoint"])).raise_for_status())
                if about["sub"] != claims["sub"]:
                    raise ValueError("it speaks of two people")
                return about

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Whatever it does: nobody comes in, and nothing else ends."""
        try:
            yield
        except FAULTS as error:
            raise ProviderError(f"{self.settings.issuer}: {type(error).__name__}: {error}") from error
        except TimeoutError as error:
            raise ProviderError(f"{self.settings.issuer}: it does not answer") from error

    def _client(self) -> AsyncOAuth2Client:
        return AsyncOAuth2Client(
            client_id=self.settings.client_id,
            client_secret=self.settings.client_secret,
            redirect_uri=self.redirect_uri,
            scope=SCOPE,
            code_challenge_method="S256",
            leeway=0,
            timeout=TIMEOUT_S,
            verify=self.trusted,
        )

    async def _metadata(self, client: AsyncOAuth2Client) -> Mapping[str, Any]:
        """Its addresses; those of before, when it does not say them anew."""
        async with self.asking:
            if self.known is None or time.monotonic() - self.known_s > KEPT_S:
                issuer = self.settings.issuer or ""
                address = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
                found: Mapping[str, Any]
                try:
                    found = _told((await client.request("GET", address, withhold_token=True)).raise_for_status())
                    if found["issuer"] != issuer:
                        raise ValueError(f"it calls itself {found['issuer']!r}")
                except (HTTPError, KeyError, ValueError):
                    if self.known is None:
                        raise
                    found = self.known
                self.known, self.known_s = found, time.monotonic()
            return self.known

    async def _verified(
        self, client: AsyncOAuth2Client, metadata: Mapping[str, Any], text: str, nonce: str
    ) -> dict[str, Any]:
        """The claims of a token that this provider signed, for us, just now, for this attempt."""
        try:
            token = jwt.decode(text, await self._keys(client, metadata, KEPT_S), algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            token = jwt.decode(text, await self._keys(client, metadata, KEYS_AGAIN_S), algorithms=ALGORITHMS)
        expected = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_S,
            iss={"essential": True, "value": metadata["issuer"]},
            aud={"essential": True, "value": self.settings.client_id},
            sub={"essential": True},
            exp={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        expected.validate(token.claims)
        if token.claims.get("azp", self.settings.client_id) != self.settings.client_id:
            raise ValueError(f"this token is for {token.claims['azp']!r}")
        return dict(token.claims)

    async def _keys(self, client: AsyncOAuth2Client, metadata: Mapping[str, Any], kept_s: float) -> KeySet:
        async with self.asking:
            if self.keys is None or time.monotonic() - self.keys_s > kept_s:
                answer = await client.request("GET", metadata["jwks_uri"], withhold_token=True)
                self.keys, self.keys_s = _keys_in(_told(answer.raise_for_status())), time.monotonic()
            return self.keys


def _keys_in(content: Any) -> KeySet:  # noqa: ANN401 - the library looks at what stands there
    return KeySet.import_key_set(content)


def _told(answer: Response) -> dict[str, Any]:
    """An object, or what is wrong."""
    content: Any = answer.json()
    if not isinstance(content, dict):
        raise TypeError("expected an object")
    return content


def provider_of(settings: Settings) -> Provider | None:
    """Where people of an organisation sign in, when that is set."""
    if settings.openid.issuer is None:
        return None
    return Provider(settings.openid, f"{(settings.openid.url or settings.api.url).rstrip('/')}{PATH}/back")
