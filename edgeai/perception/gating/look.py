"""What a gate remembers, and what it answers: frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeai.messages import Basis

__all__ = ["Carried", "Followed", "Look"]


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """The model's last look at a frame: when (t on the source's own clock, stamp on the pipeline's; ns), and its value.

    picture: what the gate saw then. patience: ns for which motion is not looked at that was looked at in vain.
    """

    t: int
    stamp: int
    picture: npt.NDArray[np.uint8]
    value: Any
    patience: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Carried:
    """A value carried forward without looking, and what it rests on."""

    value: Any
    basis: Basis
    inferred_stamp: int


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """The last result of a stage behind another: the parent's look that it rests on (stamp, ns), its own, its value."""

    parent: int
    stamp: int
    value: Any
