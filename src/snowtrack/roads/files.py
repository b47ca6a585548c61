"""Network folders: written whole or not at all, read by memory map. The format is docs/network-format.md."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import orjson
import polars as pl

from snowtrack.model.columns import declared_dtypes
from snowtrack.model.errors import NetworkDataError
from snowtrack.network.arrays import Network
from snowtrack.roads.stretches import Followed, Succession
from snowtrack.whole_files import sync_folder

FORMAT, VERSION = "snowtrack-network", 2
MANIFEST = "network.json"
SUCCESSION = "succession.csv"
ATTRIBUTES = ("network_id", "name", "attribution", "h3_resolution", "candidate_radius_m")


def array_names() -> list[str]:
    """The arrays in the order of the format."""
    return list(declared_dtypes(Network))


def refuse_existing(folder: Path) -> None:
    if folder.exists():
        raise NetworkDataError(f"{folder}: exists already; networks are never changed, choose another folder")


def write_network(network: Network, folder: Path, followed: Followed | None = None) -> None:
    """Write a new network folder; an existing one is never changed."""
    refuse_existing(folder)
    half = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(half, ignore_errors=True)
    try:
        half.mkdir(parents=True)
        for name in array_names():
            with _durable(half / f"{name}.npy") as file:
                np.save(file, np.ascontiguousarray(getattr(network, name)))
        manifest = _manifest(network, half)
        if followed is not None:
            with _durable(half / SUCCESSION) as file:
                _as_table(followed.succession).write_csv(file)
            manifest["previous"] = {"network_id": followed.previous, "sha256": _sha256(half / SUCCESSION)}
        with _durable(half / MANIFEST) as file:
            file.write(orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
        sync_folder(half)
        half.rename(folder)
    except OSError as error:
        raise NetworkDataError(f"{folder}: cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(half, ignore_errors=True)


def read_succession(folder: Path) -> Followed | None:
    """What became of the segments of the network before, where the import was told of one."""
    previous = read_manifest(folder).get("previous")
    if previous is None:
        return None
    try:
        table = pl.read_csv(folder / SUCCESSION, schema=dict.fromkeys(Succession.dtypes(), pl.Int64))
        columns = {name: table[name].to_numpy().astype(dtype) for name, dtype in Succession.dtypes().items()}
        return Followed(previous=previous["network_id"], succession=Succession(**columns))
    except (OSError, pl.exceptions.PolarsError, TypeError, KeyError) as error:
        raise NetworkDataError(f"{folder / SUCCESSION}: cannot be read: {error}") from error


def open_network(folder: Path) -> Network:
    """Map a network into memory."""
    manifest = read_manifest(folder)
    values: dict[str, Any] = {
        name: _map(folder, name, dtype, manifest) for name, dtype in declared_dtypes(Network).items()
    }
    return Network(**values, **{key: manifest[key] for key in ATTRIBUTES})


def read_manifest(folder: Path) -> Mapping[str, Any]:
    """The description of a network folder, refused when it is of another format or version."""
    path = folder / MANIFEST
    try:
        manifest = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        raise NetworkDataError(f"{folder}: there is no network here (no {MANIFEST})") from None
    except (OSError, orjson.JSONDecodeError) as error:
        raise NetworkDataError(f"{path}: cannot be read: {error}") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise NetworkDataError(f"{path}: this is not a road network of snowtrack")
    if manifest.get("version") != VERSION:
        raise NetworkDataError(
            f"{path}: version {manifest.get('version')}; this program reads version {VERSION}: import the roads again"
        )
    missing = [key for key in (*ATTRIBUTES, "files") if key not in manifest]
    if missing:
        raise NetworkDataError(f"{path}: {missing[0]!r} is missing")
    if not isinstance(manifest["files"], dict) or not all(isinstance(one, dict) for one in manifest["files"].values()):
        raise NetworkDataError(f"{path}: 'files' does not describe the arrays")
    return manifest


def is_outdated(folder: Path) -> bool:
    """Whether a folder holds a network of an older version of the format."""
    try:
        manifest = orjson.loads((folder / MANIFEST).read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return False
    version = manifest.get("version") if isinstance(manifest, dict) and manifest.get("format") == FORMAT else None
    return isinstance(version, int) and version < VERSION


def check_network(folder: Path) -> list[str]:
    """Compare every array with its checksum; the names of those that differ."""
    manifest = read_manifest(folder)
    stated = {f"{name}.npy": manifest["files"].get(name, {}).get("sha256") for name in array_names()}
    if "previous" in manifest:
        stated[SUCCESSION] = manifest["previous"].get("sha256")
    damaged = [name for name, checksum in stated.items() if _sha256(folder / name) != checksum]
    return [name.removesuffix(".npy") for name in damaged]


def _manifest(network: Network, half: Path) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "name": network.name,
        "network_id": network.network_id,
        "segments": len(network),
        "nodes": len(network.node_lat_e7),
        "bbox_e7": network.bbox_e7,
        "h3_resolution": network.h3_resolution,
        "candidate_radius_m": network.candidate_radius_m,
        "attribution": network.attribution,
        "files": {name: _describe(half / f"{name}.npy", getattr(network, name)) for name in array_names()},
    }


@contextmanager
def _durable(path: Path) -> Iterator[BinaryIO]:
    """A file that is on the disk when it is closed."""
    with path.open("wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _as_table(succession: Succession) -> pl.DataFrame:
    return pl.DataFrame({name: getattr(succession, name) for name in Succession.dtypes()})


def _describe(path: Path, array: np.ndarray[Any, Any]) -> dict[str, Any]:
    return {"sha256": _sha256(path), "dtype": str(array.dtype), "length": len(array)}


def _map(folder: Path, name: str, dtype: np.dtype[Any], manifest: Mapping[str, Any]) -> np.ndarray[Any, Any]:
    path = folder / f"{name}.npy"
    try:
        array: np.ndarray[Any, Any] = np.asarray(np.lib.format.open_memmap(path, mode="r"))  # a plain view is quicker
    except (OSError, ValueError) as error:
        raise NetworkDataError(f"{path}: cannot be read: {error}") from error
    expected = manifest["files"].get(name, {}).get("length")
    if array.dtype != dtype or array.ndim != 1 or len(array) != expected:
        raise NetworkDataError(f"{path}: expected {expected} values of {dtype}, found {array.shape} of {array.dtype}")
    return array


def _sha256(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
