"""`snowtrack roads diff`: what became of the roads from one network to the next."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from snowtrack.model.columns import Rows
from snowtrack.network.arrays import Network
from snowtrack.roads.files import open_network
from snowtrack.roads.lines import LineAttributes
from snowtrack.roads.stretches import Succession
from snowtrack.roads.succession import find_twins, succession
from snowtrack.services.network_view import write_json

SHOWN_MAX = 5
# What the source calls a road says nothing of the road.
SOURCE_IDS = {"source_id", "source_text"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Difference:
    """Rows by what became of them: `kept` and `changed` of the new network, `new` too, `gone` of the old one."""

    kept: Rows
    changed: Rows
    new: Rows
    gone: Rows
    succession: Succession


def compare(old: Network, new: Network) -> Difference:
    """Kept is what has its id, its line and what the source says of it; changed what has only its id."""
    twins = find_twins(old, new)
    same_id = np.isin(new.segment_id, old.segment_id)
    kept = np.zeros(len(new), np.bool_)
    rows, of_old = twins.new[twins.kept], twins.old[twins.kept]
    alike = (new.segment_id[rows] == old.segment_id[of_old]) & _same_attributes(old, new, of_old, rows)
    kept[rows[alike]] = True
    return Difference(
        kept=np.flatnonzero(kept),
        changed=np.flatnonzero(same_id & ~kept),
        new=np.flatnonzero(~same_id),
        gone=np.flatnonzero(~np.isin(old.segment_id, new.segment_id)),
        succession=succession(old, new, twins),
    )


def show_difference(old_folder: Path, new_folder: Path, *, as_json: bool) -> None:
    """Counts, kilometres and places; and with which stretches the old segments go on."""
    old, new = open_network(old_folder), open_network(new_folder)
    found = compare(old, new)
    parts = {
        "kept": (new, found.kept),
        "changed": (new, found.changed),
        "new": (new, found.new),
        "gone": (old, found.gone),
    }
    followed = found.succession
    if as_json:
        said: dict[str, Any] = {name: _as_json(*part) for name, part in parts.items()}
        said["succession"] = [dict(zip(Succession.dtypes(), row, strict=True)) for row in followed.rows()]
        write_json({"old": old.network_id, "new": new.network_id, **said})
        return
    for name, (network, rows) in parts.items():
        print(f"{name:10} {len(rows):9,} segments {_km(network, rows):12,.1f} km{_in_words(name, network, rows)}")
    km = int((followed.old_to_mm - followed.old_from_mm).sum(dtype=np.int64)) / 1e6
    print(
        f"succession {len(followed):9,} stretches {km:11,.1f} km of old segments go on in new ones (--json lists them)"
    )


def _same_attributes(old: Network, new: Network, of_old: Rows, of_new: Rows) -> np.ndarray[Any, np.dtype[np.bool_]]:
    same = np.ones(len(of_old), np.bool_)
    texts_of_old, texts_of_new = _numbers_of(old, new)
    for column in LineAttributes.dtypes().keys() - SOURCE_IDS:
        one, other = getattr(old, column)[of_old], getattr(new, column)[of_new]
        if column.endswith("_text"):
            one, other = texts_of_old[one], texts_of_new[other]
        same &= one == other
    return same


def _numbers_of(old: Network, new: Network) -> tuple[Rows, Rows]:
    """For the texts of both networks numbers that are equal where the texts are; the last stands for none."""
    known: dict[str | None, int] = {None: -1}
    numbered = []
    for network in (old, new):
        texts = [network.text(number) for number in range(len(network.text_offsets) - 1)]
        numbered.append(np.array([*(known.setdefault(text, len(known)) for text in texts), -1], np.int64))
    return numbered[0], numbered[1]


def _km(network: Network, rows: Rows) -> float:
    return int(network.length_mm[rows].sum(dtype=np.int64)) / 1e6


def _place(network: Network, row: int) -> tuple[float, float]:
    first = network.shape_offsets[row]
    return int(network.shape_lat_e7[first]) / 1e7, int(network.shape_lon_e7[first]) / 1e7


def _as_json(network: Network, rows: Rows) -> dict[str, Any]:
    places = [_place(network, row) for row in _longest(network, rows)]
    return {"segments": len(rows), "km": round(_km(network, rows), 3), "places": places}


def _in_words(name: str, network: Network, rows: Rows) -> str:
    if name == "kept" or not len(rows):
        return ""
    places = "; ".join("{:.6f},{:.6f}".format(*_place(network, row)) for row in _longest(network, rows))
    return f": {places}{' …' if len(rows) > SHOWN_MAX else ''}"


def _longest(network: Network, rows: Rows) -> list[int]:
    order = np.argsort(-network.length_mm[rows].astype(np.int64), kind="stable")
    longest: list[int] = rows[order[:SHOWN_MAX]].tolist()
    return longest
