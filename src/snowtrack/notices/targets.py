"""Whom a notice goes to, as terminals and logs may show it: addresses are personal, a webhook's path is a secret."""

import re
from urllib.parse import urlsplit

HIDDEN = "…"


def masked(target: str) -> str:
    """The first sign of a mail address and its domain; the host of a webhook."""
    if "://" not in target:
        name, _, domain = target.rpartition("@")
        return f"{name[:1]}{HIDDEN}@{domain}" if name else HIDDEN
    try:
        parts = urlsplit(target)
        return f"{parts.scheme}://{parts.hostname or ''}/{HIDDEN}"
    except ValueError:
        return HIDDEN


def without_target(text: str, target: str) -> str:
    """What a server said, where it said the address again."""
    return re.sub(re.escape(target), lambda _: masked(target), text, flags=re.IGNORECASE) if target else text
