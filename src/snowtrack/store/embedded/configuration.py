"""The server's settings, chosen for a small machine that also runs everything else of snowtrack.

They are written at each start, so that they are always those of the running version; the server may not change them.
"""

import os
from pathlib import Path

from snowtrack.store.embedded.account import Account
from snowtrack.store.embedded.folders import Folders

_SETTINGS = """\
# Written by snowtrack at each start; changes made here are lost.

# Reached through the socket alone; nothing listens on the network.
listen_addresses = ''
unix_socket_permissions = 0700
allow_alter_system = off

# All services together hold about 20 connections; more would only take memory and the two cores from each other.
max_connections = 50

# The working set of an instance is small, and the machine's own file cache holds the rest.
shared_buffers = 128MB
# Starts must not depend on how the machine's administrator has set up its memory.
huge_pages = off
# A server that is killed leaves its shared memory in its own folder, and containers give little of the other kind.
dynamic_shared_memory_type = mmap
# Reads are few and mostly cached; this spares three waiting processes.
io_method = sync
# There are no replicas.
max_logical_replication_workers = 0
# A report must not take both cores from the ingest.
max_parallel_workers_per_gather = 0
# The bundled server has no compiler, and none of our queries is long enough to be worth one.
jit = off

# What is acknowledged to a tracker is on the disk.
fsync = on
full_page_writes = on
synchronous_commit = on
# Bounds the disk used and the time that recovery takes after a power cut.
max_wal_size = 512MB
# Less to write on small disks; it only shrinks the whole pages that are logged after a checkpoint.
wal_compression = on

timezone = 'UTC'
log_timezone = 'UTC'

# The log is for what befalls the server. A failed statement is reported to whoever sent it, and is not repeated here
# since it can hold personal data; nor are details, for they quote rows.
log_line_prefix = '%m [%p] '
log_min_error_statement = panic
log_error_verbosity = terse
log_checkpoints = off
"""

# The socket's folder lets in its owner and root. Of these, only the one who started the server may be a database user,
# and any of them, since services have roles of their own. The kernel says who it is, so there is no password to keep.
_ACCESS = "local all all peer map=starter\n"


def write_configuration(folders: Folders, socket_folder: Path, caller: Account) -> Path:
    """Write the files for the next start; returns the main one."""
    main, access, users = (folders.cluster / name for name in ("postgresql.conf", "pg_hba.conf", "pg_ident.conf"))
    places = {
        "data_directory": _quoted(folders.data),
        "hba_file": _quoted(access),
        "ident_file": _quoted(users),
        "unix_socket_directories": _quoted(socket_folder),  # a list, but never with a comma in it
    }
    _write(main, _SETTINGS + "".join(f"\n{name} = {value}" for name, value in places.items()) + "\n")
    _write(access, _ACCESS)
    _write(users, f'starter "{caller.name}" all\n')
    return main


def _write(file: Path, text: str) -> None:
    file.write_bytes(os.fsencode(text))
    file.chmod(0o644)  # read by the server's user, whatever our umask


def _quoted(path: Path) -> str:
    text = str(path).replace("\\", "\\\\").replace("'", "''")
    return f"'{text}'"
