"""Train the autoencoder of windows of an IMU log that the tests run.

    python -m tools.train_imu LOG.csv           into tests/models

Needs the extra `train`. The log is a CSV of gyroscope and accelerometer as xioTechnologies/Fusion's example has it
(`Gyroscope X (deg/s)` ... `Accelerometer Z (g)`). Of each ten seconds the first seven are trained on; the rest, and the
rest with noise added, say how good it is.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import keras
import numpy as np

from tools.sequence.export import convert, write_card

LENGTH, HOP = 32, 16
BLOCK, TRAINED = 1000, 700
"""Readings, and how many of them are trained on."""
NOISE = 0.2
"""What is added to make a window odd, in standard deviations of each column."""
COLUMNS = [f"{device} {axis}" for device in ("Gyroscope", "Accelerometer") for axis in "XYZ"]


def read(log: Path) -> np.ndarray:
    """Return the six columns, (n, 6)."""
    with log.open(encoding="utf-8") as file:
        titles = [title.partition(" (")[0].strip() for title in file.readline().split(",")]
    return np.loadtxt(log, delimiter=",", skiprows=1)[:, [titles.index(name) for name in COLUMNS]]


def split(rows: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the stretches trained on, and those held out."""
    blocks = [rows[i : i + BLOCK] for i in range(0, len(rows), BLOCK)]
    return [block[:TRAINED] for block in blocks], [block[TRAINED:] for block in blocks]


def windows(stretches: list[np.ndarray], hop: int) -> np.ndarray:
    """Return windows (n, LENGTH, 6), none across the end of a stretch."""
    return np.stack([rows[i : i + LENGTH] for rows in stretches for i in range(0, len(rows) - LENGTH + 1, hop)])


def train(samples: np.ndarray, epochs: int, seed: int) -> Any:
    """Return a dense autoencoder with a bottleneck of 12."""
    keras.utils.set_random_seed(seed)
    given = keras.Input(samples.shape[1:], name="window")
    x = keras.layers.Flatten()(given)
    for units in (48, 12, 48):
        x = keras.layers.Dense(units, activation="relu")(x)
    x = keras.layers.Dense(LENGTH * len(COLUMNS))(x)
    network = keras.Model(given, keras.layers.Reshape(samples.shape[1:])(x))
    steps = epochs * len(samples) // 64
    network.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(2e-3, steps)), "mse")
    network.fit(samples, samples, batch_size=64, epochs=epochs, verbose=2)
    return network


def score(content: bytes, samples: np.ndarray) -> np.ndarray:
    """Return the mean squared reconstruction error of each window, by the converted file."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content)
    interpreter.allocate_tensors()
    (given,), (made,) = interpreter.get_input_details(), interpreter.get_output_details()
    errors = []
    for sample in samples:
        scale, zero = given["quantization"]
        stored = np.clip(np.round(sample / scale) + zero, -128, 127).astype(np.int8)
        interpreter.set_tensor(given["index"], stored[None])
        interpreter.invoke()
        scale_out, zero_out = made["quantization"]
        output = (interpreter.get_tensor(made["index"])[0].astype(float) - zero_out) * scale_out
        errors.append(np.mean((output - (stored.astype(float) - zero) * scale) ** 2))
    return np.array(errors)


def main() -> None:
    """Train, convert, measure, and write file and card."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log", type=Path)
    parser.add_argument("--into", type=Path, default=Path(__file__).parent.parent / "tests" / "models")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rows = read(options.log)
    known = np.concatenate(split(rows)[0])
    mean, std = known.mean(axis=0).round(4), known.std(axis=0).round(4)
    trained, held = split((rows - mean) / std)
    network = train(windows(trained, 2), options.epochs, options.seed)
    content = convert(network, {"window": (1, LENGTH, len(COLUMNS))}, windows(trained, HOP))
    path = options.into / "imu.tflite"
    path.write_bytes(content)
    usual = score(content, windows(held, HOP))
    random = np.random.default_rng(options.seed)
    odd = score(content, windows([rows + random.normal(0, NOISE, rows.shape) for rows in held], HOP))
    auc = float((odd[:, None] > usual[None]).mean())
    threshold = float(np.quantile(score(content, windows(trained, HOP)), 0.99))
    write_card(
        path,
        "tools.train_imu LOG.csv",
        {
            "description": "reconstruction of 0.32 s of an IMU at 100 Hz; unusual motion is reconstructed badly",
            "task": "anomaly",
            "window": {"columns": COLUMNS, "hop": HOP, "mean": mean.tolist(), "std": std.tolist()},
            "score": round(threshold, 3),
            "accuracy": {
                "metric": "area under the ROC curve",
                "value": round(auc, 4),
                "dataset": f"held-out 30 % of the log against the same with noise of {NOISE} standard deviations",
            },
            "origin": "trained on sensor_data.csv of xioTechnologies/Fusion (MIT)",
            "made": {"epochs": options.epochs, "seed": options.seed, "threshold": "99 % of the windows trained on"},
        },
    )
    print(f"{len(content)} bytes, AUC {auc:.4f}, usual {usual.mean():.3f}, odd {odd.mean():.3f}, over {threshold:.3f}")


if __name__ == "__main__":
    main()
