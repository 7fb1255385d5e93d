"""From a trained network to a full-int8 .tflite file and the card beside it."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
import yaml

from tools.pilot.measure import TOLERANCE, Score
from tools.pilot.networks import Layout, fitted, macs


def quantize(network: Any, layout: Layout, images: npt.NDArray[np.uint8]) -> bytes:
    """Hold the steering to [-1, 1] and quantize to int8, calibrated on `images` (BGR); input uint8, output int8.

    A black and a white picture join the calibration, so that the input's scale is exactly 1/255 and its zero point 0:
    pixels then enter the tensor as they are.
    """

    def representative() -> Iterator[list[npt.NDArray[np.float32]]]:
        for picture in fitted(images, layout):
            yield [picture[None].astype(np.float32) / 255]
        for level in (0.0, 1.0):
            yield [np.full((1, layout.size[1], layout.size[0], 3), level, np.float32)]

    with tempfile.TemporaryDirectory() as folder:
        bounded = keras.layers.ReLU(max_value=2.0)(network.output + 1.0) - 1.0
        one_picture = tf.TensorSpec((1, layout.size[1], layout.size[0], 3), tf.float32, name="image")
        keras.Model(network.input, bounded).export(folder, verbose=False, input_signature=[one_picture])
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = representative
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.uint8
        converter.inference_output_type = tf.int8
        return bytes(converter.convert())


def write_card(path: Path, layout: Layout, score: Score, dataset: str, made: dict[str, Any]) -> None:
    """Write the card of the model at `path` beside it; `made` says how it was made."""
    data = path.read_bytes()
    card = {
        "name": layout.name,
        "task": "regression",
        "input": {"colour": "rgb", "resize": "stretch", "mean": [0.0, 0.0, 0.0], "std": [255.0, 255.0, 255.0]},
        "outputs": [{"name": "steering", "unit": "1", "min": -1, "max": 1}],
        "accuracy": {
            "metric": f"share of frames steered within {TOLERANCE} of pure pursuit",
            "value": round(score.within, 4),
            "dataset": dataset,
            "better": "higher",
        },
        "licence": "Apache-2.0",
        "origin": "trained by tools/train_pilot.py on rendered frames, labelled by pure pursuit",
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "macs": macs(layout),
        "made": {
            **made,
            "tensorflow": tf.__version__,
            "quantization": "post-training, full int8, uint8 pixels in, int8 out",
            "held_out_mae": round(score.mae, 5),
            "held_out_r2": round(score.r2, 5),
        },
    }
    heading = "# Written by tools/train_pilot.py. Steering is a share of full lock, positive to the left.\n"
    text = yaml.safe_dump(card, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None)
    path.with_suffix(".yaml").write_text(heading + text, encoding="utf-8")
