"""Gating: whether a model has to look at a frame at all, by what changed in it since it last did."""

from edgeai.perception.gating.gate import Gate, GateOptions
from edgeai.perception.gating.look import Carried, Look

__all__ = ["Carried", "Gate", "GateOptions", "Look"]
