"""docs/fleet.md has the tables as they are described."""

import re
from pathlib import Path

from snowtrack.fleet.sheets import BYTES_MAX, ROWS_MAX
from snowtrack.fleet.tables import TABLES, Column, Table

PAGE = Path(__file__).parents[2] / "docs" / "fleet.md"
TEXT = PAGE.read_text("utf-8")
PRINTED = re.compile(r"(<!-- tables: .*? -->\n).*?(<!-- end of tables -->)", re.DOTALL)


def described(column: Column, *, is_key: bool) -> str:
    name = f"**`{column.name}`**" if is_key else f"`{column.name}`"
    star = "*" if column.required else ""
    what = "; ".join(part for part in (column.means, column.cell.expected) if part)
    of = f" ([{column.refers}](#{column.refers}))" if column.refers else ""
    private = " *private*" if column.private else ""
    return f"| {name}{star} | {column.japanese} | {what}{of}{private} |"


def printed(table: Table) -> str:
    rows = [described(column, is_key=place < table.keys) for place, column in enumerate(table.columns)]
    head = [f"### {table.name}", "", f"{table.japanese}. {table.means}", ""]
    return "\n".join([*head, "| column | 見出し | what stands there |", "|---|---|---|", *rows, ""])


def page() -> str:
    tables = "\n".join(printed(table) for table in TABLES)
    return PRINTED.sub(lambda match: f"{match[1]}\n{tables}\n{match[2]}", TEXT)


def test_the_page_has_the_tables_as_they_are_described() -> None:
    assert PRINTED.search(TEXT)
    assert page() == TEXT


def test_the_page_has_the_bounds_of_the_program() -> None:
    assert f"at most {BYTES_MAX >> 20} MB and {ROWS_MAX:,} rows" in TEXT


def test_no_two_columns_of_a_table_have_the_same_header_or_key() -> None:
    for table in TABLES:
        headers = [header for column in table.columns for header in (column.name, column.japanese)]
        assert len(set(headers)) == len(headers) == 2 * len({column.key for column in table.columns})
        assert all(column.required for column in table.key_columns)


def test_tables_stand_after_those_that_they_refer_to() -> None:
    for place, table in enumerate(TABLES):
        before = {earlier.name for earlier in TABLES[:place]}
        assert {column.refers for column in table.columns if column.refers} <= before


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
