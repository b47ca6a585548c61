"""Network folders: whole or absent, read back as written, and refused in one sentence when they are not right."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import orjson
import pytest

from snowtrack.model.columns import declared_dtypes
from snowtrack.model.errors import NetworkDataError
from snowtrack.network.arrays import Network
from snowtrack.roads.files import (
    MANIFEST,
    VERSION,
    array_names,
    check_network,
    is_outdated,
    open_network,
    read_manifest,
    write_network,
)
from tests.oracles.towns import road, sample_town, town

SMALL = town(road((0, 0), (100, 0), name="一条通り"), road((100, 0), (100, 100)))
NAMELESS = town(road((0, 0), (100, 0)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A network on disk that a test may damage."""
    write_network(SMALL, tmp_path / "network")
    return tmp_path / "network"


@contextmanager
def changed_manifest(folder: Path) -> Iterator[dict[str, object]]:
    manifest = orjson.loads((folder / MANIFEST).read_bytes())
    yield manifest
    (folder / MANIFEST).write_bytes(orjson.dumps(manifest))


def assert_refused(folder: Path, *words: str) -> None:
    """One sentence that says which file and what is wrong."""
    with pytest.raises(NetworkDataError) as refused:
        open_network(folder)
    text = str(refused.value)
    assert str(folder) in text
    assert "\n" not in text
    assert all(word in text for word in words)


@pytest.mark.parametrize("network", [SMALL, NAMELESS])
def test_what_is_written_is_read_back(network: Network, tmp_path: Path) -> None:
    write_network(network, tmp_path / "deep" / "network")
    found = open_network(tmp_path / "deep" / "network")
    for name in Network.__slots__:
        one, other = getattr(network, name), getattr(found, name)
        assert one.tolist() == other.tolist() if isinstance(one, np.ndarray) else one == other
    assert {name: getattr(found, name).dtype for name in array_names()} == declared_dtypes(Network)
    assert check_network(tmp_path / "deep" / "network") == []


def test_an_opened_network_cannot_be_changed(folder: Path) -> None:
    with pytest.raises(ValueError, match="read-only"):
        open_network(folder).length_mm[0] = 1


def test_the_manifest_says_what_the_format_asks_for(folder: Path) -> None:
    manifest = read_manifest(folder)
    assert manifest["format"] == "snowtrack-network"
    assert manifest["version"] == 2
    assert manifest["network_id"] == SMALL.network_id
    assert (manifest["segments"], manifest["nodes"]) == (2, 3)
    assert manifest["bbox_e7"] == list(SMALL.bbox_e7)
    assert list(manifest["files"]) == array_names()
    assert manifest["files"]["segment_id"]["dtype"] == "int64"


def test_the_same_network_is_written_as_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    write_network(SMALL, tmp_path / "again")
    for path in folder.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


def test_an_existing_folder_is_never_touched(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(NetworkDataError, match="exists already"):
        write_network(NAMELESS, folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_network_that_is_half_written_is_never_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []

    def full_disk(number: int) -> None:
        written.append("file")
        assert not (tmp_path / "network").exists()
        if len(written) == 5:
            raise OSError(28, "No space left on device")
        os.fdatasync(number)

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(NetworkDataError, match="No space left on device"):
        write_network(SMALL, tmp_path / "network")
    assert list(tmp_path.iterdir()) == []


def test_remains_of_a_killed_writer_are_no_obstacle(tmp_path: Path) -> None:
    half = tmp_path / f".network.{os.getpid()}"
    half.mkdir()
    (half / "segment_id.npy").write_bytes(b"half")
    write_network(SMALL, tmp_path / "network")
    assert check_network(tmp_path / "network") == []
    assert [path.name for path in tmp_path.iterdir()] == ["network"]


def test_a_folder_without_a_network_is_refused(tmp_path: Path) -> None:
    assert_refused(tmp_path, "no network here")
    assert_refused(tmp_path / "absent", "no network here")
    (tmp_path / "file").write_bytes(b"")
    assert_refused(tmp_path / "file", "cannot be read")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"format": "other"}', b"\xff\xfe", b'{"version": 1}'])
def test_a_manifest_that_is_none_is_refused(folder: Path, content: bytes) -> None:
    (folder / MANIFEST).write_bytes(content)
    assert_refused(folder, MANIFEST)


@pytest.mark.parametrize("version", [0, 1, 3, "2", None])
def test_another_version_is_refused(folder: Path, version: object) -> None:
    with changed_manifest(folder) as manifest:
        manifest["version"] = version
    assert_refused(folder, f"version {version}", "reads version 2", "import the roads again")


def test_an_older_version_is_outdated_and_nothing_else_is(folder: Path, tmp_path: Path) -> None:
    assert not is_outdated(folder)
    assert not is_outdated(tmp_path / "absent")
    for version, outdated in ((1, True), (3, False), (None, False), ("1", False)):
        with changed_manifest(folder) as manifest:
            manifest["version"] = version
        assert is_outdated(folder) is outdated
    for content in (b"", b"[]", b'{"version": 1}'):
        (folder / MANIFEST).write_bytes(content)
        assert not is_outdated(folder)


def test_the_document_of_the_format_names_every_array_with_its_type() -> None:
    document = (Path(__file__).parents[2] / "docs" / "network-format.md").read_text()
    rows = [row.split("|") for row in document.splitlines() if row.startswith("| `")]
    described = {name.strip(" `"): row[2].strip() for row in rows for name in row[1].split(",")}
    declared = {name: str(dtype) for name, dtype in declared_dtypes(Network).items()}
    assert declared.items() <= described.items()
    assert f"version {VERSION}" in document.splitlines()[0]


@pytest.mark.parametrize("key", ["network_id", "name", "attribution", "h3_resolution", "candidate_radius_m", "files"])
def test_a_manifest_without_a_key_is_refused(folder: Path, key: str) -> None:
    with changed_manifest(folder) as manifest:
        del manifest[key]
    assert_refused(folder, repr(key))


@pytest.mark.parametrize("described", [None, [], 3, "all", {"segment_id": None}, {"segment_id": []}])
def test_a_manifest_whose_files_are_not_described_is_refused(folder: Path, described: object) -> None:
    with changed_manifest(folder) as manifest:
        manifest["files"] = described
    assert_refused(folder)
    with pytest.raises(NetworkDataError):
        check_network(folder)


def saved(array: np.ndarray) -> Callable[[Path], None]:
    return lambda path: np.save(path, array)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:7]),
        lambda path: path.write_bytes(path.read_bytes()[:60]),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(b"PK\x03\x04" + path.read_bytes()),
        lambda path: path.write_bytes(b"x" * 500),
        saved(np.array([1, 2], np.int32)),
        saved(np.array([1, 2], ">i8")),
        saved(np.array([1, 2], np.float64)),
        saved(np.array([1, 2, 3], np.int64)),
        saved(np.array([[1, 2]], np.int64)),
        saved(np.array(1, np.int64)),
        saved(np.array([None, {}], object)),
    ],
)
def test_a_damaged_array_is_refused_with_its_name(folder: Path, damage: Callable[[Path], object]) -> None:
    damage(folder / "segment_id.npy")
    assert_refused(folder, "segment_id.npy")


def test_a_folder_in_place_of_an_array_is_refused(folder: Path) -> None:
    (folder / "segment_id.npy").unlink()
    (folder / "segment_id.npy").mkdir()
    assert_refused(folder, "segment_id.npy")
    assert check_network(folder) == ["segment_id"]


def test_the_check_names_what_was_changed_behind_its_back(folder: Path) -> None:
    path = folder / "length_mm.npy"
    path.write_bytes(path.read_bytes()[:-4] + b"\x01\x00\x00\x00")
    (folder / "oneway.npy").unlink()
    assert check_network(folder) == ["length_mm", "oneway"]


def test_a_target_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NetworkDataError, match="cannot be written"):
        write_network(SMALL, tmp_path / "file" / "network")


def test_a_network_may_be_moved(folder: Path, tmp_path: Path) -> None:
    shutil.move(folder, tmp_path / "elsewhere")
    assert open_network(tmp_path / "elsewhere").network_id == SMALL.network_id


def test_the_sample_town_survives_the_disk(tmp_path: Path) -> None:
    write_network(sample_town(), tmp_path / "network")
    found = open_network(tmp_path / "network")
    assert found.network_id == sample_town().network_id
    assert found.rows_of(found.segment_id[[0, -1]]).tolist() == [0, len(found) - 1]
