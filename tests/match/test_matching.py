"""Tracks from files, and what is answered for them."""

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from snowtrack.model.errors import SourceError
from snowtrack.services.matching import match_fixes
from snowtrack.services.track_files import read_tracks
from tests.match.drawn import STREET, along, csv_of, town
from tests.oracles.towns import Metres, point
from tests.services.epochs import sentence

TOWN = town()
TURNING: list[tuple[float, Metres]] = [
    *along(range(30)),
    *[(30.0 + second, (262.0 + 2 * second, 1.0 + 7.5 * second)) for second in range(20)],
]


def fixes_of(drive: list[tuple[float, Metres]], tmp_path: Path, name: str = "track.csv") -> pl.DataFrame:
    path = tmp_path / name
    path.write_text(csv_of(drive))
    return read_tracks(path)


@pytest.mark.parametrize("lag_s", [0.0, 5.0, 10.0])
def test_an_answer_looks_no_further_than_its_lag(lag_s: float, tmp_path: Path) -> None:
    whole = match_fixes(TOWN, fixes_of(TURNING, tmp_path), lag_s).answers
    for last in range(1, len(TURNING)):
        part = match_fixes(TOWN, fixes_of(TURNING[: last + 1], tmp_path), lag_s).answers
        sure = max(int(last - lag_s), 0)
        assert_frame_equal(part[:sure], whole[:sure])


@given(st.permutations(range(12)))
def test_the_order_of_the_rows_changes_no_answer(order: list[int]) -> None:
    fixes = pl.DataFrame(
        {
            "vehicle": "a",
            "time": [str(second) for second in range(12)],
            "time_us": [second * 1_000_000 for second in range(12)],
            "lat": [point(*place)[0] / 1e7 for _, place in along(range(12))],
            "lon": [point(*place)[1] / 1e7 for _, place in along(range(12))],
            **dict.fromkeys(("kind",), pl.Series([None] * 12, dtype=pl.String)),
            **dict.fromkeys(("speed_mps", "course_deg", "hdop"), pl.Series([None] * 12, dtype=pl.Float64)),
        }
    )
    assert_frame_equal(match_fixes(TOWN, fixes[order], 10).answers, match_fixes(TOWN, fixes, 10).answers[order])


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1768404600", 1_768_404_600),
        ("1768404600.25", 1_768_404_600.25),
        ("2026-01-14T15:30:00Z", 1_768_404_600),
        ("2026-01-15T00:30:00+09:00", 1_768_404_600),
        ("2026-01-14 15:30:00.250", 1_768_404_600.25),
    ],
)
def test_times_are_seconds_or_iso(text: str, seconds: float, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"lon,time,lat\n136.6,{text},36.5\n")
    (row,) = read_tracks(path).rows(named=True)
    assert row["time_us"] == round(seconds * 1_000_000)
    assert (row["time"], row["lat"], row["lon"], row["vehicle"]) == (text, 36.5, 136.6, "a")


def test_what_a_track_may_say_more_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "\ufeffVehicle,Time,LAT,lon,kind,speed_mps,course_deg,hdop,more\nk1,1,36.5,136.6,grader,8,90,1.2,x\n"
    )
    (row,) = read_tracks(path).rows(named=True)
    expected = {"vehicle": "k1", "kind": "grader", "speed_mps": 8.0, "course_deg": 90.0, "hdop": 1.2}
    assert row == expected | {"time": "1", "time_us": 1_000_000, "lat": 36.5, "lon": 136.6}


def test_a_gpx_is_read_with_its_names_and_times(tmp_path: Path) -> None:
    path = tmp_path / "ride.gpx"
    points = "".join(
        f'<trkpt lat="{point(*place)[0] / 1e7:.7f}" lon="{point(*place)[1] / 1e7:.7f}">'
        f"<time>2026-01-14T15:30:{second:02}Z</time><hdop>1.5</hdop></trkpt>"
        for second, place in along(range(30))
    )
    path.write_text(
        '<?xml version="1.0"?><gpx xmlns="http://www.topografix.com/GPX/1/1" version="1.1" creator="t">'
        f"<trk><name>three</name><trkseg>{points}</trkseg></trk></gpx>"
    )
    fixes = read_tracks(path)
    assert fixes["vehicle"].unique().to_list() == ["three"]
    assert fixes["hdop"].unique().to_list() == [1.5]
    answers = match_fixes(TOWN, fixes, None).answers
    assert answers["time"].to_list() == [f"2026-01-14T15:30:{second:02}Z" for second in range(30)]
    assert answers["source_id"].unique().to_list() == [STREET]


def test_a_gpx_that_was_drawn_and_has_no_times_is_driven_at_a_steady_pace(tmp_path: Path) -> None:
    path = tmp_path / "plan.gpx"
    places = [point(*place) for place in ((20, 0), (140, 0), (141, 0), (300, 0), (300, 100))]
    points = "".join(f'<trkpt lat="{lat / 1e7:.7f}" lon="{lon / 1e7:.7f}"></trkpt>' for lat, lon in places)
    path.write_text(f"<gpx><trk><trkseg>{points}</trkseg></trk></gpx>")
    fixes = read_tracks(path)
    assert fixes["time"].to_list() == ["0", "12", "13", "29", "39"]
    assert match_fixes(TOWN, fixes, None).path["to_m"].round(0).to_list() == [300, 300]
    path.write_text(path.read_text().replace("></trkpt>", "><time>2026-01-14T15:30:00Z</time></trkpt>", 1))
    with pytest.raises(SourceError, match="some points have a time and some have none"):
        read_tracks(path)


def test_an_nmea_log_is_read_with_speed_and_course(tmp_path: Path) -> None:
    path = tmp_path / "night.nmea"
    lines = []
    for second, place in along(range(30)):
        lat, lon = (value / 1e7 for value in point(*place))
        where = f"{int(lat):02}{lat % 1 * 60:08.5f},N,{int(lon):03}{lon % 1 * 60:08.5f},E"
        lines.append(sentence(f"GPRMC,1530{second:02}.00,A,{where},15.55,90.0,140126,,,A"))
    path.write_bytes(b"".join(lines))
    fixes = read_tracks(path)
    assert fixes["speed_mps"].round(1).unique().to_list() == [8.0]
    answers = match_fixes(TOWN, fixes, 10).answers
    assert answers["vehicle"].unique().to_list() == ["night"]
    assert answers["source_id"].unique().to_list() == [STREET]
    assert answers["direction"].unique().to_list() == [1]
