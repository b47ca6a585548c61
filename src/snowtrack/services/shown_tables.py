"""Tables on standard output. Nothing in them is ever cut: ids are there to be typed again.

On a terminal that is too narrow, cells go on in the next line; in a file or a pipe a row is one line, however long.
"""

from typing import Literal

from rich.box import HEAVY_HEAD
from rich.console import Console
from rich.table import Table

UNBOUNDED = 100_000
"""Signs in a line, where no terminal says how wide it is."""


def make_table(*headers: str, justify: Literal["left", "right"] = "left", headed: bool = True) -> Table:
    """A table without rows; all columns behind the first one are justified so."""
    table = Table(show_edge=False, show_header=headed, box=HEAVY_HEAD if headed else None)
    for number, header in enumerate(headers):
        table.add_column(header, overflow="fold", justify=justify if number else "left")
    return table


def show_table(table: Table) -> None:
    """What it holds is shown as it is: neither coloured nor read as mark-up."""
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=UNBOUNDED)
    console.print(table)
