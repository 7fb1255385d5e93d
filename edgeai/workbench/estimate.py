"""How long a model may take that nobody measured: from its multiply-accumulates.

    t = a + b x,   x: multiply-accumulates, t: median duration in ns

fitted to the rungs of a measured ladder whose multiply-accumulates are published, so that the sum of squared relative
errors ((a + b x) / t - 1)^2 is least. A model that is built otherwise may take half or twice as long.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import fsum
from statistics import median

from edgeai.power.ladders import Ladder

__all__ = ["Fit", "published_macs"]

_MACS = {
    "v1-1.0": {224: 569, 192: 418, 160: 291, 128: 186},
    "v1-0.75": {224: 317, 192: 233, 160: 162, 128: 104},
    "v1-0.5": {224: 150, 192: 110, 160: 77, 128: 49},
    "v1-0.25": {224: 41, 192: 34, 160: 21, 128: 14},
    "v2-1.4": {224: 582},
    "v2-1.0": {224: 300, 192: 221, 160: 154, 128: 99, 96: 56},
    "v2-0.75": {224: 209, 192: 153, 160: 107, 128: 69, 96: 39},
    "v2-0.5": {224: 97, 192: 71, 160: 50, 128: 32, 96: 18},
    "v2-0.35": {224: 59, 192: 43, 160: 30, 128: 20, 96: 11},
}
"""Millions by width and side of the picture. Source: tensorflow/models, research/slim/nets, mobilenet_v1.md and
mobilenet/README.md."""
_LITE = {0: 407, 1: 631, 2: 899, 3: 1440, 4: 2640}
"""Millions of EfficientNet-Lite. Source: tensorflow/tpu, models/official/efficientnet/lite."""


def published_macs(model: str) -> int | None:
    """Return the published multiply-accumulates of a rung's model, None where there are none."""
    if match := re.match(r"mobilenet-(v[12]-[0-9.]+)-(\d+)", model):
        millions = _MACS.get(match[1], {}).get(int(match[2]))
    elif match := re.match(r"efficientnet-lite(\d)", model):
        millions = _LITE.get(int(match[1]))
    else:
        millions = None
    return None if millions is None else millions * 1_000_000


@dataclass(frozen=True, slots=True)
class Fit:
    """A line through a ladder. offset: ns; slope: ns a multiply-accumulate; error: median relative error of the fit."""

    offset: float
    slope: float
    error: float

    @classmethod
    def of(cls, ladder: Ladder) -> Fit:
        """Fit the line; weighted least squares with weights 1 / t^2."""
        known = [(macs, rung.p50_ms * 1e6) for rung in ladder.rungs if (macs := published_macs(rung.model))]
        weights = [1.0 / (t * t) for _, t in known]
        s = fsum(weights)
        sx = fsum(w * x for w, (x, _) in zip(weights, known, strict=True))
        sxx = fsum(w * x * x for w, (x, _) in zip(weights, known, strict=True))
        sy = fsum(w * t for w, (_, t) in zip(weights, known, strict=True))
        sxy = fsum(w * x * t for w, (x, t) in zip(weights, known, strict=True))
        slope = (s * sxy - sx * sy) / (s * sxx - sx * sx)
        offset = (sy - slope * sx) / s
        return cls(offset, slope, median(abs((offset + slope * x) / t - 1.0) for x, t in known))

    def ns(self, macs: int) -> float:
        """Return the median duration of a model, ns."""
        return self.offset + self.slope * macs
