"""The whole examination, in the order of the report."""

from __future__ import annotations

from collections.abc import Iterator

from edgeai.clock import SystemClock
from edgeai.power.boards import running_board
from edgeai.workbench.doctor.access import access
from edgeai.workbench.doctor.finding import Finding
from edgeai.workbench.doctor.heat import heat
from edgeai.workbench.doctor.machine import machine
from edgeai.workbench.doctor.self_test import self_test
from edgeai.workbench.doctor.software import software

__all__ = ["examine"]


def examine(seconds: float = 5.0, root: str = "/") -> Iterator[Finding]:
    """Look at this machine and yield what is found; at the end, run a self-test of `seconds`, or none where that is 0.

    root: the folder that stands for `/`. No device is opened but meters, which are read once.
    """
    board = running_board(root)
    yield from machine(board, root)
    yield from heat(board, SystemClock(), root)
    yield from software()
    yield from access(root)
    if seconds > 0:
        yield self_test(seconds)
