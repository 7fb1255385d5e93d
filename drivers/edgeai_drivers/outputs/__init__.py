"""Outputs: one file each; the module's name is the name in a graph."""

from ._callback import Callback

__all__ = ["Callback"]
