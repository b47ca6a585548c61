"""Where the stretches of old segments are in a new version of the roads."""

from dataclasses import dataclass

from snowtrack.model.columns import Columns, Int8s, Int32s, Int64s


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Succession(Columns):
    """Stretches of old segments that are no longer as they were, and where they are now.

    The new stretch runs from `new_from_mm` to `new_to_mm`, backwards where the direction is -1.
    """

    old_id: Int64s
    old_from_mm: Int32s
    old_to_mm: Int32s
    new_id: Int64s
    new_from_mm: Int32s
    new_to_mm: Int32s
    direction: Int8s


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Followed:
    """The network that came before, and its succession."""

    previous: str
    succession: Succession
