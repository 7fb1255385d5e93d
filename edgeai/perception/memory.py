"""How much memory there is for a model."""

from __future__ import annotations

from pathlib import Path

__all__ = ["available_memory"]

_MEMINFO = Path("/proc/meminfo")


def available_memory() -> int | None:
    """Return the bytes that can be taken without swapping, None where the kernel does not say."""
    try:
        lines = _MEMINFO.read_text("ascii", "replace").splitlines()
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    except (OSError, ValueError, IndexError, StopIteration):
        return None
