"""The copy of the programs that an unprivileged user can reach."""

import stat
from pathlib import Path

import pytest

from snowtrack.store.embedded.binaries import bundled_programs, shared_programs
from tests.store.embedded.other_processes import spawn

COPIER = """
import sys
from pathlib import Path
from snowtrack.store.embedded.binaries import bundled_programs, shared_programs
print(shared_programs(bundled_programs(), Path(sys.argv[1])))
"""


@pytest.mark.slow
def test_many_at_once_make_one_whole_copy(open_folder: Path) -> None:
    copiers = [spawn(COPIER, str(open_folder / "system")) for _ in range(4)]
    answers = {copier.communicate(timeout=120)[0] for copier in copiers}
    assert all(copier.returncode == 0 for copier in copiers)
    assert len(answers) == 1
    assert [path.name for path in (open_folder / "system").iterdir()] == [Path(answers.pop()).parts[-4]]


@pytest.mark.slow
def test_a_copy_that_was_cut_short_is_cleared_away(open_folder: Path) -> None:
    (open_folder / ".unfinished-abc" / "half").mkdir(parents=True)
    programs = shared_programs(bundled_programs(), open_folder)
    assert [path.name for path in open_folder.iterdir()] == [programs.parts[-4]]


@pytest.mark.slow
def test_everyone_can_read_the_copy_and_only_its_owner_can_change_it(open_folder: Path) -> None:
    programs = shared_programs(bundled_programs(), open_folder)
    assert (programs / "postgres").stat().st_mode & 0o777 == 0o755
    for path in open_folder.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode in (0o755, 0o644), path
        assert not path.is_dir() or mode == 0o755
