"""Recorded payloads and what they decode to, side by side in tests/golden (see its README)."""

import orjson
import pytest

from snowtrack.model.columns import present
from tests.oracles.recordings import GOLDEN, decode_alone, names, payload


def described(content: bytes) -> list[dict[str, object]]:
    """Fixes with the values that they have, then rejects."""
    fixes, rejects = decode_alone(content)
    shown = [name for name in fixes.dtypes() if name not in ("device", "received_us")]
    columns = {name: (getattr(fixes, name).tolist(), present(getattr(fixes, name)).tolist()) for name in shown}
    return [
        *({name: values[at] for name, (values, there) in columns.items() if there[at]} for at in range(len(fixes))),
        *({"reject": reason, "raw": raw.decode("ascii", "backslashreplace")} for reason, raw in rejects),
    ]


def test_there_are_recordings() -> None:
    assert len(names()) >= 8


@pytest.mark.parametrize("name", names())
def test_a_recording_decodes_to_what_is_written_beside_it(name: str) -> None:
    expected = (GOLDEN / f"{name}.jsonl").read_bytes().splitlines()
    assert described(payload(name)) == [orjson.loads(line) for line in expected]


@pytest.mark.parametrize("name", names())
def test_a_recording_says_at_its_top_what_it_shows(name: str) -> None:
    assert (GOLDEN / f"{name}.nmea").read_bytes().startswith(b"# ")


if __name__ == "__main__":  # writes the .jsonl files again, see tests/golden/README.md
    for recording in names():
        written = b"".join(orjson.dumps(row) + b"\n" for row in described(payload(recording)))
        (GOLDEN / f"{recording}.jsonl").write_bytes(written)
