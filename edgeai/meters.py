"""Which meters a pipeline reads: those its graph names, and those of the machine that nobody named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from edgeai import plugins
from edgeai.driver import Meter
from edgeai.errors import PluginError
from edgeai.power.boards import Board

if TYPE_CHECKING:
    from edgeai.graph import Graph

__all__ = ["meters_of"]

_FOUND = (("jetson", "ina3221"), ("hwmon_ina",), ("battery",), ("thermal",), ("pi_throttling",), ("modelled",))
"""Meters that a live pipeline reads unasked, the first of each group that is there: all read files or ask the firmware,
none needs to be told where it is, and the last one needs no device."""


def meters_of(graph: Graph, board: Board, *, look: bool) -> tuple[tuple[Meter, ...], tuple[Meter, ...]]:
    """Return the meters that a graph names and, with `look`, those found here; none is opened."""
    named = tuple(cast(Meter, graph.driver("meters", name)) for name in graph.meters or {})
    found = _found(named, named_only=graph.meters is not None) if look else ()
    for meter in (*named, *found):
        meter.on_board(board.idle.value, board.core.value)
    return named, found


def _found(named: Sequence[Meter], *, named_only: bool) -> tuple[Meter, ...]:
    """Return the meters of this machine that nobody named; where meters are named, only the model behind them.

    The model tells how busy the processor is, by which a frozen meter is found out.
    """
    groups = _FOUND[-1:] if named_only else _FOUND
    taken = {type(meter) for meter in named}
    found: list[Meter] = []
    for group in groups:
        for name in group:
            cls = _meter_class(name)
            if cls is not None and cls not in taken and any(not device.missing for device in cls.detect()):
                found.append(cls(name, cls.Options()))
                break
    return tuple(found)


def _meter_class(name: str) -> type[Meter] | None:
    """Return the class of a meter, None where the drivers of edgeai are not installed."""
    try:
        return cast(type[Meter], plugins.find("power", name))
    except PluginError:
        return None
