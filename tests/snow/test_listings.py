"""Files of readings: as offices write them, each problem with its row, and what is written is read."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.columns import ABSENT_16, ABSENT_32
from snowtrack.model.snow import DepthBatch, SensorId
from snowtrack.snow.listings import PROBLEMS_MAX, Given, Listing, read_listing, write_header, write_rows

S1 = SensorId("kahoku", "s1")
AT_US = 1_768_338_000_000_000  # 2026-01-14 06:00 in Japan
NOW_US = AT_US + 3_600_000_000


def read(
    content: str | bytes, *, agency: str | None = "kahoku", sensor: str | None = "s1", rows_max: int = 1_000
) -> Listing:
    data = content.encode() if isinstance(content, str) else content
    return read_listing(data, Given(agency=agency, sensor=sensor, now_us=NOW_US, rows_max=rows_max))


ONE = {S1: [(AT_US, 312, ABSENT_16, ABSENT_32)]}


def found(listing: Listing) -> dict[SensorId, list[tuple[int, ...]]]:
    return {sensor: readings.rows() for sensor, readings in listing.readings.items()}


@pytest.mark.parametrize(
    "text",
    [
        "time,depth_mm\n2026-01-14 06:00,312\n",
        "time,depth_cm\r\n2026-01-14T06:00:00+09:00,31.2\r\n",
        "time,depth_cm\n2026-01-13T21:00:00Z,31.2",
        "日時,積雪深(cm)\n2026/1/14 6:00,31.2\n",
        "\ufeff観測日時,積雪深（cm）\n２０２６/０１/１４ ０６:００:００,３１.２\n",
        "積雪深mm,日時\n312.0,2026/01/14 06:00\n\n",
        '[{"time": "2026-01-14T06:00:00+09:00", "depth_mm": 312}]',
        '\ufeff  {"time": 1768338000, "depth_cm": 31.2, "agency": "kahoku", "sensor": "s1"}',
    ],
)
def test_a_reading_is_the_same_in_all_forms(text: str) -> None:
    listing = read(text)
    assert listing.problems == ()
    assert found(listing) == ONE


def test_a_file_of_excel_in_japan_is_read() -> None:
    assert found(read("センサー,日時,積雪深\ns1,2026/1/14 6:00,31.2\n".encode("cp932"), sensor=None)) == ONE


def test_rows_name_their_sensors() -> None:
    text = (
        "道路管理者,観測点,日時,積雪深,気温,電池(mV)\nkahoku,s1,2026/1/14 6:00,31.2,-1.5,3610\na,b,2026/1/14 6:00,0,,\n"
    )
    assert found(read(text, agency=None, sensor=None)) == {
        S1: [(AT_US, 312, -15, 3610)],
        SensorId("a", "b"): [(AT_US, 0, ABSENT_16, ABSENT_32)],
    }


@pytest.mark.parametrize("blank", ["", " ", "欠測", "///", "-"])
def test_a_row_without_a_depth_is_a_reading_that_was_not_made(blank: str) -> None:
    listing = read(f"time,depth_cm\n2026-01-14 05:00,{blank}\n2026-01-14 06:00,31.2\n")
    assert (found(listing), listing.problems) == (ONE, ())


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("2026-02-30 06:00,1", "time"),
        ("now,1", "time"),
        ("9999-12-31T23:30:00Z,1", "time: this is no time; expected one such as"),
        ("0001-01-01 06:00,1", "time: this is no time; expected one such as"),
        (",1", "time"),
        ("now,", "time"),
        ("2026-01-14 06:00,deep", "depth"),
        ("2026-01-14 06:00,nan", "depth"),
        ("2026-01-14 06:00,inf", "depth"),
        ("2026-01-14 07:02,1", "time: 2026-01-14 07:02 has not come yet"),
        ("2026-01-14 06:00,1,2", "not as many cells"),
    ],
)
def test_each_problem_is_said_with_its_row(row: str, column: str) -> None:
    listing = read(f"time,depth_cm\n2026-01-14 05:00,1\n{row}\n")
    (problem,) = listing.problems
    assert problem.startswith(f"row 3: {column}")


def test_a_clock_a_little_ahead_is_no_problem() -> None:
    assert read("time,depth_cm\n2026-01-14 07:01,1\n").problems == ()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "expected the columns time and depth_cm"),
        ("time\n", "expected the columns time and depth_cm"),
        ("time,depth_cm,colour\n", "unknown column 'colour'"),
        ("time,depth_cm,日時\n", "two columns say the same"),
        ('time,depth_cm\n"2026', "row 2: this is not CSV"),
        ("[1, ", "this is not JSON"),
        (b"time,depth_cm\n\x81", "neither UTF-8 nor CP932"),
        ("[5]", "item 1: this is no reading"),
        ('[{"time": 253402300000, "depth_mm": 1}]', "00+09:00, from 1970 until 2199"),
        ('["text"]', "item 1: this is no reading"),
    ],
)
def test_what_is_no_listing_is_said(text: str | bytes, what: str) -> None:
    listing = read(text)
    assert what in listing.problems[0]
    assert found(listing) == {}


def test_without_a_sensor_a_row_is_a_problem() -> None:
    text = "time,depth_cm\n2026-01-14 06:00,1\n2026-01-14 07:00,1\n"
    assert read(text, sensor=None).problems == (
        "nothing says the sensor; give --sensor, or add a column for it to the file",
    )
    assert read(text, agency=None, sensor=None).problems == (
        "nothing says the agency and sensor; give --agency and --sensor, or add a column for it to the file",
    )
    blank = "sensor,time,depth_cm\ns1,2026-01-14 06:00,1\n,2026-01-14 06:00,1\n"
    assert read(blank, sensor=None).problems == ("row 3: sensor: is not said; give --sensor, or say it in each row",)
    item = '{"time": 1768338000, "depth_cm": 31.2}'
    assert read(item, sensor=None).problems == ("item 1: sensor: is not said; give --sensor, or say it in each row",)
    assert "agency: 'a/b' is no id" in read("time,depth_cm\n2026-01-14 06:00,1\n", agency="a/b").problems[0]


@pytest.mark.parametrize("word", ["NA", "-", "--", "null"])
def test_a_word_for_nothing_measured_is_an_id_like_any_other(word: str) -> None:
    listing = read(f"agency,sensor,time,depth_cm\n{word},{word},2026-01-14 06:00,31.2\n")
    assert (set(found(listing)), listing.problems) == ({SensorId(word, word)}, ())


@pytest.mark.parametrize("depth", ["31.2", "欠測"])
@pytest.mark.parametrize("column", ["agency", "sensor"])
@pytest.mark.parametrize("cell", ["欠測", "///", "高松"])
def test_an_id_that_is_none_is_a_problem_and_no_other_s_reading(column: str, cell: str, depth: str) -> None:
    listing = read(f"{column},time,depth_cm\n{cell},2026-01-14 06:00,{depth}\n")
    (problem,) = listing.problems
    assert problem.startswith(f"row 2: {column}: '{cell}' is no id")
    assert found(listing) == {}


def test_a_blank_id_is_the_one_that_is_given() -> None:
    assert found(read("agency,sensor,time,depth_cm\n, ,2026-01-14 06:00,31.2\n")) == ONE


def test_files_and_lists_of_problems_have_an_end() -> None:
    listing = read("time,depth_cm\n" + "2026-01-14 06:00,1\n" * 11, rows_max=10)
    assert listing.problems == ("more than 10 rows; send it in parts",)
    assert len(read("time,depth_cm\n" + "x,1\n" * 500).problems) == PROBLEMS_MAX


READINGS = st.lists(
    st.tuples(
        st.integers(0, AT_US).map(lambda us: us - us % 1_000),
        st.integers(-1_000_000, 1_000_000),
        st.integers(-400, 400) | st.just(ABSENT_16),
        st.integers(0, 9_999) | st.just(ABSENT_32),
    ),
    max_size=20,
)


@given(READINGS)
def test_what_is_written_is_read(rows: list[tuple[int, int, int, int]]) -> None:
    text = write_header() + write_rows(S1, DepthBatch.from_rows(rows))
    listing = read(text, agency=None, sensor=None)
    assert listing.problems == ()
    assert found(listing) == ({S1: rows} if rows else {})


def test_times_are_written_as_people_in_japan_read_them() -> None:
    text = write_rows(S1, DepthBatch.from_rows([(AT_US, 312, -15, 3610)]))
    assert text == "kahoku,s1,2026-01-14 06:00:00,31.2,-1.5,3610\r\n"
    assert write_header().startswith("\ufeff道路管理者,センサー,日時,")


@given(st.binary(max_size=300) | st.text(max_size=100).map(lambda text: f"time,depth_cm\n{text}".encode()))
def test_no_file_breaks_the_reader(content: bytes) -> None:
    listing = read(content)
    assert all(isinstance(problem, str) for problem in listing.problems)


@given(st.lists(st.fixed_dictionaries({"time": st.integers(0, 10), "depth_mm": st.integers(0, 9)}), max_size=8))
def test_json_has_as_many_readings_as_items(items: list[dict[str, int]]) -> None:
    assert sum(map(len, read(orjson.dumps(items)).readings.values())) == len(items)
