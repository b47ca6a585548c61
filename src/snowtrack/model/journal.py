"""What a batch brought, in a few bytes a device."""

from dataclasses import dataclass

from snowtrack.model.columns import Columns, Int32s, Int64s


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JournalBatch(Columns):
    """Runs of new sequence numbers, from one up to before another, with how many fixes they are.

    Fixes without numbers have neither boot nor run. A device that was heard and brought nothing new is here too.
    Batches are numbered one after the other.
    """

    batch: Int64s
    device: Int32s
    boot: Int64s
    from_seq: Int64s
    to_seq: Int64s
    fixes: Int32s
    heard_us: Int64s
