"""Network folders: written whole or not at all, read by memory map. The format is docs/network-format.md."""

import os
import shutil
from collections.abc import Mapping
from hashlib import file_digest
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from snowtrack.model.columns import declared_dtypes
from snowtrack.model.errors import NetworkDataError
from snowtrack.network.arrays import Network

FORMAT, VERSION = "snowtrack-network", 1
MANIFEST = "network.json"
ATTRIBUTES = ("network_id", "name", "attribution", "h3_resolution", "candidate_radius_m")


def array_names() -> list[str]:
    """The arrays in the order of the format."""
    return list(declared_dtypes(Network))


def write_network(network: Network, folder: Path) -> None:
    """Write a new network folder; an existing one is never changed."""
    if folder.exists():
        raise NetworkDataError(f"{folder}: exists already; networks are never changed, choose another folder")
    half = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(half, ignore_errors=True)
    try:
        half.mkdir(parents=True)
        for name in array_names():
            with (half / f"{name}.npy").open("wb") as file:
                np.save(file, np.ascontiguousarray(getattr(network, name)))
                file.flush()
                os.fsync(file.fileno())
        with (half / MANIFEST).open("wb") as file:
            file.write(orjson.dumps(_manifest(network, half), option=orjson.OPT_INDENT_2))
            file.flush()
            os.fsync(file.fileno())
        _sync(half)
        half.rename(folder)
    except OSError as error:
        shutil.rmtree(half, ignore_errors=True)
        raise NetworkDataError(f"{folder}: cannot be written: {error.strerror}") from error


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
        raise NetworkDataError(f"{path}: version {manifest.get('version')}; this program reads version {VERSION}")
    missing = [key for key in (*ATTRIBUTES, "files") if key not in manifest]
    if missing:
        raise NetworkDataError(f"{path}: {missing[0]!r} is missing")
    if not isinstance(manifest["files"], dict) or not all(isinstance(one, dict) for one in manifest["files"].values()):
        raise NetworkDataError(f"{path}: 'files' does not describe the arrays")
    return manifest


def check_network(folder: Path) -> list[str]:
    """Compare every array with its checksum; the names of those that differ."""
    files = read_manifest(folder)["files"]
    return [name for name in array_names() if _sha256(folder / f"{name}.npy") != files.get(name, {}).get("sha256")]


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


def _describe(path: Path, array: np.ndarray[Any, Any]) -> dict[str, Any]:
    return {"sha256": _sha256(path), "dtype": str(array.dtype), "length": len(array)}


def _map(folder: Path, name: str, dtype: np.dtype[Any], manifest: Mapping[str, Any]) -> np.ndarray[Any, Any]:
    path = folder / f"{name}.npy"
    try:
        array: np.ndarray[Any, Any] = np.lib.format.open_memmap(path, mode="r")
    except (OSError, ValueError) as error:
        raise NetworkDataError(f"{path}: cannot be read: {error}") from error
    expected = manifest["files"].get(name, {}).get("length")
    if array.dtype != dtype or array.ndim != 1 or len(array) != expected:
        raise NetworkDataError(f"{path}: expected {expected} values of {dtype}, found {array.shape} of {array.dtype}")
    return array


def _sync(folder: Path) -> None:
    """Make the names in a folder durable, as `fsync` does for what is in the files."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sha256(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
