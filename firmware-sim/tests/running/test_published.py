"""Files of messages: what was written is read, a cut file is told, and nothing half-written is left."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ploughsim.errors import MessageFileError, OutputError
from ploughsim.running.published import MessageFile, Published, read_messages

MESSAGES = st.lists(
    st.builds(Published, st.integers(0, 2**50), st.text(min_size=1, max_size=20), st.binary(max_size=60), st.booleans())
)


def write(path: Path, messages: list[Published]) -> None:
    with MessageFile(path) as file:
        for message in messages:
            file.write(message)


@given(messages=MESSAGES)
def test_what_was_written_is_read(tmp_path_factory: pytest.TempPathFactory, messages: list[Published]) -> None:
    path = tmp_path_factory.getbasetemp() / "night.log"
    write(path, messages)
    assert [*read_messages(path)] == messages


def test_a_file_that_is_cut_anywhere_is_told_or_ends_with_a_whole_message(tmp_path: Path) -> None:
    messages = [Published(1, "snow/v1/a/b/up", b"$PSNOW,1,1*00\r\n"), Published(2, "snow/v1/a/b/log", b"{}\n{}", True)]
    write(tmp_path / "night.log", messages)
    whole = (tmp_path / "night.log").read_bytes()
    borders = {0, whole.index(b'\n{"at":2') + 1, len(whole)}
    for length in range(len(whole) + 1):
        (tmp_path / "cut.log").write_bytes(whole[:length])
        if length in borders:
            assert [*read_messages(tmp_path / "cut.log")] in ([], messages[:1], messages)
        else:
            with pytest.raises(MessageFileError, match=r"cut\.log: at byte \d+: "):
                [*read_messages(tmp_path / "cut.log")]


def test_something_else_is_not_taken_for_messages(tmp_path: Path) -> None:
    for content in (b"$GPRMC,1*00\r\n", b"{}\n", b"[1]\n", b'{"at":1,"topic":"a","bytes":-1,"retained":false}\nx\n'):
        (tmp_path / "other.log").write_bytes(content)
        with pytest.raises(MessageFileError, match=r"other\.log: at byte 0"):
            [*read_messages(tmp_path / "other.log")]
    with pytest.raises(MessageFileError, match=r"none\.log: No such file"):
        [*read_messages(tmp_path / "none.log")]


def test_nothing_half_written_is_left(tmp_path: Path) -> None:
    (tmp_path / "night.log").write_bytes(b"before")
    with pytest.raises(KeyboardInterrupt), MessageFile(tmp_path / "night.log") as file:
        file.write(Published(1, "a", b"b"))
        raise KeyboardInterrupt
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("night.log", b"before")]


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="No such file or directory; name a file"):
        MessageFile(tmp_path / "no" / "night.log")
