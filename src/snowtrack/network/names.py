"""Names as people type them: in kanji, kana or Latin letters.

A name is found by its text and by its reading. In both, what people write differently is made the same: widths of
letters, hiragana and katakana, spaces; and in Latin letters long vowels (Ōtemachi, Ohtemachi, Ootemachi), m before b, m
and p, and the two systems of spelling.
"""

import re
from collections.abc import Iterable
from unicodedata import combining, normalize

import jaconv

_PASSED_OVER = re.compile(r"[\s・'’‘`ー‐‑–-]+")
_LATIN = re.compile(r"[a-z0-9]+")
# Of the other system of spelling to Hepburn's; then what Hepburn's leaves open.
_SPELLINGS = (
    (re.compile(r"sy"), "sh"),
    (re.compile(r"s(?=i)"), "sh"),
    (re.compile(r"ty"), "ch"),
    (re.compile(r"t(?=i)"), "ch"),
    (re.compile(r"t(?=u)"), "ts"),
    (re.compile(r"zy|jy|dy"), "j"),
    (re.compile(r"[zd](?=i)"), "j"),
    (re.compile(r"d(?=u)"), "z"),
    (re.compile(r"(?<![sc])h(?=u)"), "f"),
    (re.compile(r"tch"), "cch"),
    (re.compile(r"m(?=[bmp])"), "n"),
    (re.compile(r"o(?:h(?![aiueoy])|u|o)+"), "o"),
    (re.compile(r"u{2,}"), "u"),
)
EXACT, BEGINS, WITHIN = range(3)
"""How well a name fits, best first."""


def folded(text: str) -> str:
    """As it is written."""
    return _PASSED_OVER.sub("", jaconv.kata2hira(normalize("NFKC", text).casefold()))


def sounded(text: str) -> str:
    """As it sounds, in Latin letters; nothing where that cannot be told, as of kanji."""
    latin = jaconv.kana2alphabet(folded(text))
    plain = "".join(sign for sign in normalize("NFKD", latin) if not combining(sign))
    if not _LATIN.fullmatch(plain):
        return ""
    for spelling, usual in _SPELLINGS:
        plain = spelling.sub(usual, plain)
    return plain


def keys_of(texts: Iterable[str | None]) -> tuple[str, ...]:
    """All by which a name is found: that of its text and its reading."""
    found = {key(text): None for text in texts if text for key in (folded, sounded)}
    return tuple(key for key in found if key)


def fit(keys: tuple[str, ...], asked: tuple[str, ...]) -> int | None:
    """How well a name fits what is asked, by the keys of both; nothing where it does not."""
    fits = [_fit(key, one) for key in keys for one in asked if one in key]
    return min(fits, default=None)


def _fit(key: str, asked: str) -> int:
    if key == asked:
        return EXACT
    return BEGINS if key.startswith(asked) else WITHIN
