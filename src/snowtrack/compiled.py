"""Machine code for loops that numpy cannot say: numba, behind two typed names.

The code is kept beside its source file and made anew when that file changes, not when another one does: so compiled
functions use only parts and constants of their own file and of `model`, whose numbers never change.
"""

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar, cast

import numpy.typing as npt
from numba import njit

Array: TypeAlias = npt.NDArray[Any]
"""Numbers or records."""
Arrays: TypeAlias = tuple[Array, ...]
Record: TypeAlias = Any
"""A row of an array of records, as compiled code sees it: its fields are attributes."""

Function = TypeVar("Function", bound=Callable[..., Any])
# Compiled functions are lent their arrays: counting references to them took two thirds of the time. While they run,
# others may.
OPTIONS: dict[str, Any] = {"_nrt": False, "nogil": True}


def compiled(function: Function) -> Function:
    """Compile at the first call; where there is no place to keep the code, at the first call of each process."""
    try:
        return cast(Function, njit(cache=True, **OPTIONS)(function))
    except RuntimeError:
        return part(function)


def part(function: Function) -> Function:
    """Compile as a part of the compiled functions that call it."""
    return cast(Function, njit(**OPTIONS)(function))
