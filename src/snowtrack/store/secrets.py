"""Secrets that are too long to be guessed: given away once, kept as hashes."""

import hashlib
import secrets

SECRET_SIGNS_MAX = 100


def make_secret() -> str:
    """32 random bytes, as text that fits into headers, cookies and addresses."""
    return secrets.token_urlsafe(32)


def hashed(secret: str) -> bytes:
    """What is kept of a secret. There is nothing to guess, so that a quick hash is enough."""
    return hashlib.sha256(secret.encode()).digest()
