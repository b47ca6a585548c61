"""What is true of every network's arrays, as docs/network-format.md promises it; and sentences where it is not."""

from collections.abc import Iterator

import numpy as np

from snowtrack.model.columns import Int32s, Int64s
from snowtrack.network.arrays import Kind, Manager, Network, RoadClass, Structure
from snowtrack.network.cells import find_candidates

ID_MAX = 2**53 - 1
SAMPLE_ROWS = 2_000
ENUMS = {"road_class": RoadClass, "manager": Manager, "kind": Kind, "structure": Structure}
PER_SEGMENT = (
    "rows_by_id", "from_node", "to_node", "length_mm", "road_class", "manager", "kind", "oneway", "structure", "level",
    "lanes", "width_mm", "priority", "name_text", "reading_text", "route_text", "district_text", "source_id",
    "source_text", "source_from_mm",
)  # fmt: skip


def faults(network: Network) -> Iterator[str]:
    """Sentences; where sizes do not fit, nothing further is looked at."""
    wrong = [*_sizes(network)]
    yield from wrong
    if wrong:
        return
    wrong = [*_rows(network)]
    yield from wrong
    if wrong:
        return
    yield from _ids(network)
    yield from _shapes(network)
    yield from _adjacency(network)
    yield from _index(network)


def _sizes(network: Network) -> Iterator[str]:
    segments, nodes, points = len(network), len(network.node_lat_e7), len(network.shape_lat_e7)
    expected = dict.fromkeys(PER_SEGMENT, segments)
    expected |= {"node_lon_e7": nodes, "node_offsets": nodes + 1, "node_ends": 2 * segments}
    expected |= {"shape_offsets": segments + 1, "shape_lon_e7": points, "shape_at_mm": points}
    expected |= {"cell_offsets": len(network.cell) + 1}
    for name, count in expected.items():
        if len(getattr(network, name)) != count:
            yield f"{name} has {len(getattr(network, name)):,} values and not {count:,}"
    if not segments:
        yield "there is no segment"
    ends = {"node_offsets": 2 * segments, "shape_offsets": points, "cell_offsets": len(network.cell_rows)}
    for name, last in (ends | {"text_offsets": len(network.text_utf8)}).items():
        offsets = getattr(network, name)
        if not len(offsets) or offsets[0] != 0 or offsets[-1] != last or (np.diff(offsets) < 0).any():
            yield f"{name} does not ascend from 0 to {last:,}"


def _rows(network: Network) -> Iterator[str]:
    """Numbers that point somewhere point into their array."""
    texts = len(network.text_offsets) - 1
    limits = {"rows_by_id": (0, len(network)), "cell_rows": (0, len(network)), "node_ends": (0, 2 * len(network))}
    limits |= dict.fromkeys(("from_node", "to_node"), (0, len(network.node_lat_e7)))
    limits |= dict.fromkeys((name for name in PER_SEGMENT if name.endswith("_text")), (-1, texts))
    limits |= {name: (0, len(words)) for name, words in ENUMS.items()}
    limits |= {"oneway": (-1, 2), "length_mm": (1, 2**31), "source_from_mm": (0, 2**31)}
    limits |= dict.fromkeys(("shape_lat_e7", "node_lat_e7"), (-900_000_000, 900_000_001))
    limits |= dict.fromkeys(("shape_lon_e7", "node_lon_e7"), (-1_800_000_000, 1_800_000_001))
    for name, (least, end) in limits.items():
        column = getattr(network, name)
        wrong = np.flatnonzero((column < least) | (column >= end))
        if len(wrong):
            found = f"{column[wrong[0]]} at {wrong[0]:,}, and {len(wrong) - 1:,} more"
            yield f"{name}: {found}: not within {least:,} … {end - 1:,}"


def _ids(network: Network) -> Iterator[str]:
    ids = network.segment_id[network.rows_by_id]
    if (np.diff(ids) <= 0).any() or (network.segment_id < 1).any() or (network.segment_id > ID_MAX).any():
        yield "segment_id: not unique, not in the order of rows_by_id, or not within 1 … 2^53-1"


def _shapes(network: Network) -> Iterator[str]:
    first, last = network.shape_offsets[:-1], network.shape_offsets[1:] - 1
    if (last <= first).any():
        yield f"shape_offsets: segment {network.segment_id[np.argmax(last <= first)]} has less than two points"
        return
    if network.shape_at_mm[first].any() or (network.shape_at_mm[last] != network.length_mm).any():
        yield "shape_at_mm: does not go from 0 to length_mm in every segment"
    falling = np.diff(network.shape_at_mm) < 0
    falling[last[:-1]] = False
    if falling.any():
        yield "shape_at_mm: falls within a segment"
    for nodes, points in ((network.from_node, first), (network.to_node, last)):
        for axis in ("lat_e7", "lon_e7"):
            if (getattr(network, f"node_{axis}")[nodes] != getattr(network, f"shape_{axis}")[points]).any():
                yield f"node_{axis}: a segment does not begin or end at its node"


def _adjacency(network: Network) -> Iterator[str]:
    nodes = np.repeat(np.arange(len(network.node_lat_e7)), np.diff(network.node_offsets))
    row, at_end = np.divmod(network.node_ends.astype(np.int64), 2)
    if (np.where(at_end == 1, network.to_node[row], network.from_node[row]) != nodes).any():
        yield "node_ends: names an end of a segment that is at another node"
    if (np.sort(network.node_ends) != np.arange(2 * len(network))).any():
        yield "node_ends: does not name each end of each segment once"
    elif _falls_within(network.node_ends, network.node_offsets):
        yield "node_ends: does not ascend within a node"


def _index(network: Network) -> Iterator[str]:
    if (network.cell[1:] <= network.cell[:-1]).any():
        yield "cell: does not ascend"
        return
    if _falls_within(network.cell_rows, network.cell_offsets):
        yield "cell_rows: does not ascend within a cell"
    step = max(len(network) // SAMPLE_ROWS, 1)
    rows = np.arange(0, len(network), step)
    for point in (network.shape_offsets[rows], network.shape_offsets[rows + 1] - 1):
        pairs = find_candidates(network, network.shape_lat_e7[point], network.shape_lon_e7[point])
        found = np.zeros(len(rows), np.bool_)
        found[pairs.point[pairs.row == rows[pairs.point]]] = True
        if not found.all():
            segment = network.segment_id[rows[np.argmin(found)]]
            yield f"cell_rows: segment {segment} is not listed where it is ({int((~found).sum()):,} such in a sample)"
            return


def _falls_within(values: Int32s, offsets: Int64s) -> bool:
    """Whether values of one range do not ascend strictly."""
    falls = np.diff(values) <= 0
    inner = offsets[1:-1]
    falls[inner[(inner > 0) & (inner < len(values))] - 1] = False
    return bool(falls.any())
