"""Texts as offices in Japan write them: in UTF-8 or CP932, with full-width signs."""

import unicodedata


def decoded(content: bytes) -> str | None:
    """UTF-8, with a mark or without, or CP932, as Excel writes CSV in Japan; nothing when it is neither."""
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def plain(text: str) -> str:
    """Full-width letters, digits and signs as plain ones."""
    return unicodedata.normalize("NFKC", text).strip()
