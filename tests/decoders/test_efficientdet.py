"""EfficientDet-Lite's anchors and heads, without post-processing in the graph."""

from __future__ import annotations

import numpy as np
import pytest

from edgeai.decoders.efficientdet import Efficientdet
from edgeai.errors import ModelError
from edgeai.perception.decoding import Settings
from edgeai.perception.geometry import view_of
from edgeai.perception.options import SsdOptions

from .examples import info, signature


def decode(side: int, boxes: int, anchor: int, encoding, logit: float = 4.0, **options) -> list[float]:
    """Return the box, in pixels of a picture as large as the input, that one anchor gives."""
    heads = (info(1, boxes, 4), info(1, boxes, 3))
    settings = Settings(ssd=SsdOptions(**options))
    scores, encodings = np.full((1, boxes, 3), -20, np.float32), np.zeros((1, boxes, 4), np.float32)
    scores[0, anchor, 1], encodings[0, anchor] = logit, encoding
    found = Efficientdet(signature(*heads, image=(side, side)), settings)(
        [encodings, scores], view_of((side, side), (side, side), "stretch", 1.0)
    )
    assert found.class_id.tolist() == [1]
    return found.box[0].tolist()


@pytest.mark.parametrize(
    # The first anchors of EfficientDet-D0 at 512 pixels, x1, y1, x2, y2: 4 cells of 8 pixels around (4, 4).
    ("anchor", "box"),
    [
        (0, [-12.0, -12.0, 20.0, 20.0]),
        (1, [-18.627417, -7.3137085, 26.627417, 15.3137085]),
        (2, [-7.3137085, -18.627417, 15.3137085, 26.627417]),
        (3, [-16.158737, -16.158737, 24.158737, 24.158737]),
        (6, [-21.398417, -21.398417, 29.398417, 29.398417]),
    ],
)
def test_the_first_anchors_are_the_known_ones(anchor, box):
    assert decode(512, 49104, anchor, (0, 0, 0, 0), anchor_scale=4.0) == pytest.approx(box, abs=1e-4)


def test_all_anchors_are_those_of_the_published_formula():
    side, boxes, level_sides = 320, 19206, (40, 20, 10, 5, 3)
    wanted = []
    for cells in level_sides:
        stride = side / cells
        for y in np.arange(stride / 2, side, stride):
            for x in np.arange(stride / 2, side, stride):
                for octave in range(3):
                    for aspect in (1.0, 2.0, 0.5):
                        size = 3.0 * stride * 2 ** (octave / 3)
                        wide, high = size * np.sqrt(aspect) / 2, size / np.sqrt(aspect) / 2
                        wanted.append([x - wide, y - high, x + wide, y + high])
    assert len(wanted) == boxes
    for anchor in (4, 700, 14_404, 17_000, 18_800, 19_150):
        x1, y1, x2, y2 = wanted[anchor]
        # Small enough to lie in the picture: a quarter of the size.
        shrunk = decode(side, boxes, anchor, (0, 0, -np.log(4), -np.log(4)))
        middle, quarter = ((x1 + x2) / 2, (y1 + y2) / 2), ((x2 - x1) / 8, (y2 - y1) / 8)
        corners = [middle[0] - quarter[0], middle[1] - quarter[1], middle[0] + quarter[0], middle[1] + quarter[1]]
        assert shrunk == pytest.approx(corners, abs=1e-3)


def test_encodings_are_not_divided():
    plain = decode(320, 19206, 9 * 820, (0, 0, 0, 0))
    moved = decode(320, 19206, 9 * 820, (0.5, 0.25, 0.0, 0.0))
    assert moved == pytest.approx([plain[0] + 6, plain[1] + 12, plain[2] + 6, plain[3] + 12], abs=1e-3)


def test_another_number_of_boxes_is_another_model():
    other = signature(info(1, 1917, 4), info(1, 1917, 91))
    assert not Efficientdet.claims(other)
    with pytest.raises(ModelError, match="1917 boxes and there are"):
        Efficientdet(other, Settings())
