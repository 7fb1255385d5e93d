"""What running the items of several streams as one gains, by model, and in a pipeline whose streams share one.

    python tools/bench/batching.py [--seconds S] [--fps F]

First, what is decided at load: whole jobs (preprocessing, invocation, decoding), one by one and as a batch in turn, for
2, 4 and 8 streams. Then four cameras at --fps on a dense model that is too large for the caches, so that each weight is
fetched once for four pictures in place of four times; the same without batching beside it.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

import numpy as np
from bench import ASSETS, need_assets, percentiles, report

import edgeai
from edgeai.batching import compare
from edgeai.clock import SystemClock
from edgeai.perception.batch import Batch, NotBatched
from edgeai.perception.model import Model
from edgeai.perception.options import ModelOptions
from edgeai.schedule.batch import LEAST_GAIN

STREAMS = 4
SIDE, UNITS = 32, (2048, 2048, 2048, 2048, 512)
"""The dense model: pictures of SIDE x SIDE, and the units of its layers; 80 MB."""

SCALED = {"mean": 127.5, "std": 127.5}
MODELS: dict[str, dict[str, Any]] = {
    "mlperf_ad01_fp32": {"task": "anomaly"},
    "mlperf_ad01_int8": {"task": "anomaly"},
    "mlperf_ic_resnet8_fp32": SCALED,
    "mlperf_vww_96_int8": {},
    "mobilenet_v1_0.25_128_quant": {},
    "mobilenet_v2_1.0_224_quant": {},
    "movenet_single_pose_lightning_ptq": {},
    "coco_ssd_mobilenet_v1_quant": {},
    "yolov8n_coco_224_full_int8": {},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--fps", type=float, default=60.0)
    options = parser.parse_args()
    need_assets()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "dense.tflite"
        path.write_bytes(dense(SIDE, UNITS))
        models = {
            f"dense, {path.stat().st_size / 1e6:.0f} MB": Model.load(path, ModelOptions(task="embedding", **SCALED))
        }
        models |= {
            name: Model.load(ASSETS / f"models/{name}.tflite", ModelOptions(**said)) for name, said in MODELS.items()
        }
        report("batching, by model", [row for name, model in models.items() for row in gains(name, model)])
        turns = [streams(path, options.fps, options.seconds, on=on) for on in (False, True, False, True)]
        report("batching, four streams on one lane", turns)


def gains(name: str, model: Model) -> Iterator[dict[str, Any]]:
    """Yield what is found at load for 2, 4 and 8 streams; once where the model refuses."""
    for rows in (2, 4, 8):
        row: dict[str, Any] = {"model": name, "streams": rows, "one ms": "", "all ms": "", "gain": ""}
        try:
            batch = Batch.open(model, rows)
        except NotBatched as refusal:
            yield {**row, "batched": f"no: {refusal}"}
            return
        timed = compare(model, batch, SystemClock())
        one, several = median(timed.single) / 1e6, median(timed.several) / 1e6
        row |= {"one ms": f"{one:.3f}", "all ms": f"{several:.3f}", "gain": f"{timed.gain:.2f}"}
        yield {**row, "batched": "yes" if timed.gain > LEAST_GAIN else "no"}


def streams(path: Path, fps: float, seconds: float, *, on: bool) -> dict[str, Any]:
    """Run four cameras on one model, and return what came of it."""
    names = [f"s{i}" for i in range(STREAMS)]
    stage = {"model": str(path), "task": "embedding", "deadline": "150ms", "threads": 1, **SCALED}
    graph = edgeai.Graph(
        cameras={
            f"cam_{name}": f"synthetic:?size=320x240&fps={fps:g}&prepared=16&seed={i}" for i, name in enumerate(names)
        },
        stages={name: {"input": f"cam_{name}", **stage} for name in names},
    )
    latencies: list[float] = []
    pipeline = edgeai.Pipeline(graph)
    for name in names:
        pipeline.on_result(name, lambda result: latencies.append(result.latency * 1e3))
    off = mock.patch("edgeai.assemble.batched", return_value=())
    with nullcontext() if on else off, pipeline:
        pipeline.clock.sleep_until(pipeline.clock.now() + round(seconds * 1e9))
        stats = pipeline.stats().values()
        told = pipeline.latest("s0").plan.batching  # type: ignore[union-attr]
    offered = sum(stage.offered for stage in stats)
    p50, p99 = percentiles(latencies, 50, 99)
    return {
        "batching": told or "taken away",
        "results/s": sum(stage.delivered for stage in stats) / seconds,
        "missed %": 100 * sum(stage.missed for stage in stats) / offered,
        "run together %": 100 * sum(stage.batched for stage in stats) / max(1, sum(stage.delivered for stage in stats)),
        "latency p50 ms": p50,
        "p99 ms": p99,
    }


def dense(side: int, units: Sequence[int]) -> bytes:
    """Return a .tflite file of fully connected layers on a float picture; its weights are random."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    noise = np.random.default_rng(3)
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.subgraphs, model.buffers = 3, [graph], [schema.BufferT()]
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.FULLY_CONNECTED
    model.operatorCodes = [code]
    graph.tensors, graph.operators = [], []

    def tensor(name: str, shape: Sequence[int], data: np.ndarray | None = None) -> int:
        made = schema.TensorT()
        made.name, made.shape, made.type = name.encode(), list(shape), schema.TensorType.FLOAT32
        made.shapeSignature = [-1, *shape[1:]] if data is None else None
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(data.astype("<f4").tobytes(), np.uint8)
            model.buffers.append(buffer)
            made.buffer = len(model.buffers) - 1
        graph.tensors.append(made)
        return len(graph.tensors) - 1

    given, width = tensor("picture", (1, side, side, 3)), side * side * 3
    graph.inputs = [given]
    for i, n in enumerate(units):
        weights = tensor(f"weights{i}", (n, width), noise.normal(0, width**-0.5, (n, width)))
        bias = tensor(f"bias{i}", (n,), noise.normal(0, 0.1, n))
        layer, options = schema.OperatorT(), schema.FullyConnectedOptionsT()
        options.fusedActivationFunction = schema.ActivationFunctionType.RELU
        layer.builtinOptionsType, layer.builtinOptions = schema.BuiltinOptions.FullyConnectedOptions, options
        layer.inputs, given, width = [given, weights, bias], tensor(f"layer{i}", (1, n)), n
        layer.outputs = [given]
        graph.operators.append(layer)
    graph.outputs = [given]
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


if __name__ == "__main__":
    main()
