"""The truth on disk is the truth, whole or absent, and goes on where a run was cut short."""

from pathlib import Path

import numpy as np
import orjson
import polars as pl
import pytest
from world.nights import HOUR_MS, START_MS, night

from ploughsim.errors import StateError
from ploughsim.roads.read import RoadNetwork
from ploughsim.world.ledger import Ledger
from ploughsim.world.night import World
from ploughsim.world.truth import OFF_ROAD

HEAD = {"scenario": "test", "seed": 5}
SPAN_MS = 120_000


def world_of(town: RoadNetwork, seed: int = 5) -> World:
    return night(town, seed=seed, machines=5, twins=1, parked_engines=1, round_h=0.5)


def tell(ledger: Ledger, world: World, hours: float, *, flush_every: int = 10) -> None:
    """From where it is on, in spans; seq is the instant's number within its boot, and every seventh is missing."""
    stop_ms = START_MS + int(hours * HOUR_MS)
    for number, first_ms in enumerate(range(ledger.until_ms, stop_ms, SPAN_MS)):
        truth = world.truth(first_ms, first_ms + SPAN_MS, 1000)
        seq = (truth["time_ms"] - truth["on_ms"]) // 1000 + 1
        ledger.epochs(truth, np.where(seq % 7 == 0, 0, seq), first_ms + SPAN_MS)
        if number % flush_every == flush_every - 1:
            ledger.flush()


def table(folder: Path, name: str) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(part) for part in sorted((folder / name).glob("*.parquet"))])


@pytest.fixture(scope="module")
def folder(town: RoadNetwork, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ledger") / "truth"
    world = world_of(town)
    ledger = Ledger(path, world, HEAD)
    tell(ledger, world, 1.5)
    ledger.close()
    return path


def test_epochs_are_the_rows_of_the_truth(folder: Path, town: RoadNetwork) -> None:
    epochs = table(folder, "epochs").sort("unit", "time_us")
    rows = world_of(town).truth(START_MS, START_MS + 3 * HOUR_MS // 2, 1000)
    assert len(epochs) == len(rows) > 10_000
    assert (epochs["time_us"].to_numpy() == 1000 * rows["time_ms"]).all()
    for name in (
        "unit",
        "boot",
        "at_mm",
        "side_mm",
        "speed_mmps",
        "course_cdeg",
        "activity",
        "sky",
        "blade",
        "spreader",
    ):
        assert (epochs[name].to_numpy() == rows[name]).all()
    on_road = rows["row"] != OFF_ROAD
    ids = epochs["segment_id"].to_numpy()
    assert (ids[on_road] == town.segment_id[rows["row"][on_road]]).all()
    assert (ids[~on_road] == 0).all()
    assert (epochs["direction"].to_numpy() == np.where(on_road, rows["direction"], 0)).all()
    assert np.abs(epochs["lat_e7"].to_numpy() - rows["lat_deg"] * 1e7).max() <= 0.5001
    assert 0.1 < (epochs["seq"] == 0).mean() < 0.2  # type: ignore[operator]


def test_what_is_cleared_and_ordered_is_told_once(folder: Path, town: RoadNetwork) -> None:
    world = world_of(town)
    cleared, expected = table(folder, "cleared"), world.cleared(START_MS + 3 * HOUR_MS // 2)
    assert len(cleared) == len(expected) > 100
    assert (cleared["segment_id"].to_numpy() == town.segment_id[expected["row"]]).all()
    for name in ("machine", "direction", "from_mm", "to_mm", "ploughed", "spread"):
        assert (cleared[name].to_numpy() == expected[name]).all()
    for name in ("start", "end"):
        assert (cleared[f"{name}_us"].to_numpy() == 1000 * expected[f"{name}_ms"]).all()
    orders = [(one.machine, one.number, 1000 * one.time_ms) for one in world.orders(START_MS + 3 * HOUR_MS // 2)]
    assert table(folder, "orders").rows() == orders
    assert len(orders) > 4


def test_snow_is_told_at_full_hours_for_directions_open_to_traffic(folder: Path, town: RoadNetwork) -> None:
    snow, world = table(folder, "snow"), world_of(town)
    assert snow["time_us"].unique().to_list() == [1000 * (START_MS + HOUR_MS)]
    assert len(snow) == 2 * len(town) - int((town.oneway != 0).sum())
    depth_mm = world.depth_mm(START_MS + HOUR_MS)
    rows = {segment_id: row for row, segment_id in enumerate(town.segment_id.tolist())}
    for segment_id, direction, _, depth in snow.sample(200, seed=1).iter_rows():
        assert abs(depth - depth_mm[2 * rows[segment_id] + (direction < 0)]) <= 0.5


def test_work_adds_up_to_the_time_that_passed(folder: Path) -> None:
    work = pl.read_parquet(folder / "work.parquet")
    working = work.filter(pl.col("machine") != _parked(folder))
    seconds = working.group_by("machine").agg(pl.col("seconds").sum())["seconds"].to_list()
    assert seconds == pytest.approx([1.5 * 3600] * 4)
    assert set(work["day"].cast(pl.String).to_list()) == {"2026-01-14"}
    assert work.filter(activity="work")["km"].sum() > 5


def _parked(folder: Path) -> int:
    units = pl.read_parquet(folder / "units.parquet")
    return int(units.filter(pl.col("parked") & pl.col("twin_of").is_null())["machine"][0])


def test_units_are_told_with_what_is_wrong_with_them(folder: Path, town: RoadNetwork) -> None:
    units = pl.read_parquet(folder / "units.parquet")
    assert units["device"].to_list() == [unit.device for unit in world_of(town).units]
    assert units["twin_of"].is_not_null().sum() == 1
    assert units["parked"].sum() >= 1


def test_the_head_says_which_night_it_is_and_how_far_it_is_told(folder: Path, town: RoadNetwork) -> None:
    head = orjson.loads((folder / "night.json").read_bytes())
    assert head["format"] == "ploughsim-truth"
    assert head["version"] == 1
    assert head["night"] == HEAD | {"network_id": town.network_id, "start_us": 1000 * START_MS}
    assert head["until_us"] == 1000 * (START_MS + 3 * HOUR_MS // 2)
    assert head["parts"] == len([*(folder / "epochs").iterdir()])


@pytest.mark.parametrize("killed_after_h", [0.4, 1.1])
def test_a_run_that_was_killed_goes_on_after_the_last_part(
    folder: Path, town: RoadNetwork, tmp_path: Path, killed_after_h: float
) -> None:
    world = world_of(town)
    tell(Ledger(tmp_path / "truth", world, HEAD), world, killed_after_h, flush_every=4)
    # What it wrote of a part that it did not come to count.
    (tmp_path / "truth" / "epochs" / "000099.parquet").write_bytes(b"half")
    (tmp_path / "truth" / "epochs" / ".000100.parquet").write_bytes(b"half")
    world = world_of(town)
    ledger = Ledger(tmp_path / "truth", world, HEAD)
    assert START_MS < ledger.until_ms < START_MS + killed_after_h * HOUR_MS + 1
    tell(ledger, world, 1.5)
    ledger.close()
    for name in ("epochs", "cleared", "orders", "snow"):
        by = {"epochs": ["unit", "time_us"], "cleared": [], "orders": [], "snow": []}[name]
        one, other = (table(path, name) for path in (folder, tmp_path / "truth"))
        assert (one.sort(by) if by else one).equals(other.sort(by) if by else other)
    works = [pl.read_parquet(path / "work.parquet") for path in (folder, tmp_path / "truth")]
    assert works[0]["seconds"].to_list() == pytest.approx(works[1]["seconds"].to_list())


def test_the_truth_of_another_night_is_left_alone(folder: Path, town: RoadNetwork) -> None:
    with pytest.raises(StateError, match="another night"):
        Ledger(folder, world_of(town), HEAD | {"seed": 6})


def test_every_column_is_documented(folder: Path) -> None:
    text = (Path(__file__).parents[3] / "docs" / "truth-format.md").read_text()
    for name in ("epochs", "cleared", "orders", "snow"):
        section = text.split(f"## `{name}`")[1].split("\n## ")[0]
        assert all(f"`{column}`" in section for column in table(folder, name).columns)
    for name in ("units", "work"):
        section = text.split(f"## `{name}.parquet`")[1].split("\n## ")[0]
        assert all(f"`{column}`" in section for column in pl.read_parquet(folder / f"{name}.parquet").columns)
    head = orjson.loads((folder / "night.json").read_bytes())
    assert all(f"`{key}`" in text.split("## `night.json`")[1] for key in head)
