"""Recorded payloads and what they decode to, side by side in tests/golden (see its README)."""

import orjson
import pytest

from snowtrack.model.fixes import Message
from snowtrack.nmea.decode import decode
from tests.oracles import nmea_fixes
from tests.oracles.recordings import GOLDEN, RECEIVED_US, names, payload, values


def message(name: str) -> Message:
    return Message(device=1, received_us=RECEIVED_US, payload=payload(name))


def described(name: str) -> list[dict[str, object]]:
    """Fixes with the values that they have, then rejects, then how many there were of each reason."""
    decoded = decode([message(name)])
    rejects = [(reject.reason.name, reject.at, reject.raw) for reject in decoded.rejects]
    fixes: list[dict[str, object]] = [{**fix} for fix in values(decoded.fixes)]
    return [
        *fixes,
        *({"reject": reason, "at": at, "raw": raw.decode("ascii", "backslashreplace")} for reason, at, raw in rejects),
        {"counts": {reason.name: count for (_, reason), count in sorted(decoded.counts.items())}},
    ]


def test_there_are_recordings() -> None:
    assert len(names()) >= 20


@pytest.mark.parametrize("name", names())
def test_a_recording_decodes_to_what_is_written_beside_it(name: str) -> None:
    expected = (GOLDEN / f"{name}.jsonl").read_bytes().splitlines()
    assert described(name) == [orjson.loads(line) for line in expected]


@pytest.mark.parametrize("name", names())
def test_a_recording_is_read_as_the_oracle_reads_it(name: str) -> None:
    decoded, expected = decode([message(name)]), nmea_fixes.read([message(name)])
    assert decoded.fixes.rows() == expected.rows
    assert decoded.rejects == expected.rejects
    assert decoded.counts == expected.counts


@pytest.mark.parametrize("name", names())
def test_a_recording_says_at_its_top_what_it_shows(name: str) -> None:
    assert (GOLDEN / f"{name}.nmea").read_bytes().startswith(b"# ")


def test_nothing_is_written_beside_a_recording_that_is_gone() -> None:
    assert sorted(path.stem for path in GOLDEN.glob("*.jsonl")) == names()


if __name__ == "__main__":  # writes the .jsonl files again, see tests/golden/README.md
    for recording in names():
        written = b"".join(orjson.dumps(row) + b"\n" for row in described(recording))
        (GOLDEN / f"{recording}.jsonl").write_bytes(written)
