"""Measured profiles as figures: the one place that knows their file."""

from __future__ import annotations

from pathlib import Path

from edgeai.errors import ConfigError, Problem
from edgeai.workbench.figures import Profiled

__all__ = ["read_profile"]


def read_profile(path: Path) -> Profiled:
    """Return what a profile file says, by a model's file and a number of threads. Raises ConfigError."""
    raise ConfigError(Problem("--profile", str(path), "nothing: this version reads no profiles yet"))
