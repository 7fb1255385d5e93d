"""The three networks of the ladder, small to large, and how one is trained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import keras
import numpy as np
import numpy.typing as npt

from tools.pilot.frames import Frames


@dataclass(frozen=True, slots=True)
class Layout:
    """A plain convolutional network: 3x3 convolutions of (filters, stride), then a dense layer, then the steering."""

    name: str
    size: tuple[int, int]
    """Width and height of the input, pixels."""
    convolutions: tuple[tuple[int, int], ...]
    dense: int


LADDER = (
    Layout("pilot_small", (40, 30), ((24, 2), (32, 2), (48, 2)), 32),
    Layout("pilot_medium", (80, 60), ((16, 2), (24, 2), (32, 2), (32, 1), (48, 2)), 32),
    Layout("pilot_large", (160, 120), ((12, 2), (24, 2), (32, 2), (32, 1), (48, 2), (64, 2)), 48),
)
"""Each step costs about three times the one before it, in multiply-accumulates and in time."""


def build(layout: Layout) -> Any:
    """Build the untrained network: real RGB in [0, 1] in, steering out, not yet held to [-1, 1].

    The output is linear because a tanh before int8 costs accuracy: its argument spans so wide a range that one step
    of it near 0 is 0.02.
    """
    width, height = layout.size
    image = keras.Input((height, width, 3), name="image")
    x = image
    for filters, stride in layout.convolutions:
        x = keras.layers.Conv2D(filters, 3, strides=stride, padding="same", use_bias=False)(x)
        x = keras.layers.BatchNormalization(momentum=0.95)(x)
        x = keras.layers.ReLU(max_value=6.0)(x)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(layout.dense, activation="relu")(x)
    steering = keras.layers.Dense(1, name="steering")(x)
    return keras.Model(image, steering, name=layout.name)


def macs(layout: Layout) -> int:
    """Count the multiply-accumulates of one inference."""
    (width, height), depth, total = layout.size, 3, 0
    for filters, stride in layout.convolutions:
        width, height = -(-width // stride), -(-height // stride)
        total += width * height * 9 * depth * filters
        depth = filters
    return total + width * height * depth * layout.dense + layout.dense


def fitted(images: npt.NDArray[np.uint8], layout: Layout) -> npt.NDArray[np.uint8]:
    """Stretch BGR frames (n, h, w, 3) to the network's input size, as RGB, the way the SDK does: bilinear."""
    out = np.empty((len(images), layout.size[1], layout.size[0], 3), np.uint8)
    for number, image in enumerate(images):
        resized = cv2.resize(image, layout.size, interpolation=cv2.INTER_LINEAR)
        cv2.cvtColor(resized, cv2.COLOR_BGR2RGB, dst=out[number])
    return out


def train(layout: Layout, frames: Frames, epochs: int, seed: int, batch: int = 64) -> Any:
    """Train one network by Adam on the Huber loss; every second frame of a batch is mirrored.

    The rate rises over the first epoch and falls by a cosine.
    """
    keras.utils.set_random_seed(seed)
    images = fitted(frames.images, layout)
    core = build(layout)
    steps = len(images) // batch
    pixels = keras.Input((*images.shape[1:],), dtype="uint8")
    model = keras.Model(pixels, core(keras.layers.Rescaling(1 / 255)(pixels)))
    rate = keras.optimizers.schedules.CosineDecay(1e-4, steps * (epochs - 1), warmup_target=2e-3, warmup_steps=steps)
    model.compile(keras.optimizers.Adam(rate, clipnorm=1.0), keras.losses.Huber(0.1))
    batches = _batches(images, frames.steering, epochs, batch, np.random.default_rng(seed))
    model.fit(batches, steps_per_epoch=steps, epochs=epochs, verbose=2)
    return core


def _batches(
    images: npt.NDArray[np.uint8],
    steering: npt.NDArray[np.float32],
    epochs: int,
    batch: int,
    dice: np.random.Generator,
) -> Iterator[tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]]:
    for _ in range(epochs):
        order = dice.permutation(len(images))
        for start in range(0, len(images) - batch + 1, batch):
            chosen = order[start : start + batch]
            pictures, labels = images[chosen], steering[chosen]
            pictures[::2], labels[::2] = pictures[::2, :, ::-1].copy(), -labels[::2]
            yield pictures, labels[:, None]
