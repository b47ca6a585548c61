"""docs/indicators.md says what the program counts."""

import re
from pathlib import Path

from snowtrack.indicators.definitions import DEFINITIONS
from snowtrack.indicators.figures import Definition
from snowtrack.indicators.pace import BIN_US
from snowtrack.indicators.progress import BINS_HIGH, BINS_MEDIUM, FAR_S, SEEN_US
from snowtrack.indicators.season import BANDS
from snowtrack.model.calendar import HOUR_US
from snowtrack.store.indicators import DAYS_MAX

PAGE = Path(__file__).parents[2] / "docs" / "indicators.md"
TEXT = PAGE.read_text("utf-8")
PRINTED = re.compile(r"(<!-- indicators: .*? -->\n).*?(<!-- end of indicators -->)", re.DOTALL)


def printed(one: Definition) -> str:
    by = f", by {one.of}" if one.of else ""
    formula = one.numerator if one.denominator == "1" else f"{one.numerator} / {one.denominator}"
    return f"""### {one.japanese} `{one.key}`

{one.means} {one.japanese_means}

| | |
|---|---|
| value | {formula}, in {one.unit}{by} |
| counted for | {one.whose.words} |
| computed from | {", ".join(f"`{table}`" for table in one.sources.split(", "))} |
| serves | {one.serves} |
"""


def page() -> str:
    return PRINTED.sub(lambda found: f"{found[1]}\n{chr(10).join(map(printed, DEFINITIONS))}\n{found[2]}", TEXT)


def test_the_page_has_the_indicators_as_they_are_defined() -> None:
    assert PRINTED.search(TEXT)
    assert page() == TEXT


def test_the_page_has_the_numbers_of_the_program() -> None:
    words = " ".join(TEXT.split())
    assert f"of at most {DAYS_MAX} days" in words
    assert (BIN_US * 6, "bins of ten minutes" in words) == (HOUR_US, True)
    assert f"last {SEEN_US // HOUR_US} hours of the event" in words
    assert f"more than {FAR_S // 3_600} hours away is not told" in words
    assert f"| high | {BINS_HIGH} bins or more |" in words
    assert f"| medium | {BINS_MEDIUM} bins or more |" in words


def test_each_indicator_has_a_name_of_its_own_and_says_all_that_there_is_to_say() -> None:
    for name in ("key", "japanese"):
        assert len({getattr(one, name) for one in DEFINITIONS}) == len(DEFINITIONS)
    for one in DEFINITIONS:
        assert all((one.unit, one.means, one.japanese_means, one.numerator, one.denominator, one.sources, one.serves))
        assert one.means.endswith(".")
        assert one.japanese_means.endswith("。")


def test_no_number_of_passes_is_in_two_bands_or_none() -> None:
    least = [low for low, _ in BANDS]
    for (low, name), after in zip(BANDS, [*least[1:], None], strict=True):
        first, _, last = name.partition("-")
        assert int(first) == low
        assert (int(last) if last else low) + 1 == after if after else name.endswith("-")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
