"""The machine: its board, processor, memory and disk."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from pathlib import Path

from edgeai.power.boards import Board, machine_name
from edgeai.workbench.doctor.finding import Finding

__all__ = ["machine"]

_GB = 1e9
_LITTLE_MEMORY = 0.3
"""Gigabytes left below which a detector and its pictures may not fit: some 120 MB of libraries, and models besides."""
_LITTLE_DISK = 1.0
"""Gigabytes left below which a recording of a camera ends within minutes."""


def machine(board: Board, root: str = "/") -> Iterator[Finding]:
    """Look at what does not change while a pipeline runs."""
    known = "" if board.name != "generic" else ": its watts are those of the generic table"
    yield Finding("machine", "board", "good", f"{machine_name(root)} ({board.name}{known})")
    yield Finding("machine", "system", "good", f"{_release(root)}, Linux {platform.release()}, {platform.machine()}")
    yield Finding("machine", "cores", "good", f"{len(os.sched_getaffinity(0))} may be used, of {os.cpu_count()}")
    yield _memory(root)
    yield _disk()


def _release(root: str) -> str:
    try:
        lines = Path(root, "etc/os-release").read_text("utf-8", "replace").splitlines()
    except OSError:
        return platform.system()
    named = (line.partition("=")[2].strip('"') for line in lines if line.startswith("PRETTY_NAME="))
    return next(named, platform.system())


def _memory(root: str) -> Finding:
    try:
        lines = Path(root, "proc/meminfo").read_text("ascii").splitlines()
        told = {line.split(":")[0]: int(line.split()[1]) * 1024 / _GB for line in lines if line.endswith(" kB")}
        left, total = told["MemAvailable"], told["MemTotal"]
    except (OSError, ValueError, KeyError, IndexError):
        return Finding("machine", "memory", "mind", "cannot be read", "look at /proc/meminfo")
    says = f"{left:.1f} GB free of {total:.1f} GB"
    if left < _LITTLE_MEMORY:
        return Finding("machine", "memory", "mind", says, "end other programs, or say `memory:` in the schedule")
    return Finding("machine", "memory", "good", says)


def _disk() -> Finding:
    usage = shutil.disk_usage(Path.cwd())
    says = f"{usage.free / _GB:.1f} GB free of {usage.total / _GB:.1f} GB here"
    if usage.free / _GB < _LITTLE_DISK:
        return Finding("machine", "disk", "mind", says, "make room before you record")
    return Finding("machine", "disk", "good", says)
