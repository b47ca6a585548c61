"""A byte per segment: how a network reads, to be laid over its immutable geometry (docs/state-array.md)."""

import numpy as np
import orjson

from snowtrack.clearance.view import Views
from snowtrack.model.calendar import utc_text
from snowtrack.model.columns import UInt8s
from snowtrack.model.states import LABELS
from snowtrack.tiles.bands import AGE_MIN, CONFIDENCE, age_bands, confidence_bands

MAGIC = b"snst"
VERSION = 1
SIZE_BYTES = 4


def state_array(network_id: str, views: Views, at_us: int) -> bytes:
    """What the bytes mean, and the bytes. `at_us` is as of when ages are told; 0 before anything is known."""
    head = {
        "version": VERSION,
        "network": network_id,
        "at": utc_text(at_us) if at_us else None,
        "segments": len(views),
        "labels": LABELS,
        "age_min": AGE_MIN,
        "confidence": CONFIDENCE,
    }
    said = orjson.dumps(head)
    return MAGIC + len(said).to_bytes(SIZE_BYTES, "little") + said + codes(views, at_us).tobytes()


def codes(views: Views, at_us: int) -> UInt8s:
    """Label, age and confidence as one number; of both latter ones 0 says that there is none."""
    ages, confidences = age_bands(views, at_us) + 1, confidence_bands(views) + 1
    return (views.label + len(LABELS) * (ages + (len(AGE_MIN) + 1) * confidences)).astype(np.uint8)
