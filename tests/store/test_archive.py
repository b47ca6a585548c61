"""Archives give back what was put in, to the bit but for digests that nobody needs, or say why they do not."""

import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.columns import present
from snowtrack.model.errors import SourceError
from snowtrack.model.fixes import FixBatch
from snowtrack.model.ids import DeviceId
from snowtrack.store.archive import Archive, check_written, in_order, once_each, open_archive, writing_archive
from snowtrack.store.archive_seal import seal, unsealed
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
# Rows that have much in common, so that archives meet the same fixes again.
FEW = {name: st.integers(0, 2) for name in ("boot", "seq", "time_us")} | {"digest": st.integers(1, 2)}
ALIKE = st.lists(st.fixed_dictionaries({"device": st.just(7)}, optional=FEW), max_size=8).map(
    lambda rows: batch_of(FixBatch, *rows)
)
BOOT, SEQ, DIGEST, TIME_US = (list(FixBatch.dtypes()).index(name) for name in ("boot", "seq", "digest", "time_us"))
NO_SEQ = int(np.iinfo(np.int64).min)


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


def as_kept(*parts: FixBatch) -> list[tuple[int, ...]]:
    """What an archive keeps of the parts of a device: no digest of a fix that its number or its time tells apart."""
    fixes = [row for part in parts for row in in_order(part).rows()]
    numbers, times = Counter((row[BOOT], row[SEQ]) for row in fixes), Counter(row[TIME_US] for row in fixes)
    return [
        (*row[:DIGEST], 0, *row[DIGEST + 1 :])
        if row[SEQ] != NO_SEQ and numbers[row[BOOT], row[SEQ]] == 1 and times[row[TIME_US]] == 1
        else row
        for row in fixes
    ]


def but_digest(row: tuple[int, ...]) -> tuple[int, ...]:
    return (*row[:DIGEST], *row[DIGEST + 1 :])


def one_of_each(rows: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Each row once; one that is bare only where no other is the same but for its digest."""
    alike = Counter(map(but_digest, set(rows)))
    return sorted(row for row in set(rows) if row[SEQ] == NO_SEQ or row[DIGEST] != 0 or alike[but_digest(row)] == 1)


@given(first=BATCHES, second=BATCHES, data=st.data())
def test_what_was_put_in_comes_out_whatever_order_it_came_in(
    first: FixBatch, second: FixBatch, data: st.DataObject
) -> None:
    mixed = first.take(np.array(data.draw(st.permutations(range(len(first)))), np.int64))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "night.parquet"
        archive = written(path, {ONE: first, OTHER: second})
        assert archive.read(ONE, 7).rows() == as_kept(first)
        assert archive.read(OTHER, 7).rows() == as_kept(second)
        assert len(archive.read(STRANGER, 7)) == 0
        assert archive.fixes == len(first) + len(second)
        assert archive.devices == [device for device, own in ((OTHER, second), (ONE, first)) if len(own)]
        content = path.read_bytes()
        written(path, {OTHER: second, ONE: mixed})
        assert path.read_bytes() == content
        assert sorted(one.name for one in Path(folder).iterdir()) == ["night.parquet"]


@given(st.lists(BATCHES | ALIKE, max_size=4))
def test_a_digest_is_left_out_only_where_no_part_of_the_device_has_a_fix_like_it(parts: list[FixBatch]) -> None:
    with TemporaryDirectory() as folder:
        archive = written(Path(folder) / "a.parquet", {ONE: parts, OTHER: parts[:1]})
        assert archive.read(ONE, 7).rows() == as_kept(*parts)
        assert archive.read(OTHER, 7).rows() == as_kept(*parts[:1])


@given(fixes=BATCHES | ALIKE, until=st.integers(0, 3), since=st.integers(0, 3))
def test_archives_that_overlap_hold_what_one_archive_of_all_holds(fixes: FixBatch, until: int, since: int) -> None:
    fixes = fixes.take(fixes.digest != 0)
    times = fixes.time_us
    with TemporaryDirectory() as folder:
        parts = [fixes.take(times <= until), fixes.take((times >= since) | (times > until)), fixes]
        archives = [written(Path(folder) / f"{at}.parquet", {ONE: part}) for at, part in enumerate(parts)]
        *cut, whole = [one.read(ONE, 7) for one in archives]
    found, expected = once_each(FixBatch.concat(cut)), once_each(whole)
    assert Counter(map(but_digest, found.rows())) == Counter(map(but_digest, expected.rows()))


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
    assert sorted(found.rows()) == one_of_each(fixes.rows())


def test_a_bare_fix_is_the_same_as_the_one_with_its_digest_and_no_other_is() -> None:
    row = {"device": 7, "boot": 1, "seq": 5, "time_us": 100}
    same = batch_of(FixBatch, {**row, "digest": 0}, {**row, "digest": -9}, {**row, "digest": 9}, {**row, "digest": 9})
    assert once_each(same).digest.tolist() == [-9, 9]
    other = batch_of(FixBatch, {**row, "digest": 0}, {**row, "digest": 9, "lat_e7": 1})
    assert once_each(other).digest.tolist() == [0, 9]
    unnumbered = {name: value for name, value in row.items() if name != "seq"}
    assert len(once_each(batch_of(FixBatch, {**unnumbered, "digest": 0}, {**unnumbered, "digest": 9}))) == 2


def test_the_number_of_a_device_is_the_one_that_it_has_now(tmp_path: Path) -> None:
    archive = written(tmp_path / "a.parquet", {ONE: batch_of(FixBatch, {"device": 7, "time_us": 5})})
    assert archive.read(ONE, 31).rows() == batch_of(FixBatch, {"device": 31, "time_us": 5}).rows()


def test_parts_of_a_device_follow_on_each_other(tmp_path: Path) -> None:
    days = [batch_of(FixBatch, *({"device": 7, "time_us": day * 100 + at} for at in range(3))) for day in range(3)]
    archive = written(tmp_path / "a.parquet", {ONE: [days[0], FixBatch.empty(), *days[1:]], OTHER: days[1]})
    assert len(archive.parts) == 4
    assert same(archive.read(ONE, 7), FixBatch.concat(days))
    assert same(archive.read(OTHER, 7), days[1])


def test_others_can_read_it_as_a_table_of_differences_where_nothing_is_null(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    rows = [{"device": 7, "time_us": 5 + at, "lat_e7": 36 + at * at, "blade": 1} for at in range(4)]
    written(path, {ONE: batch_of(FixBatch, *rows)})
    table = pl.read_parquet(path)
    assert [name.removesuffix("_step").removesuffix("_step") for name in table.columns] == [
        "agency",
        *FixBatch.dtypes(),
    ]
    said = {name: value for name, value in table.row(0, named=True).items() if value is not None}
    assert said.pop("digest") == batch_of(FixBatch, rows[0]).digest[0]
    assert said == {"agency": "kanazawa", "device": "d1", "time_us_step": 5, "lat_e7_step_step": 36, "blade": 1}
    assert table["time_us_step"].cum_sum().to_list() == [row["time_us"] for row in rows]
    assert table["lat_e7_step_step"].cum_sum().cum_sum().to_list() == [row["lat_e7"] for row in rows]


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
    pl.DataFrame({"x": [1]}).write_parquet(path, metadata={"format": "snowtrack-fixes", "version": "1"})
    assert refused(path) == f"{path}: version 1; this program reads version 2"


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
    pl.DataFrame({"x": [1]}).write_parquet(path, metadata=unsealed(parts))
    seal(path)
    assert "damaged" in refused(path)


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    path = tmp_path / "none" / "a.parquet"
    with pytest.raises(SourceError, match="cannot be written: No such file or directory"), writing_archive(path):
        pass


def test_a_file_that_becomes_another_after_it_was_opened_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    archive = written(path, {ONE: batch_of(FixBatch, {"device": 7, "time_us": 5})})
    written(path, {ONE: batch_of(FixBatch, {"device": 7, "time_us": 6})})
    with pytest.raises(SourceError, match="the fixes of kanazawa/d1 are not those that were written"):
        archive.read(ONE, 7)


def test_what_waits_is_compared_with_what_was_taken_before_a_file_appears(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    with pytest.raises(SourceError) as caught, writing_archive(path) as writer:
        for device, at in ((ONE, 5), (OTHER, 6)):
            writer.add(device, batch_of(FixBatch, {"device": 7, "time_us": at}))
        first, second = sorted(writer.folder.iterdir())
        shutil.copy(first, second)
    assert str(caught.value).startswith(f"{path}: cannot be written: ")
    assert list(tmp_path.iterdir()) == []


def test_what_a_file_gives_is_compared_with_what_was_taken(tmp_path: Path) -> None:
    one, other = (
        written(tmp_path / f"{at}.parquet", {ONE: batch_of(FixBatch, {"device": 7, "time_us": at})}) for at in (5, 6)
    )
    check_written(one.path, one.parts)
    with pytest.raises(SourceError, match="its parts are not those that were written"):
        check_written(one.path, other.parts)
    with pytest.raises(SourceError, match="its parts are not those that were written"):
        check_written(one.path, ())
