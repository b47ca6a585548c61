"""What is wrong with files of the registry, by file, line and column."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """`what` says what is wrong, and what to do."""

    file: str
    line: int
    column: str
    what: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}"
        return f"{place}: {self.column}: {self.what}" if self.column else f"{place}: {self.what}"
