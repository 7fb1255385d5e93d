"""From a trained network to a .tflite file and the card beside it."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import yaml


def convert(network: Any, inputs: dict[str, tuple[int, ...]], calibration: Iterable[np.ndarray] | None = None) -> bytes:
    """Convert a network whose inputs have these names and shapes; to int8, in and out, where there is calibration."""
    with tempfile.TemporaryDirectory() as folder:
        signature = [tf.TensorSpec(shape, tf.float32, name=name) for name, shape in inputs.items()]
        network.export(folder, verbose=False, input_signature=[signature if len(signature) > 1 else signature[0]])
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        if calibration is not None:
            rows = [row[None].astype(np.float32) for row in calibration]
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = lambda: ([row] for row in rows)
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.inference_input_type = converter.inference_output_type = tf.int8
        return bytes(converter.convert())


def write_card(path: Path, tool: str, said: dict[str, Any]) -> None:
    """Write the card of the model at `path` beside it."""
    data = path.read_bytes()
    made = {**said.pop("made"), "tensorflow": tf.__version__}
    card = {
        "name": path.stem,
        **said,
        "licence": "Apache-2.0",
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "made": {"command": f"python -m {tool}", **made},
    }
    text = yaml.safe_dump(card, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None)
    path.with_suffix(".yaml").write_text(f"# Written by {tool}.\n{text}", encoding="utf-8")
