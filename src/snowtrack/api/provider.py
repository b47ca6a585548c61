"""An OpenID provider: where it sends people to sign in, and what it then says of who came back.

Authlib speaks OAuth 2 (code flow with PKCE), joserfc verifies what the provider signed.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from httpx2 import HTTPError
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from snowtrack.settings import OpenId, Settings

PATH: Final = "/v1/session/openid"
SCOPE: Final = "openid email profile"
ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
TIMEOUT_S: Final = 10.0
# The provider's addresses and keys are asked for again after so long, and keys at once when one is not among them.
KEPT_S: Final = 3_600.0
KEYS_AGAIN_S: Final = 60.0
LEEWAY_S: Final = 60


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

    async def address(self, attempt: Attempt) -> str:
        """Where to send who wants to sign in."""
        async with self._client() as client:
            where = (await self._metadata(client))["authorization_endpoint"]
            url, _ = client.create_authorization_url(
                where, state=attempt.state, nonce=attempt.nonce, code_verifier=attempt.verifier
            )
            return str(url)

    async def claims(self, code: str, attempt: Attempt) -> dict[str, Any]:
        """What the provider says of who came back with a code."""
        try:
            async with self._client() as client:
                metadata = await self._metadata(client)
                token = await client.fetch_token(metadata["token_endpoint"], code=code, code_verifier=attempt.verifier)
                claims = await self._verified(client, metadata, token["id_token"], attempt.nonce)
                told = await client.get(metadata["userinfo_endpoint"])
                about = told.raise_for_status().json()
        except (HTTPError, AuthlibBaseError, JoseError, KeyError, ValueError, TypeError) as error:
            raise ProviderError(f"{self.settings.issuer}: {type(error).__name__}: {error}") from error
        if about.get("sub") != claims["sub"]:
            raise ProviderError(f"{self.settings.issuer}: it speaks of two people")
        return {**about, **claims}

    def _client(self) -> AsyncOAuth2Client:
        return AsyncOAuth2Client(
            client_id=self.settings.client_id,
            client_secret=self.settings.client_secret,
            redirect_uri=self.redirect_uri,
            scope=SCOPE,
            code_challenge_method="S256",
            timeout=TIMEOUT_S,
        )

    async def _metadata(self, client: AsyncOAuth2Client) -> Mapping[str, Any]:
        if self.known is None or time.monotonic() - self.known_s > KEPT_S:
            issuer = self.settings.issuer or ""
            try:
                address = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
                answer = await client.request("GET", address, withhold_token=True)
                found = answer.raise_for_status().json()
                if found["issuer"] != issuer:
                    raise ProviderError(f"{issuer}: it calls itself {found['issuer']!r}")
            except (HTTPError, KeyError, ValueError, TypeError) as error:
                raise ProviderError(f"{issuer}: {type(error).__name__}: {error}") from error
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
            raise ProviderError(f"{metadata['issuer']}: this token is for {token.claims['azp']!r}")
        return dict(token.claims)

    async def _keys(self, client: AsyncOAuth2Client, metadata: Mapping[str, Any], kept_s: float) -> KeySet:
        if self.keys is None or time.monotonic() - self.keys_s > kept_s:
            answer = await client.request("GET", metadata["jwks_uri"], withhold_token=True)
            self.keys, self.keys_s = KeySet.import_key_set(answer.raise_for_status().json()), time.monotonic()
        return self.keys


def provider_of(settings: Settings) -> Provider | None:
    """Where people of an organisation sign in, when that is set."""
    if settings.openid.issuer is None:
        return None
    return Provider(settings.openid, f"{settings.openid.url or settings.api.url}{PATH}/back")
