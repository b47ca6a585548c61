"""What a tile shows: `roads` (immutable per network version) and `clearance` (the labels of the moment)."""

from collections.abc import Callable, Sequence

import numpy as np

from snowtrack.clearance.public_segments import FOOTWAY
from snowtrack.clearance.view import Views
from snowtrack.model.columns import ABSENT_8, Int32s, Int64s, Integers, UInt8s
from snowtrack.model.states import LABELS
from snowtrack.model.work import Evidence
from snowtrack.network.arrays import Kind, Network, RoadClass, Structure
from snowtrack.tiles.bands import AGE_MIN, NO_BAND, age_bands
from snowtrack.tiles.lines import encode_lines
from snowtrack.tiles.mvt import Value, Words, layer, word
from snowtrack.tiles.shapes import Shapes
from snowtrack.tiles.window import TileKey

# The zoom from which a class of road is shown.
CLASS_ZOOM = {
    RoadClass.NATIONAL: 6,
    RoadClass.PREFECTURAL: 8,
    RoadClass.MAIN: 10,
    RoadClass.RAMP: 11,
    RoadClass.FRONTAGE: 11,
    RoadClass.LOCAL: 11,
    RoadClass.UNKNOWN: 11,
}
FOOTWAY_ZOOM = 13
PERCENT_MAX = 100
FIELDS = {
    "roads": {
        "class": "String",
        "name": "String",
        "route": "String",
        "structure": "String",
        "oneway": "Number",
        "row": "Number",
    },
    "clearance": {
        "label": "String",
        "share": "Number",
        "evidence": "String",
        "confidence": "Number",
        "age": "Number",
    },
}
"""What each layer says of a segment, as a TileJSON lists it."""
NONE = -1


class TileMaker:
    """Tiles of one network."""

    def __init__(self, network: Network, features_max: int) -> None:
        self.segment_id = np.ascontiguousarray(network.segment_id)
        self.features_max = features_max
        self.shapes = Shapes.of(network)
        zooms = np.array([CLASS_ZOOM[RoadClass(number)] for number in range(len(RoadClass))])
        self.zoom = np.where(network.kind == Kind.FOOTWAY, FOOTWAY_ZOOM, zooms[network.road_class])
        self._roads = RoadWords(network)
        self._clearance = ClearanceWords()

    def roads(self, key: TileKey) -> bytes:
        """Geometry and names; and each segment's row, by which a state array is laid over it."""
        rows = self._rows(key)
        words = self._roads.words.encoded
        tags = np.column_stack([self._roads.tags[rows], len(words) + np.arange(len(rows), dtype=np.int32)])
        return self._tile("roads", key, rows, RoadWords.KEYS, tags, [*words, *map(word, rows.tolist())])

    def clearance(self, key: TileKey, views: Views, now_us: int) -> bytes:
        """Geometry and labels."""
        rows = self._rows(key)
        tags = self._clearance.tags(views.take(rows), now_us)
        return self._tile("clearance", key, rows, ClearanceWords.KEYS, tags, self._clearance.words.encoded)

    def _rows(self, key: TileKey) -> Int64s:
        """The segments near the tile, the most important ones when there are too many."""
        rows = self.shapes.near(key.window)
        rows = rows[self.zoom[rows] <= key.z]
        if len(rows) > self.features_max:
            rows = np.sort(rows[np.argsort(self.zoom[rows], kind="stable")][: self.features_max])
        return rows

    def _tile(
        self, name: str, key: TileKey, rows: Int64s, keys: Sequence[str], tags: Int32s, words: Sequence[bytes]
    ) -> bytes:
        spoken = np.flatnonzero((tags != NONE).any(axis=0))
        features, used = encode_lines(
            self.shapes.lines,
            self.segment_id[rows],
            rows,
            key.window,
            np.ascontiguousarray(tags[:, spoken]),
            len(words),
        )
        return layer(name, features, [keys[one] for one in spoken.tolist()], [words[one] for one in used])


class RoadWords:
    """What is said of each segment."""

    KEYS = ("class", "structure", "oneway", "name", "route", "row")

    def __init__(self, network: Network) -> None:
        self.words = Words()
        kinds = np.where(network.kind == Kind.FOOTWAY, len(RoadClass), network.road_class)
        classes = [*(one.name.lower() for one in RoadClass), FOOTWAY]
        columns: list[tuple[Integers | UInt8s, Callable[[int], Value | None]]] = [
            (kinds, classes.__getitem__),
            (network.structure, lambda number: Structure(number).name.lower()),
            (network.oneway, lambda number: number),
            (network.name_text, network.text),
            (network.route_text, network.text),
        ]
        self.tags = np.stack([self._numbers(column, said) for column, said in columns], axis=1)

    def _numbers(self, column: Integers | UInt8s, said: Callable[[int], Value | None]) -> Int32s:
        """Each different one is looked up once."""
        different, places = np.unique(column, return_inverse=True)
        values = [said(int(one)) for one in different]
        return np.array([NONE if value is None else self.words.number(value) for value in values], np.int32)[places]


class ClearanceWords:
    """What is said of a segment that reads so."""

    KEYS = ("label", "share", "evidence", "confidence", "age")

    def __init__(self) -> None:
        labels = map(str, LABELS)
        evidences = (one.name.lower() for one in Evidence)
        self.words = Words((*labels, *evidences, *range(PERCENT_MAX + 1)))
        self.ages = np.array([self.words.number(minutes) for minutes in AGE_MIN])

    def tags(self, views: Views, now_us: int) -> Int32s:
        """Of what nobody worked on there is no evidence to show."""
        evidence, percent = len(LABELS), len(LABELS) + len(Evidence)
        known, ages = views.evidence != ABSENT_8, age_bands(views, now_us)
        columns = (
            views.label,
            percent + views.share.astype(np.int32),
            np.where(known, evidence + views.evidence.astype(np.int32), NONE),
            np.where(known, percent + views.confidence.astype(np.int32), NONE),
            np.where(ages == NO_BAND, NONE, self.ages[ages]),
        )
        return np.stack(columns, axis=1).astype(np.int32)
