"""The embedded PostgreSQL: a server of our own in the instance folder, for those who bring no database.

`EmbeddedServer` is the door. The files, in the order of a start: `account` (whom it runs as), `binaries` (where the
programs are), `folders` (where the data is), `processes` (what a killed parent left), `cluster` (first creation),
`configuration` (its settings), `child` (the program's first breath) and `failures`.
"""

from snowtrack.store.embedded.server import EmbeddedServer, RunningServer

__all__ = ["EmbeddedServer", "RunningServer"]
