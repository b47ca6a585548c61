"""Compiled functions run where their machine code cannot be kept, too."""

import subprocess
import sys

from snowtrack.compiled import compiled, part

UNKEPT = """
from snowtrack.compiled import compiled, part

@part
def doubled(number: int) -> int:
    return 2 * number

@compiled
def twice_and_one(number: int) -> int:
    return doubled(number) + 1

print(twice_and_one(20))
"""


@part
def halved(number: int) -> int:
    return number // 2


@compiled
def half_and_one(number: int) -> int:
    return halved(number) + 1


def test_a_function_without_a_file_of_its_own_is_compiled_each_time() -> None:
    done = subprocess.run([sys.executable, "-c", UNKEPT], capture_output=True, text=True, check=True)
    assert done.stdout == "41\n"


def test_a_compiled_function_says_what_the_plain_one_does() -> None:
    assert [half_and_one(number) for number in (-3, 0, 7)] == [-1, 1, 4]
