"""Suppression pair by pair and by columns keeps the same boxes."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeai.decoders._boxes import _group_few, _group_many


@settings(deadline=None, derandomize=True, database=None)
@given(st.integers(0, 10_000), st.integers(0, 60), st.booleans(), st.floats(0.05, 0.95), st.integers(1, 60))
def test_both_ways_group_alike(seed, n, by_class, iou, most):
    random = np.random.default_rng(seed)
    corner = random.random((n, 2))
    boxes = np.concatenate([corner, corner + random.normal(0.2, 0.2, (n, 2))], axis=1)
    classes = random.integers(0, 3, n) if by_class else None
    assert _group_few(boxes, classes, iou, most) == _group_many(boxes, classes, iou, most)
