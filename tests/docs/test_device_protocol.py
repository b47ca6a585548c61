"""The examples of the device protocol are what the engine reads."""

import re
import tomllib
from pathlib import Path

import numpy as np
import orjson
import pytest

from ploughsim.tracker.settings import REMOTE
from snowtrack.model.columns import ABSENT_64
from snowtrack.model.fixes import Decoded, FixBatch, Message
from snowtrack.nmea.decode import Decoder, decode
from snowtrack.nmea.sentences import PSNOW, SENTENCES
from snowtrack.services.dialects import load_dialects

PAGE = (Path(__file__).parents[2] / "docs" / "device-protocol.md").read_text("utf-8")
VECTORS = dict(re.findall(r"^```vector ([\w ]+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
PACKED = re.findall(r"^```hex (\w+) ([\w ]+)\n(\w+)\n```$", PAGE, re.MULTILINE)
# What the engine adds to what the lines say.
OURS = {"device", "digest", "day_us", "received_us", "sources", "remarks"}


def payload(name: str) -> bytes:
    lines = [line for line in VECTORS[name].splitlines() if line.startswith("$")]
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def read(content: bytes, decoder: Decoder | None = None, dialect: int = 0) -> Decoded:
    message = Message(device=1, received_us=0, payload=content, dialect=dialect)
    return decode([message]) if decoder is None else decoder.decode([message])


def stated(fixes: FixBatch) -> dict[str, int]:
    """The values of the only fix that are there."""
    values = dict(zip(fixes.dtypes(), *fixes.rows(), strict=True))
    absent = {name: int(np.iinfo(dtype).min) for name, dtype in fixes.dtypes().items()}
    return {name: value for name, value in values.items() if name not in OURS and value != absent[name]}


@pytest.mark.parametrize("name", VECTORS)
def test_each_vector_is_read_as_the_page_says(name: str) -> None:
    expected = orjson.loads(VECTORS[name].partition("\n= ")[2])
    decoded = read(payload(name))
    assert stated(decoded.fixes) == expected
    assert not decoded.counts


@pytest.mark.parametrize(("form", "name", "content"), PACKED)
def test_compressed_vectors_are_the_same_bytes_to_the_engine(form: str, name: str, content: str) -> None:
    assert read(bytes.fromhex(content)).fixes.rows() == read(payload(name)).fixes.rows()
    assert form in ("gzip", "zstd")


def test_the_page_has_vectors_of_both_forms() -> None:
    assert len(VECTORS) == 3
    assert [form for form, *_ in PACKED] == ["gzip", "zstd"]


def test_the_page_names_all_sentences_in_the_order_in_which_they_are_believed() -> None:
    believed = re.search(r"the same value, (.*?) \(?.{0,3}A void|the same value, ([^.]*)\.", PAGE.replace("\n", " "))
    assert believed is not None
    assert re.findall(r"[A-Z]{3}", believed[0]) == [one.address for one in SENTENCES if one.address[0] != "P"]


def test_the_table_has_a_row_for_each_field_of_our_sentence() -> None:
    header = re.search(r"\$PSNOW,(<\w+>,?)+", PAGE)
    assert header is not None
    names = re.findall(r"<(\w+)>", header[0])
    assert rows_of_table("| field | what") == names
    assert len(names) == len(PSNOW.fields)


def test_the_settings_are_those_that_the_simulated_tracker_takes() -> None:
    assert rows_of_table("| setting | what") == [f"`{name}`" for name in REMOTE]


def rows_of_table(head: str) -> list[str]:
    table = PAGE.partition(head)[2].partition("\n\n")[0]
    return re.findall(r"^\| ([\w`]+) \|", table, re.MULTILINE)


def test_the_dialect_on_the_page_reads_the_line_on_the_page(tmp_path: Path) -> None:
    toml = re.search(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert toml is not None
    assert tomllib.loads(toml[1])
    (tmp_path / "dialects.toml").write_text(toml[1], "utf-8")
    dialects = load_dialects(tmp_path / "dialects.toml")
    line = re.search(r"\$PTRK[^\s]+", toml[1])
    assert line is not None
    decoded = read(line[0].encode() + b"\r\n", Decoder(dialects.dialects), dialects.number("kanazawa"))
    assert stated(decoded.fixes) == {"boot": 7, "seq": 8, "uptime_ms": 12_500, "blade": 1, "battery_mv": 13_810}
    assert decoded.fixes.time_us.tolist() == [ABSENT_64]
