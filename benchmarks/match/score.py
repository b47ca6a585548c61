"""How good a match is, by these definitions, on arcs (see `arcs`).

Route mismatch fraction: length of truth not matched plus length matched that is not truth, over truth length, along
the heaviest common subsequence of directed arcs. Precision and recall: by length, on sets of undirected arcs.
Fix accuracy: of the fixes within 30 m of the true route, the share whose arc, taken undirected, is on it; no match is
wrong. Sums over cases come before divisions, so a score is made of sums that can be added.
"""

from dataclasses import dataclass, fields

import numpy as np

from snowtrack.model.columns import Bools, Floats, Int64s

NEAR_M = 30.0
LEAST_SURE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Sums over cases. `truth_mm` and `matched_mm` count each traversal, the `_set_mm` each piece once."""

    truth_mm: int = 0
    matched_mm: int = 0
    common_mm: int = 0
    truth_set_mm: int = 0
    matched_set_mm: int = 0
    common_set_mm: int = 0
    fixes_near: int = 0
    fixes_right: int = 0

    def __add__(self, other: "Score") -> "Score":
        return Score(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})

    @property
    def rmf(self) -> float:
        return (self.truth_mm + self.matched_mm - 2 * self.common_mm) / self.truth_mm

    @property
    def precision(self) -> float:
        """Nothing matched is nothing right."""
        return self.common_set_mm / self.matched_set_mm if self.matched_set_mm else 0.0

    @property
    def recall(self) -> float:
        return self.common_set_mm / self.truth_set_mm

    @property
    def fix_acc(self) -> float:
        return self.fixes_right / self.fixes_near


def score(length_mm: Int64s, truth: Int64s, matched: Int64s) -> Score:
    """Two routes as arcs in order; `length_mm` of each piece."""
    truth_set, matched_set = np.unique(truth >> 1), np.unique(matched >> 1)
    return Score(
        truth_mm=int(length_mm[truth >> 1].sum()),
        matched_mm=int(length_mm[matched >> 1].sum()),
        common_mm=heaviest_common(truth, matched, length_mm[truth >> 1]),
        truth_set_mm=int(length_mm[truth_set].sum()),
        matched_set_mm=int(length_mm[matched_set].sum()),
        common_set_mm=int(length_mm[np.intersect1d(truth_set, matched_set)].sum()),
    )


def score_fixes(truth: Int64s, answers: Int64s, distance_m: Floats) -> Score:
    """The arc of each fix, -1 for none, and how far the fix lies from the true route."""
    near = distance_m <= NEAR_M
    return Score(fixes_near=int(near.sum()), fixes_right=int((near & on_route(truth, answers)).sum()))


def on_route(truth: Int64s, answers: Int64s) -> Bools:
    """Which answers lie on the route, in either direction."""
    return (answers >= 0) & np.isin(answers >> 1, truth >> 1)


def heaviest_common(truth: Int64s, matched: Int64s, weight: Int64s) -> int:
    """Weight of the heaviest common subsequence; `weight` belongs to the elements of `truth`.

    best[j] is that of the truth so far with the first j of matched. A new element of truth either stays unused, or ends
    a subsequence at one of its equals; what was reached at j can also be had further on.
    """
    best = np.zeros(len(matched) + 1, np.int64)
    for element, own in zip(truth, weight, strict=True):
        ending = best[:-1] + own * (matched == element)
        best[1:] = np.maximum.accumulate(np.maximum(best[1:], ending))
    return int(best[-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """`error_share` is the part of all errors that the least sure 5 % of the answers hold."""

    expected_error: float
    error_share: float
    answers: int
    errors: int


def calibrate(confidence: Floats, right: Bools, bins: int = 15) -> Calibration:
    """Expected calibration error over bins of equal width.

    Answers as sure as the 5 % mark share its place: the errors among them count in proportion.
    """
    count, errors = len(confidence), int((~right).sum())
    bin_of = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    surplus = np.bincount(bin_of, confidence - right, bins)
    order = np.sort(confidence)
    wanted = LEAST_SURE * count
    mark = order[max(int(np.ceil(wanted)) - 1, 0)] if count else 0.0
    below, tied = confidence < mark, confidence == mark
    part = (wanted - below.sum()) / max(int(tied.sum()), 1)
    held = float((~right & below).sum() + part * (~right & tied).sum())
    return Calibration(
        expected_error=float(np.abs(surplus).sum() / count) if count else 0.0,
        error_share=held / errors if errors else 1.0,
        answers=count,
        errors=errors,
    )
