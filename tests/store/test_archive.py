"""Archives give back what was put in, to the bit, or say in one line why they do not."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snowtrack.model.columns import present
from snowtrack.model.errors import SourceError
from snowtrack.model.fixes import FixBatch
from snowtrack.model.ids import DeviceId
from snowtrack.store.archive import Archive, in_order, once_each, open_archive, writing_archive
from tests.oracles.batches import batch_of

ONE, OTHER, STRANGER = DeviceId("kanazawa", "d1"), DeviceId("ishikawa", "d1"), DeviceId("kanazawa", "d2")


def _values(dtype: np.dtype[np.signedinteger]) -> st.SearchStrategy[int]:
    """Absent (the smallest), the next to it, the largest, and what is usual."""
    low, high = int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
    return st.sampled_from([low, low + 1, high, -1, 0, 1]) | st.integers(low, high) | st.integers(0, 3)


ROWS = st.fixed_dictionaries(
    {name: _values(dtype) if name != "device" else st.just(7) for name, dtype in FixBatch.dtypes().items()}
)
BATCHES = st.lists(ROWS, max_size=12).map(lambda rows: batch_of(FixBatch, *rows))


def written(path: Path, fixes: Mapping[DeviceId, FixBatch | list[FixBatch]]) -> Archive:
    with writing_archive(path) as writer:
        for device, own in fixes.items():
            for part in own if isinstance(own, list) else [own]:
                writer.add(device, part)
    return open_archive(path)


def same(one: FixBatch, other: FixBatch) -> bool:
    """By their bytes, and of the same types."""
    return all(
        getattr(one, name).dtype == getattr(other, name).dtype == dtype
        and getattr(one, name).tobytes() == getattr(other, name).tobytes()
        for name, dtype in FixBatch.dtypes().items()
    )


@given(first=BATCHES, second=BATCHES, data=st.data())
def test_what_was_put_in_comes_out_whatever_order_it_came_in(
    first: FixBatch, second: FixBatch, data: st.DataObject
) -> None:
    mixed = first.take(np.array(data.draw(st.permutations(range(len(first)))), np.int64))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "night.parquet"
        archive = written(path, {ONE: first, OTHER: second})
        assert same(archive.read(ONE, 7), in_order(first))
        assert same(archive.read(OTHER, 7), in_order(second))
        assert len(archive.read(STRANGER, 7)) == 0
        assert archive.fixes == len(first) + len(second)
        assert archive.devices == [device for device, own in ((OTHER, second), (ONE, first)) if len(own)]
        content = path.read_bytes()
        written(path, {OTHER: second, ONE: mixed})
        assert path.read_bytes() == content
        assert sorted(one.name for one in Path(folder).iterdir()) == ["night.parquet"]


@given(BATCHES)
def test_fixes_are_in_order_of_time_and_those_without_one_come_last(fixes: FixBatch) -> None:
    ordered = in_order(fixes)
    assert sorted(ordered.rows()) == sorted(fixes.rows())
    dated = present(ordered.time_us)
    assert np.all(np.diff(dated.astype(np.int8)) <= 0)
    times = ordered.time_us[dated].tolist()
    assert times == sorted(times)


@given(BATCHES, st.data())
def test_a_fix_that_is_there_several_times_is_taken_once(fixes: FixBatch, data: st.DataObject) -> None:
    again = fixes.take(
        np.array(data.draw(st.lists(st.sampled_from(range(len(fixes))))) if len(fixes) else [], np.int64)
    )
    found = once_each(FixBatch.concat([fixes, again]))
    assert sorted(found.rows()) == sorted(set(fixes.rows()))


def test_the_number_of_a_device_is_the_one_that_it_has_now(tmp_path: Path) -> None:
    archive = written(tmp_path / "a.parquet", {ONE: batch_of(FixBatch, {"device": 7, "time_us": 5})})
    assert archive.read(ONE, 31).rows() == batch_of(FixBatch, {"device": 31, "time_us": 5}).rows()


def test_parts_of_a_device_follow_on_each_other(tmp_path: Path) -> None:
    days = [batch_of(FixBatch, *({"device": 7, "time_us": day * 100 + at} for at in range(3))) for day in range(3)]
    archive = written(tmp_path / "a.parquet", {ONE: [days[0], FixBatch.empty(), *days[1:]], OTHER: days[1]})
    assert len(archive.parts) == 4
    assert same(archive.read(ONE, 7), FixBatch.concat(days))
    assert same(archive.read(OTHER, 7), days[1])


def test_others_can_read_it_as_a_table_where_nothing_is_null(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    written(path, {ONE: batch_of(FixBatch, {"device": 7, "time_us": 5, "lat_e7": 36})})
    table = pl.read_parquet(path)
    assert table.columns == ["agency", *FixBatch.dtypes()]
    said = {name: value for name, value in table.row(0, named=True).items() if value is not None}
    assert said == {"agency": "kanazawa", "device": "d1", "time_us": 5, "lat_e7": 36}


def test_an_archive_may_be_empty(tmp_path: Path) -> None:
    archive = written(tmp_path / "a.parquet", {ONE: FixBatch.empty()})
    assert (archive.fixes, archive.devices) == (0, [])


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_text("what was there before")
    with pytest.raises(RuntimeError), writing_archive(path) as writer:
        writer.add(ONE, batch_of(FixBatch, {"device": 7}))
        raise RuntimeError
    assert path.read_text() == "what was there before"
    assert list(tmp_path.iterdir()) == [path]


def refused(path: Path) -> str:
    """What is said of a file: one line that names it."""
    with pytest.raises(SourceError) as caught:
        for device in (archive := open_archive(path)).devices:
            archive.read(device, 7)
    said = str(caught.value)
    assert said.startswith(f"{path}: ")
    assert "\n" not in said
    return said


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    text, other, folder = tmp_path / "a.parquet", tmp_path / "b.parquet", tmp_path / "c.parquet"
    text.write_text("PAR1 and nothing else PAR1")
    pl.DataFrame({"time_us": [1]}).write_parquet(other)
    folder.mkdir()
    assert "damaged, or no archive" in refused(text)
    assert "this is not an archive of snowtrack's fixes" in refused(other)
    assert "cannot be read" in refused(tmp_path / "none.parquet")
    refused(folder)


def test_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame({"x": [1]}).write_parquet(path, metadata={"format": "snowtrack-fixes", "version": "2"})
    assert refused(path) == f"{path}: version 2; this program reads version 1"


@pytest.mark.parametrize(
    "parts",
    [
        "",
        "[]",
        "{}",
        '[{"agency": "k", "device": "d", "fixes": 2, "sha256": ""}]',
        '[{"agency": "k k", "device": "d", "fixes": 1, "sha256": ""}]',
        '[{"agency": "k", "device": "d", "fixes": "1", "sha256": ""}]',
        '[{"agency": "k", "device": "d", "fixes": 1}]',
        '[{"agency": "k", "device": "d", "fixes": 1, "sha256": ""}]',
    ],
)
def test_a_list_of_parts_that_lies_is_refused(tmp_path: Path, parts: str) -> None:
    path = tmp_path / "a.parquet"
    metadata = {"format": "snowtrack-fixes", "version": "1", "parts": parts}
    pl.DataFrame({"x": [1]}).write_parquet(path, metadata=metadata)
    assert "damaged" in refused(path)


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    path = tmp_path / "none" / "a.parquet"
    with pytest.raises(SourceError, match="cannot be written: No such file or directory"), writing_archive(path):
        pass


@settings(max_examples=200)
@given(at=st.integers(0, 10**6), flip=st.integers(1, 255), cut=st.booleans())
def test_damage_is_refused_or_does_no_harm(whole_night: tuple[bytes, FixBatch], at: int, flip: int, cut: bool) -> None:
    content, fixes = whole_night
    spoilt = bytearray(content)
    spoilt[at % len(content)] ^= flip
    with TemporaryDirectory() as folder:
        path = Path(folder) / "night.parquet"
        path.write_bytes(content[: at % len(content)] if cut else bytes(spoilt))
        try:
            found = open_archive(path).read(ONE, 7)
        except SourceError as error:
            assert "\n" not in str(error)
        else:
            assert same(found, fixes)


@pytest.fixture(scope="module")
def whole_night(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, FixBatch]:
    path = tmp_path_factory.mktemp("archive") / "night.parquet"
    rows = [{"device": 7, "time_us": 10**15 + at * 10**6, "lat_e7": 36 * 10**7 + at, "seq": at} for at in range(300)]
    fixes = batch_of(FixBatch, *rows)
    written(path, {ONE: fixes})
    return path.read_bytes(), fixes
