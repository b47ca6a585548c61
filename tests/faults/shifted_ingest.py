"""`python -m tests.faults.shifted_ingest FILE`: ingest whose clock is wrong by what stands in a file, at any time."""

import mmap
import struct
import sys
from pathlib import Path

from snowtrack import wall_clock
from snowtrack.cli import main

SHIFT = struct.Struct("<q")


def write_shift(file: Path, shift_us: int) -> None:
    """In place, since ingest has it in its memory."""
    with file.open("r+b" if file.exists() else "wb") as out:
        out.write(SHIFT.pack(shift_us))


def shift_clock(file: Path) -> None:
    with file.open("rb") as opened:
        content = mmap.mmap(opened.fileno(), SHIFT.size, access=mmap.ACCESS_READ)
    right = wall_clock.now_us

    def wrong() -> int:
        return right() + int(SHIFT.unpack_from(content)[0])

    vars(wall_clock)["now_us"] = wrong


if __name__ == "__main__":
    shift_clock(Path(sys.argv[1]))
    sys.argv[1:] = ["ingest"]
    main()
