"""Names are found however they are typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.network.names import BEGINS, EXACT, WITHIN, fit, keys_of, sounded

OTEMACHI = keys_of(["大手町通り", "おおてまちどおり"])
SHINBASHI = keys_of(["新橋線", "シンバシセン"])


@pytest.mark.parametrize(
    "typed",
    ["大手町通り", "おおてまちどおり", "オオテマチドオリ", "ｵｵﾃﾏﾁﾄﾞｵﾘ", "おおてまち どおり",
     "Ōtemachi-dōri", "otemachidori", "OOTEMACHI DOORI", "ohtemachidohri", "ootematidoori", "Ōtemachi dori"],
)  # fmt: skip
def test_a_road_is_found_however_its_name_is_typed(typed: str) -> None:
    assert fit(OTEMACHI, keys_of([typed])) == EXACT


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("大手", BEGINS), ("おおて", BEGINS), ("otemachi", BEGINS), ("ote", BEGINS),
     ("手町", WITHIN), ("てまち", WITHIN), ("machi", WITHIN), ("大手門", None), ("おてだま", None), ("tokyo", None)],
)  # fmt: skip
def test_a_part_is_enough(typed: str, expected: int | None) -> None:
    assert fit(OTEMACHI, keys_of([typed])) == expected


@pytest.mark.parametrize("typed", ["shinbashisen", "Shimbashi-sen", "sinbasisen", "しんばし線"])
def test_systems_of_spelling(typed: str) -> None:
    expected = None if "線" in typed else EXACT
    assert fit(SHINBASHI, keys_of([typed])) == expected


@pytest.mark.parametrize(
    ("kana", "spellings"),
    [
        ("しゃちょう", ["shachou", "shacho", "syatyou", "shachō"]),
        ("つづき", ["tsuzuki", "tuduki", "tuzuki"]),
        ("ふじ", ["fuji", "huzi"]),
        ("まっちゃ", ["matcha", "maccha"]),
        ("けんろくえん", ["kenrokuen", "ken'rokuen", "ken-rokuen"]),
        ("じゅうすう", ["juusuu", "zyuusuu", "jusu", "jūsū"]),
        ("おはら", ["ohara"]),
        ("スキー", ["suki", "sukī"]),
        ("とおか", ["toka", "tooka", "tohka"]),
        ("しゅう", ["shu", "syuu", "shū"]),
        ("ちゅう", ["chu", "tyuu", "chū"]),
    ],
)
def test_a_sound_is_the_same_in_all_spellings(kana: str, spellings: list[str]) -> None:
    assert {sounded(one) for one in spellings} == {sounded(kana)}


def test_numbers_are_found_in_any_width() -> None:
    assert fit(keys_of(["国道８号", None]), keys_of(["8号"])) == WITHIN
    assert fit(keys_of(["国道8号"]), keys_of(["国道８"])) == BEGINS


def test_kanji_alone_has_no_sound() -> None:
    assert sounded("金沢") == ""
    assert keys_of(["金沢"]) == ("金沢",)


def test_what_says_nothing_finds_nothing() -> None:
    assert keys_of(["", None, " -・"]) == ()
    assert fit(OTEMACHI, ()) is None


@given(st.text(max_size=20))
def test_any_text_finds_itself(text: str) -> None:
    keys = keys_of([text])
    assert fit(keys, keys_of([text])) == (EXACT if keys else None)
