"""Gating: whether a model has to look at a frame at all, by what changed in it since it last did."""

from edgeai.perception.gating.gate import Gate, GateOptions
from edgeai.perception.gating.look import Carried, Followed, Look

__all__ = ["Carried", "Followed", "Gate", "GateOptions", "Look"]
