"""Train the LSTM that tells speed from positions, one position an invocation: it must remember the last ones.

    python -m tools.train_speed                 into tests/models

Needs the extra `train`. The truth is analytic: positions are sums of sines, whose derivative is known.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import keras
import numpy as np

from tools.sequence.export import convert, write_card

RATE = 20.0
"""Positions a second."""
UNITS = 12
STEPS = 80
FASTEST = 0.8
"""Hz."""


def motions(count: int, steps: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return positions (m) and speeds (m/s), (count, steps, 1): sums of two slow sines within a metre."""
    random = np.random.default_rng(seed)
    t = np.arange(steps) / RATE
    omega = 2 * np.pi * random.uniform(0.05, FASTEST, (count, 2, 1))
    phase, size = random.uniform(0, 2 * np.pi, (count, 2, 1)), random.uniform(0, 0.5, (count, 2, 1))
    position = (size * np.sin(omega * t + phase)).sum(axis=1)
    speed = (size * omega * np.cos(omega * t + phase)).sum(axis=1)
    return position[..., None].astype(np.float32), speed[..., None].astype(np.float32)


def train(epochs: int, seed: int) -> tuple[Any, Any]:
    """Return the layers, trained on whole sequences: the first four steps of each do not count."""
    keras.utils.set_random_seed(seed)
    position, speed = motions(4000, STEPS, seed)
    memory, head = keras.layers.LSTM(UNITS, return_sequences=True), keras.layers.Dense(1)
    sequence = keras.Sequential([keras.Input((None, 1)), memory, head])
    weights = np.ones(speed.shape[:2], np.float32)
    weights[:, :4] = 0
    steps = epochs * len(position) // 64
    sequence.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-2, steps)), "mse")
    sequence.fit(position, speed, sample_weight=weights[..., None], batch_size=64, epochs=epochs, verbose=2)
    return sequence, (memory, head)


def single_step(memory: Any, head: Any) -> Any:
    """Return the network of one step: position and state in, speed and the next state out."""
    position = keras.Input((1,), batch_size=1, name="position")
    hidden, cell = (keras.Input((UNITS,), batch_size=1, name=name) for name in ("hidden", "cell"))
    out, (next_hidden, next_cell) = memory.cell(position, [hidden, cell])
    return keras.Model([position, hidden, cell], [head(out), next_hidden, next_cell])


def feedback(content: bytes) -> dict[str, str]:
    """Find by trial which output is the next state of which input: their names do not say it."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content)
    interpreter.allocate_tensors()
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    wide = [detail for detail in outputs if detail["shape"][-1] == UNITS]
    for detail in inputs:
        interpreter.set_tensor(detail["index"], np.full(detail["shape"], 5.0, np.float32))
    interpreter.invoke()
    # The hidden state is held to [-1, 1] by a tanh, a large cell is not.
    by_size = sorted(wide, key=lambda detail: float(np.abs(interpreter.get_tensor(detail["index"])).max()))
    names = {name: next(d["name"] for d in inputs if name in d["name"]) for name in ("hidden", "cell")}
    return {by_size[0]["name"]: names["hidden"], by_size[1]["name"]: names["cell"]}


def main() -> None:
    """Train, convert, check against the sequence, and write file and card."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--into", type=Path, default=Path(__file__).parent.parent / "tests" / "models")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    sequence, (memory, head) = train(options.epochs, options.seed)
    content = convert(single_step(memory, head), {"position": (1, 1), "hidden": (1, UNITS), "cell": (1, UNITS)})
    path = options.into / "speed.tflite"
    path.write_bytes(content)
    position, speed = motions(200, 200, options.seed + 1)
    error = float(np.abs(sequence.predict(position, verbose=0) - speed)[:, 4:].mean())
    write_card(
        path,
        "tools.train_speed",
        {
            "description": f"speed from positions, {RATE:g} a second, one an invocation",
            "task": "regression",
            "outputs": [{"name": "speed", "unit": "m/s"}],
            "state": feedback(content),
            "accuracy": {
                "metric": "mean absolute error, m/s",
                "value": round(error, 4),
                "dataset": f"200 unseen sums of two sines up to {FASTEST} Hz",
                "better": "lower",
            },
            "made": {"epochs": options.epochs, "seed": options.seed},
        },
    )
    print(f"{len(content)} bytes, mean absolute error {error:.4f} m/s")


if __name__ == "__main__":
    main()
