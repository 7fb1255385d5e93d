"""How tracked boxes move: a Kalman filter with the time that has really passed.

Each of centre x, centre y, width and height moves on its own with nearly constant velocity (white noise acceleration;
Bar-Shalom, Li, Kirubarajan, Estimation with Applications to Tracking and Navigation, 2001, section 6.2):

    x += v dt,   P += [[2 dt P_xv + dt^2 P_vv + q dt^3 / 3,  dt P_vv + q dt^2 / 2], [.., q dt]]
    k = (P_xx, P_xv) / (P_xx + r),   x += k_x (z - x),   v += k_v (z - x)

Lengths are in units of a box's height, so that a person near and one far off move alike. Only sums, products and
quotients of elements are used: the same numbers on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Motion", "boxes_of", "correct", "joined", "predict", "put", "select", "spread", "start"]

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]

_MEASURED = 0.05
"""Standard deviation of a detector's edge, in heights: a box of 100 pixels is right to 5."""

_SPEED = np.array((1.0, 1.0, 0.2, 0.2))
"""Standard deviation of an unknown velocity, in heights a second: walking is 0.8; sizes change as one comes nearer."""

_AGILITY = np.array((0.1, 0.1, 0.02, 0.02))
"""q in heights^2 / s^3: within a second the speed changes by 0.3 heights a second, a person's by half a metre."""


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """n boxes in motion; every array is (n, 4) for centre x, centre y, width, height: place, velocity, covariances."""

    place: Floats
    velocity: Floats
    pp: Floats
    pv: Floats
    vv: Floats

    def __len__(self) -> int:
        return len(self.place)

    def arrays(self) -> tuple[Floats, ...]:
        """Return the five arrays, in the order of the fields."""
        return self.place, self.velocity, self.pp, self.pv, self.vv


def start(boxes: Floats) -> Motion:
    """Return the motion of boxes (n, 4) as x1, y1, x2, y2 that were seen once."""
    place = _centred(boxes)
    unit = place[:, 3:4] * place[:, 3:4]
    zero = np.zeros_like(place)
    variance = np.square(_SPEED) * unit
    return Motion(place, zero, zero + _MEASURED * _MEASURED * unit, zero, variance)


def predict(motion: Motion, dt: float) -> Motion:
    """Return the motion dt seconds later; backwards for a negative dt, with as much doubt."""
    q = _AGILITY * (motion.place[:, 3:4] * motion.place[:, 3:4])
    ahead = abs(dt)
    pv = dt * motion.vv
    return Motion(
        motion.place + dt * motion.velocity,
        motion.velocity,
        motion.pp + 2.0 * dt * motion.pv + dt * pv + q * (ahead * ahead * ahead / 3.0),
        motion.pv + pv + q * (dt * ahead / 2.0),
        motion.vv + q * ahead,
    )


def correct(motion: Motion, boxes: Floats) -> Motion:
    """Return the motion after each of its boxes was seen at `boxes` (n, 4)."""
    seen = _centred(boxes)
    r = _MEASURED * _MEASURED * (seen[:, 3:4] * seen[:, 3:4])
    doubt = motion.pp + r
    gain_place, gain_velocity = motion.pp / doubt, motion.pv / doubt
    error, left = seen - motion.place, 1.0 - gain_place
    return Motion(
        motion.place + gain_place * error,
        motion.velocity + gain_velocity * error,
        left * motion.pp,
        left * motion.pv,
        motion.vv - gain_velocity * motion.pv,
    )


def select(motion: Motion, rows: Rows) -> Motion:
    """Return some of the boxes."""
    return Motion(*(array.take(rows, 0) for array in motion.arrays()))


def put(motion: Motion, rows: Rows, others: Motion) -> Motion:
    """Return the boxes, those in `rows` replaced by others."""
    source = np.arange(len(motion))
    source[rows] = np.arange(len(motion), len(motion) + len(rows))
    return select(joined(motion, others), source)


def joined(one: Motion, other: Motion) -> Motion:
    """Return the boxes of both, one after the other."""
    return Motion(*(np.concatenate(pair) for pair in zip(one.arrays(), other.arrays(), strict=True)))


def boxes_of(motion: Motion) -> Floats:
    """Return the boxes (n, 4) as x1, y1, x2, y2; never inverted."""
    place = np.ascontiguousarray(motion.place.T)  # numpy is quick along the last axis
    half = np.maximum(place[2:], 0.0) / 2.0
    return np.ascontiguousarray(np.concatenate((place[:2] - half, place[:2] + half)).T)


def spread(motion: Motion) -> Floats:
    """Return the standard deviation (n, 2) of the centres in pixels."""
    return np.sqrt(motion.pp[:, :2])


def _centred(boxes: Floats) -> Floats:
    edges = np.ascontiguousarray(boxes.T)
    size = edges[2:] - edges[:2]
    return np.ascontiguousarray(np.concatenate((edges[:2] + size / 2.0, np.maximum(size, 1.0))).T)
