"""Processes that burn the processor on and off, at the same moments in every run."""

from __future__ import annotations

import random
import resource
import subprocess
import sys
import time
from pathlib import Path

MEAN_PHASE = 3.0
"""Seconds that calm and burning last on average."""

_BURN = """
import sys, time
print("ready", flush=True)
for word in sys.stdin.readline().split():
    begin, end = map(int, word.split(":"))
    left = begin - time.monotonic_ns()
    if left > 0:
        time.sleep(left / 1e9)
    while time.monotonic_ns() < end:
        for _ in range(20_000):
            pass
sys.stdin.readline()
"""

Spans = list[tuple[int, int]]


def phases(seed: int, seconds: float) -> list[tuple[float, float]]:
    """Return (begin, end) of burning, in seconds from the start; calm and burning last as long on average."""
    rng = random.Random(seed)
    t, spans = rng.uniform(0.5, 1.5) * MEAN_PHASE, []
    while t < seconds:
        end = t + rng.uniform(0.3, 1.7) * MEAN_PHASE
        spans.append((t, min(end, seconds)))
        t = end + rng.uniform(0.3, 1.7) * MEAN_PHASE
    return spans


class Burners:
    """Processes that have started when this is entered, wait for `burn`, and are gone when it is left.

    Their own start takes tens of milliseconds of every core: it must not fall into what is measured.
    """

    def __init__(self, n: int) -> None:
        self._n = n
        self._processes: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Burners:
        for _ in range(self._n):
            pipe = subprocess.PIPE
            self._processes.append(subprocess.Popen([sys.executable, "-c", _BURN], stdin=pipe, stdout=pipe, text=True))
        for process in self._processes:
            process.stdout.readline()
        return self

    def burn(self, start: int, seed: int, seconds: float) -> Spans:
        """Burn in the phases of `seed`; return them in ns of the monotonic clock, `start` being second 0."""
        spans = [(start + round(a * 1e9), start + round(b * 1e9)) for a, b in phases(seed, seconds)]
        for process in self._processes:
            process.stdin.write(" ".join(f"{a}:{b}" for a, b in spans) + "\n")
            process.stdin.flush()
        return spans

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.terminate()
            process.communicate()


class Others:
    """How many cores programs that are none of ours keep busy: whether a run was disturbed."""

    def __init__(self) -> None:
        self._before = self._seconds()

    def cores(self) -> float:
        """Return the mean since this was made; children count once they have ended."""
        (t, everyone, ours), (t0, everyone0, ours0) = self._seconds(), self._before
        return max(0.0, (everyone - everyone0 - ours + ours0) / (t - t0))

    def _seconds(self) -> tuple[float, float, float]:
        fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        ours = sum(each.ru_utime + each.ru_stime for each in used)
        return time.monotonic(), (sum(fields) - sum(fields[3:5])) / 100, ours
