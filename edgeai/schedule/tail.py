"""The tail, without a distribution: what all points share, and how each differs from that.

Shared: the normal scores z of all runs under their profiles are counted in bins. For a trust A (runs the profile is
worth) the posterior of a Dirichlet process gives

    G_A(z) = (A S(z) + #{z_i > z}) / (A + n),   S: survival function of the standard normal

(Ferguson, Annals of Statistics 1973). Several trusts are kept, weighted by how well each predicted the bins that came
(Bayesian model averaging): a good profile is believed for thousands of runs, a foreign one is given up after dozens.

Of each point: misses over predicted misses, see TailRatio.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import erfc, exp, fsum, pi, sqrt

__all__ = ["SharedTail", "TailRatio", "bin_of"]

_FORGET = 1.0 - 1.0 / 10_000
"""Evidence fades over 10 000 runs: as many as it takes to learn a probability of 1 % to a tenth."""

_EDGES = (1.28, 1.64, 2.0, 2.33, 2.7, 3.09, 3.7, 4.5, 6.0, 9.0)
"""Normal scores between the bins: fine where a deadline usually lies, 5 % to 0.1 %."""

_TRUSTS = (2_000.0, 200.0, 20.0)
"""Runs a profile is worth: measured here, measured on a like machine, measured elsewhere."""

_HALF_ROOT = sqrt(0.5)
_NORM = 1.0 / sqrt(2.0 * pi)


def _normal(z: float) -> float:
    return 0.5 * erfc(z * _HALF_ROOT)


_SURVIVAL = tuple(_normal(z) for z in _EDGES)
_MASS = tuple(a - b for a, b in zip((1.0, *_SURVIVAL), (*_SURVIVAL, 0.0), strict=True))
_BINS = tuple(zip(_MASS[1:-1], (b - a for a, b in pairwise(_EDGES)), strict=True))
"""Mass under the normal, and width, of the bins between two edges."""


def bin_of(z: float) -> int:
    """Return the bin of a normal score; 0 is the body."""
    return bisect_right(_EDGES, z)


class SharedTail:
    """Turns the survival a profile promises at a normal score into the one that all runs together show."""

    def __init__(self) -> None:
        self._counts = [0.0] * len(_MASS)
        self._n = 0.0
        self._weights = [1.0 / len(_TRUSTS)] * len(_TRUSTS)
        self._above = list(_SURVIVAL)
        self._believed = 1.0 / len(_TRUSTS)
        self.derive()

    def learn(self, bins: Mapping[int, int]) -> None:
        """Learn how many runs fell into each bin since the last time.

        Each trust is weighted by how well what was known before them predicted them all.
        """
        counts, n = self._counts, self._n
        runs = 0
        for i, seen in bins.items():
            mass, before = _MASS[i], counts[i]
            for k, trust in enumerate(_TRUSTS):
                self._weights[k] *= ((trust * mass + before) / (trust + n)) ** seen
            runs += seen
        total = fsum(self._weights)
        if total > 0.0:
            self._weights = [max(1e-4, weight / total) for weight in self._weights]
        else:  # so many unlikely runs at once that no trust is better than another
            self._weights = [1.0 / len(_TRUSTS)] * len(_TRUSTS)
        kept = _FORGET**runs
        self._counts = [count * kept for count in counts]
        for i, seen in bins.items():
            self._counts[i] += seen
        self._n = n * kept + runs
        self._refresh()

    def survival(self, z: float) -> float:
        """Return P(score > z)."""
        constant, profile, even = self._pieces[bisect_right(_EDGES, z)]
        return constant + profile * erfc(z * _HALF_ROOT) + even * z

    def density(self, z: float) -> float:
        """Return the density of the score at z, in the tail: the normal's, by as much more as its bin has shown."""
        i = bisect_right(_EDGES, z)
        low = self._above[i - 1] if i else 1.0
        high = self._above[i] if i < len(_EDGES) else 0.0
        return _NORM * exp(-0.5 * z * z) * max(0.0, low - high) / _MASS[i]

    def _refresh(self) -> None:
        """Work out the survival at the edges, as G_A mixed over the trusts: a S(z) + b #{z_i > z}."""
        total, n = fsum(self._weights), self._n
        seen = [weight / (total * (trust + n)) for weight, trust in zip(self._weights, _TRUSTS, strict=True)]
        b = fsum(seen)
        a = fsum(trust * part for trust, part in zip(_TRUSTS, seen, strict=True))
        above = 0.0
        for i in range(len(_EDGES) - 1, -1, -1):
            above += self._counts[i + 1]
            self._above[i] = a * _SURVIVAL[i] + b * above
        self._believed = self._weights[0] / total
        self.derive()

    def derive(self) -> None:
        """Work out the survival between the edges, for each bin as c + p erfc(z / sqrt 2) + e z.

        It follows the profile's shape as far as the most trusting weight goes, else it falls evenly.
        """
        above, believed = self._above, self._believed
        body = (1.0 - above[0]) / (1.0 - _SURVIVAL[0])
        pieces = [(1.0 - body, 0.5 * body, 0.0)]
        for i, (mass, width) in enumerate(_BINS):
            step = above[i] - above[i + 1]
            shaped, even = step * believed / mass, step * (1.0 - believed) / width
            low = above[i + 1] - shaped * _SURVIVAL[i + 1] + even * _EDGES[i + 1]
            pieces.append((low, 0.5 * shaped, -even))
        pieces.append((above[-1], 0.0, 0.0))
        self._pieces = pieces


@dataclass(slots=True)
class TailRatio:
    """Misses over predicted misses, kappa = (A k0 + sum y) / (A + sum p): the posterior mean of a Poisson ratio.

    A: misses the prior k0 is worth; y: 1 for a miss; p: the probability that was predicted for it. No unit. It
    assumes no distribution of durations (Gelman et al., Bayesian Data Analysis, 2.6: gamma prior, Poisson counts).
    """

    missed: float = 0.0
    predicted: float = 0.0

    def count(self, risk: float, runs: int, missed: int) -> None:
        """Learn from runs that were predicted to miss with probability `risk` each."""
        kept = _FORGET**runs
        self.predicted = self.predicted * kept + risk * runs
        self.missed = self.missed * kept + missed

    def value(self, worth: float, prior: float) -> float:
        """Return kappa, drawn towards `prior` as if that were known from `worth` misses."""
        return (worth * prior + self.missed) / (worth + self.predicted)
