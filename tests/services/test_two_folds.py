"""Two folds of one network, as processes: one works, the other one waits and takes over."""

import pytest

from tests.services.line import Line
from tests.services.listener import Listener
from tests.services.processes import Service
from tests.services.waiting import await_true
from tests.store.databases import rows

pytestmark = pytest.mark.slow
HOLDER = "select holder, epoch from lease where expires_at > now()"


def waits(fold: Service) -> bool:
    return b"another fold holds the lease" in fold.log_path.read_bytes()


def has_worked(line: Line, fold: Service) -> bool:
    assert fold.process is not None
    held = rows(line.url, HOLDER)
    return bool(held) and held[0][0].endswith(f" {fold.process.pid}")


def test_one_works_and_the_other_takes_over_when_it_ends(quick_line: Line) -> None:
    with Listener(quick_line.broker.address) as listener, quick_line.service("fold", "first") as first:
        second = quick_line.service("fold", "second")
        second.start()
        await_true(lambda: waits(second), "the second one waits")
        await_true(lambda: len(listener.of("fold")) > 2, "the first one speaks")
        assert {one["fault"] for one in listener.of("fold")} == {None}
        assert has_worked(quick_line, first)
        first.stop()
        second.await_ready()
        await_true(lambda: has_worked(quick_line, second), "the second one holds the lease")
        second.stop()
    assert rows(quick_line.url, HOLDER) == []


def test_when_it_is_killed_the_other_takes_over_after_the_lease_ran_out(quick_line: Line) -> None:
    first, second = quick_line.service("fold", "first"), quick_line.service("fold", "second")
    with first:
        second.start()
        await_true(lambda: waits(second), "the second one waits")
        first.kill()
        assert not has_worked(quick_line, second)
        rows(quick_line.url, "update lease set expires_at = now() - interval '1 second' returning epoch")
        second.await_ready()
        assert has_worked(quick_line, second)
        assert rows(quick_line.url, HOLDER)[0][1] == 2
        second.stop()
