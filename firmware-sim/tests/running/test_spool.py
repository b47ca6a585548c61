"""Payloads that wait on disk come back as they were, in any order, and leave nothing."""

from pathlib import Path

import pytest

from ploughsim.errors import OutputError
from ploughsim.running.spool import Spool


def test_payloads_come_back_in_any_order(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    payloads = [bytes([number]) * (number * 37 % 11) for number in range(50)]
    places = [spool.put(payload) for payload in payloads[:30]]
    assert spool.get(places[7]) == payloads[7]
    places += [spool.put(payload) for payload in payloads[30:]]
    assert [spool.get(place) for place in reversed(places)] == payloads[::-1]
    spool.close()
    assert not [*tmp_path.iterdir()]


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="No such file or directory; name a folder"):
        Spool(tmp_path / "no")
