"""Time that decoding takes, on the tensors that real models give for real pictures; and an update of the tracker.

    python tools/bench/decode.py [--calls N] [--rounds R]

Each family beside a plain decoding of the same tensors in numpy with OpenCV's suppression, in the same run; for class
maps beside OpenCV's own resizing; the tracker beside scipy's assignment. The last column says what takes the time.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import cv2
import numpy as np
from bench import ASSETS, need_assets, percentiles, report, rounds
from scipy.optimize import linear_sum_assignment
from tracking import FRAME, crowd

from edgeai.perception.model import Model
from edgeai.perception.options import ModelOptions
from edgeai.perception.tracking import Tracker

WARM_UP = 20
LETTERBOX = {"resize": "letterbox", "interpolation": "area"}


class Case:
    """A model that has just looked at a picture: its tensors, and its decoder."""

    def __init__(self, name: str, picture: str, **options: Any) -> None:
        path = ASSETS / "models" / f"{name}.tflite"
        self.image = cv2.imread(str(ASSETS / "images" / picture))
        self.model = Model.load(path, ModelOptions(**options))
        self.value = self.model(self.image)
        raw = Model.load(path, ModelOptions(**{**options, "decoder": "tensors"}))
        raw(self.image)
        self.tensors = [raw._session.output(i) for i in range(len(raw.outputs))]
        self.infos, self.view, self._decode = raw.outputs, raw._view, self.model._decode

    def ours(self) -> Any:
        return self._decode(list(self.tensors), self.view)


def real(info: Any, tensor: np.ndarray) -> np.ndarray:
    return (tensor.astype(np.float32) - info.zero_point) * info.scale if info.quantized else tensor


def plain_yolo(case: Case) -> Any:
    rows = real(case.infos[0], case.tensors[0])[0].T
    best, kinds = rows[:, 4:].max(axis=1), rows[:, 4:].argmax(axis=1)
    found = best >= 0.5
    boxes = np.concatenate([rows[found, :2] - rows[found, 2:4] / 2, rows[found, 2:4]], axis=1)
    kept = cv2.dnn.NMSBoxesBatched(boxes.tolist(), best[found].tolist(), kinds[found].tolist(), 0.5, 0.7)
    return boxes[kept]


def plain_faces(anchors: np.ndarray) -> Callable[[Case], Any]:
    def decode(case: Case) -> Any:
        scores, boxes = case.tensors[0][0, :, 0], case.tensors[1][0] / 128
        sure = 1 / (1 + np.exp(-scores.clip(-80, 80)))
        places = boxes + np.concatenate([anchors, np.zeros_like(anchors), np.tile(anchors, 6)], axis=1)
        found = sure >= 0.5
        corners = np.concatenate([places[found, :2] - places[found, 2:4] / 2, places[found, 2:4]], axis=1)
        return places[found][cv2.dnn.NMSBoxes(corners.tolist(), sure[found].tolist(), 0.5, 0.3)]

    return decode


def plain_ssd(case: Case) -> Any:
    boxes, kinds, scores, count = (tensor[0] for tensor in case.tensors)
    found = scores[: int(count)] >= 0.5
    high, wide = case.image.shape[:2]
    return boxes[: int(count)][found][:, [1, 0, 3, 2]] * [wide, high, wide, high], kinds[: int(count)][found]


def face_anchors() -> np.ndarray:
    cells = [(8, 2)] * 256 + [(16, 6)] * 64
    middles = [((i % 16 + 0.5) / 16, (i // 16 + 0.5) / 16) for i in range(256)]
    middles += [((i % 8 + 0.5) / 8, (i // 8 + 0.5) / 8) for i in range(64)]
    return np.repeat(np.array(middles), [each for _, each in cells], axis=0)


class Street:
    """Twenty people on their way, and the tracker that follows them; each call is the next frame."""

    def __init__(self, frames: int) -> None:
        self._tracker = Tracker()
        self._frames = enumerate(list(crowd(20, frames)))

    def ours(self) -> Any:
        number, found = next(self._frames)
        return self._tracker.update(found, number * FRAME)


def timed(call: Callable[[], Any], calls: int) -> list[float]:
    """Return the time of each call in microseconds."""
    times = []
    for _ in range(calls):
        before = time.perf_counter_ns()
        call()
        times.append((time.perf_counter_ns() - before) / 1e3)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    need_assets()
    cv2.setNumThreads(1)
    yolo = Case("yolov8n_coco_224_full_int8", "bus.jpg", pad=114, **LETTERBOX)
    faces = Case("blazeface_front_128_full_int", "face.jpg", mean=127.5, std=127.5, **LETTERBOX)
    ssd = Case("coco_ssd_mobilenet_v1_quant", "cats_and_dogs.jpg")
    areas = Case("deeplabv3_mnv2_dm05_pascal_quant", "bird_segmentation.png")
    pose = Case("movenet_single_pose_lightning_ptq", "squat.png")
    anchors = plain_faces(face_anchors())
    street = Street(WARM_UP + options.rounds * options.calls)
    costs = np.random.default_rng(0).random((20, 20))
    size = (640, 480)
    cases: list[tuple[str, float, Callable[[], Any], Callable[[], Any], str]] = [
        (
            "YOLO v8 224, int8",
            300,
            yolo.ours,
            lambda: plain_yolo(yolo),
            "numpy's cost of a call, some fifty of them",
        ),
        ("BlazeFace 128", 300, faces.ours, lambda: anchors(faces), "numpy's cost of a call, blending by its side"),
        ("SSD post-processed", 50, ssd.ours, lambda: plain_ssd(ssd), "numpy's cost of a call, some twenty of them"),
        (
            "DeepLab 513, to classes",
            1500,
            areas.ours,
            lambda: areas.tensors[0][0].astype(np.uint8),
            "the range check and narrowing of 263 169 int64",
        ),
        (
            "DeepLab 513, and to 640x480",
            1500,
            lambda: areas.ours().at(size),
            lambda: cv2.resize(areas.tensors[0][0].astype(np.uint8), size, interpolation=cv2.INTER_NEAREST),
            "the same, then gathering 307 200 pixels",
        ),
        ("MoveNet", 300, pose.ours, lambda: pose.tensors[0][0, 0] * [610, 500, 1], "numpy's cost of a call"),
        (
            "tracker, 20 tracks",
            500,
            street.ours,
            lambda: linear_sum_assignment(costs),
            "numpy's cost of a call: two rounds of overlaps, Kalman steps, new tables",
        ),
    ]
    rows = []
    for name, target, ours, plain, what in cases:
        timed(ours, WARM_UP), timed(plain, WARM_UP)
        runs = rounds(
            options.rounds,
            lambda ours=ours: percentiles(timed(ours, options.calls), 50, 99),
            lambda plain=plain: percentiles(timed(plain, options.calls), 50, 99),
        )
        (p50, p99), (plain50, _) = ([median(run[i] for run in side) for i in (0, 1)] for side in runs)
        rows.append(
            {
                "decoder": name,
                "p50 us": p50,
                "target us": target,
                "met": "yes" if p50 <= target else "NO",
                "p99 us": p99,
                "plain p50 us": plain50,
                "dominated by": what,
            }
        )
    report("decode", rows)


if __name__ == "__main__":
    main()
