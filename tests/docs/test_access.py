"""The page on who may do what says what the program does."""

from pathlib import Path

from snowtrack.model.access import RIGHTS, Right
from snowtrack.settings import Access

PAGE = (Path(__file__).parents[2] / "docs/access.md").read_text("utf-8")


def test_the_table_of_roles_is_the_programs() -> None:
    lines = [f"| role | {' | '.join(Right)} |", "|" + "---|" * (len(Right) + 1)]
    for role, rights in RIGHTS.items():
        marks = "".join(f" {'○ ' if right in rights else ''}|" for right in Right)
        lines.append(f"| `{role}` |{marks}")
    assert "\n".join(lines) in PAGE


def test_each_right_is_explained() -> None:
    assert [right for right in Right if f"\n| `{right}` | " not in PAGE] == []


def test_its_numbers_are_the_defaults() -> None:
    access = Access()
    assert (access.session_h, access.idle_h) == (14 * 24, 12)
    said = " ".join(PAGE.split())
    assert "two weeks, and twelve hours without a request" in said
    assert (access.failures_max, access.locked_min) == (10, 5)
    assert "ten wrong ones in a row lock an account for five minutes" in said
