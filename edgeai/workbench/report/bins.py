"""Figures of a story over time, in equal bins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from edgeai.power.boards import load_board
from edgeai.workbench.report.story import PHASES, Look, StageStory, Story

__all__ = ["Bins", "Lane", "breakdown", "quantile"]

_MOST = 240
"""Bins of a timeline: as many as can be told apart on a wide screen."""

_BUSY = tuple(PHASES.index(phase) for phase in ("preprocess", "invoke", "decode", "other steps"))

Lane = list[float | None]
"""A figure for each bin, None where there is none."""


@dataclass(frozen=True, slots=True)
class Bins:
    """`count` bins of `width` ns from `began` on."""

    began: int
    width: int
    count: int

    @classmethod
    def of(cls, story: Story) -> Bins:
        """Return bins of at least half a second for the whole of a story."""
        count = max(1, min(_MOST, int(2 * story.seconds)))
        return cls(story.began, max(1, -(-(story.ended - story.began) // count)), count)

    @property
    def seconds(self) -> float:
        """Width of a bin."""
        return self.width * 1e-9

    def at(self, t: int) -> int:
        """Return the bin of a time (ns)."""
        return min(self.count - 1, max(0, (t - self.began) // self.width))

    def rate(self, times: Iterable[int]) -> Lane:
        """Return how many a second."""
        counted = Counter(self.at(t) for t in times)
        return [counted[i] / self.seconds for i in range(self.count)]

    def latency(self, looks: Iterable[Look], share: float) -> Lane:
        """Return a quantile of the latency of each bin, ms."""
        found: list[list[int]] = [[] for _ in range(self.count)]
        for look in looks:
            found[self.at(look.published)].append(look.latency)
        return [quantile(sorted(each), share) / 1e6 if each else None for each in found]

    def age(self, looks: Iterable[Look]) -> Lane:
        """Return how old the newest result is in the mean, ms: latency and half the time between two results."""
        total, counted = [0] * self.count, [0] * self.count
        for look in looks:
            total[self.at(look.published)] += look.latency
            counted[self.at(look.published)] += 1
        return [(ns + self.width / 2) / n / 1e6 if n else None for ns, n in zip(total, counted, strict=True)]

    def mean(self, figures: Iterable[tuple[int, float]]) -> Lane:
        """Return the mean of figures (t, value); a bin without one has the last before it."""
        sums, counted = [0.0] * self.count, [0] * self.count
        for t, value in figures:
            sums[self.at(t)] += value
            counted[self.at(t)] += 1
        lane: Lane = []
        for total, n in zip(sums, counted, strict=True):
            lane.append(total / n if n else (lane[-1] if lane else None))
        return lane

    def variants(self, stage: StageStory) -> dict[str, Lane]:
        """Return the share of the results of each variant, in the order of the ladder."""
        order = dict.fromkeys(point.variant for point in stage.load.points)
        counted: list[Counter[str]] = [Counter() for _ in range(self.count)]
        for look in stage.looks:
            counted[self.at(look.published)][look.variant] += 1
        return {v: [each[v] / each.total() if each else None for each in counted] for v in order}

    def watts(self, story: Story) -> tuple[Lane, str]:
        """Return what the board took and how that is known; by its table where nothing was sensed."""
        if story.watts:
            basis = "measured" if all(measured for _, _, measured in story.watts) else "modelled"
            return self.mean((t, watts) for t, watts, _ in story.watts), basis
        board = load_board(story.header.board)
        busy = [0.0] * self.count
        for stage in story.stages.values():
            for look in stage.looks:
                busy[self.at(look.published)] += sum(look.phases[i] for i in _BUSY) * look.threads
        return [board.idle.value + board.core.value * ns / self.width for ns in busy], "modelled"


def quantile(ordered: list[int], share: float) -> int:
    """Return a quantile of ordered numbers, 0 where there is none."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0


def breakdown(looks: list[Look], share: float) -> tuple[float, ...]:
    """Return ms of each phase of a typical result at a quantile of the latency: the mean of those around it."""
    ordered = sorted(looks, key=lambda look: look.latency)
    middle = min(len(ordered) - 1, int(share * len(ordered)))
    around = max(0, min(len(ordered) // 50, len(ordered) - 1 - middle))
    chosen = ordered[middle - around : middle + around + 1] or ordered[-1:]
    return tuple(sum(look.phases[i] for look in chosen) / len(chosen) / 1e6 for i in range(len(PHASES)))
