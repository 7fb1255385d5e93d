"""The memory a model takes: what a fresh process gains by making it ready.

A process that has run other models reuses what they gave back, so the growth seen there is anything. Counted is
anonymous memory (RssAnon of /proc/self/status): the pages of shared libraries, which all models share, are left out.
"""

from __future__ import annotations

import contextlib
import ctypes
import subprocess
import sys
from pathlib import Path

from edgeai.errors import ModelError
from edgeai.perception.facts import read_content
from edgeai.perception.options import Numerics, RuntimeName
from edgeai.perception.runtimes import choose_runtime

__all__ = ["memory_growth"]

_RUNS = 3
_PATIENCE = 120.0
"""Seconds after which a process that loads one model is given up."""


def memory_growth(model: Path, threads: int, runtime: str, numerics: Numerics) -> float | None:
    """Return the MB that a fresh process gains by a model's bytes, its interpreter and three runs; None if unknown."""
    command = [sys.executable, "-m", __name__, str(model), str(threads), runtime, numerics]
    try:
        done = subprocess.run(  # noqa: S603 - this module
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, text=True, check=True
        )
        grown = float(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return round(grown, 2) if grown > 0 else None


def _anonymous_mb() -> float:
    for line in Path("/proc/self/status").read_text("ascii", "replace").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise ValueError("this kernel does not tell RssAnon")


def _grow(model: Path, threads: int, runtime: RuntimeName, numerics: Numerics) -> float:
    chosen = choose_runtime(runtime)
    with contextlib.suppress(ModelError):
        chosen.open(b"", 1, numerics)  # there is nothing to open, but the vendor's library is imported
    ctypes.CDLL(None).malloc_trim(0)  # what importing gave back would be used again, and not be seen
    before = _anonymous_mb()
    session = chosen.open(read_content(model), threads, numerics)
    for _ in range(_RUNS):
        for position, info in enumerate(session.inputs):
            session.input(position)[...] = info.zero_point
        session.invoke()
    return _anonymous_mb() - before


if __name__ == "__main__":
    path, count, name, kernels = sys.argv[1:]
    print(_grow(Path(path), int(count), name, kernels))  # type: ignore[arg-type]  # noqa: T201 - for the parent
