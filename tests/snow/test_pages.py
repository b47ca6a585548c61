"""The pages on snow say what the program does."""

import re
from pathlib import Path

import orjson

from snowtrack.model.calendar import MINUTE_US
from snowtrack.notices.webhook import webhook_body
from snowtrack.snow.curves import GAP_US, NOISE_MM
from snowtrack.snow.listings import HEADERS
from snowtrack.snow.readings import PAYLOAD_BYTES_MAX, READINGS_MAX, read_depths
from snowtrack.snow.series import DEPTH_MM, SPIKE_MM, SPIKE_MM_PER_H
from snowtrack.snow.stuck import BESIDE_M, BESIDE_UP_M, SNOWING_MM, STUCK_US
from tests.notices.examples import notice

DOCS = Path(__file__).parents[2] / "docs"
SNOW, PROTOCOL = ((DOCS / name).read_text("utf-8") for name in ("snow.md", "device-protocol.md"))


def example(page: str, name: str) -> bytes:
    found = re.search(rf"^```json {name}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1].encode()


def test_the_reading_on_the_page_is_read() -> None:
    read = read_depths(example(PROTOCOL, "depth"))
    assert read.rejects == ()
    assert read.readings.rows() == [(1_768_338_000_000_000, 312, -15, 3610)]


def test_the_page_states_the_bounds_of_a_message() -> None:
    assert f"{PAYLOAD_BYTES_MAX // 1024} KiB" in PROTOCOL
    assert f"{READINGS_MAX:,}" in PROTOCOL


def test_the_notice_on_the_page_is_what_a_webhook_gets() -> None:
    assert orjson.loads(webhook_body(notice(way="webhook"))) == orjson.loads(example(SNOW, "notice"))


def test_the_table_names_all_columns_and_only_what_is_read() -> None:
    table = SNOW.partition("| column | in Japanese | what |")[2].partition("\n\n")[0]
    rows = [line.split("|")[1:3] for line in table.splitlines()[2:]]
    assert [name for ours, _ in rows for name in re.findall(r"`(\w+)`", ours)] == list(HEADERS)
    known = {alias for aliases in HEADERS.values() for alias in aliases}
    assert {alias.strip() for _, theirs in rows for alias in theirs.split(",")} <= known


def test_the_page_states_the_numbers_of_the_program() -> None:
    assert f"below −{-DEPTH_MM[0] // 10} cm or above {DEPTH_MM[1] // 1000} m" in SNOW
    assert f"than {SPIKE_MM // 10} cm, and {SPIKE_MM_PER_H // 10} cm more for each hour" in SNOW
    assert f"for {STUCK_US // MINUTE_US // 60} hours" in SNOW
    assert f"({BESIDE_M // 1000} km, {BESIDE_UP_M} m in height) had {SNOWING_MM // 10} cm" in SNOW
    assert f"{NOISE_MM / 10} cm above its lowest" in SNOW
    assert (GAP_US // MINUTE_US, "2½ hours" in SNOW) == (150, True)
