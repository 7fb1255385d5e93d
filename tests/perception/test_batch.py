"""A model with several rows: refused unless each row gives what a single run gives, bit by bit."""

import numpy as np
import pytest

from edgeai.messages import Frame
from edgeai.perception.batch import Batch, NotBatched
from edgeai.perception.model import Model
from edgeai.perception.options import ModelOptions

ANOMALY = ModelOptions(task="anomaly")


def picture(seed):
    return Frame("cam", seed, 0, np.random.default_rng(seed).integers(0, 256, (48, 64, 3), np.uint8))


@pytest.mark.parametrize("name", ["mlperf_ad01_fp32", "mlperf_ad01_int8"])
def test_rows_of_a_dense_model_score_as_single_runs_do(assets, name):
    model = Model.load(assets / f"models/{name}.tflite", ANOMALY)
    features = np.fromfile(assets / "eval/ad01_normal_features.bin", "<f4").reshape(-1, 1, 640)
    batch = Batch.open(model, 4)
    for row, values in zip(batch.rows, features, strict=False):
        row.prepare_array(values)
        row.invoke()
    batch.invoke()
    assert [row.decode() for row in batch.rows] == [model(values) for values in features[:4]]


def test_a_row_maps_its_boxes_by_its_own_picture(assets):
    model = Model.load(assets / "models/mlperf_vww_96_int8.tflite")
    batch = Batch.open(model, 2)
    for seed, row in enumerate(batch.rows):
        row.prepare(picture(seed))
        row.invoke()
    batch.invoke()
    assert [row.decode().rows() for row in batch.rows] == [model(picture(seed)).rows() for seed in range(2)]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("mobilenet_v1_0.25_128_quant", "cannot be resized"),
        ("movenet_single_pose_lightning_ptq", "at 2 rows it still gives 1x1x17x3"),
        ("automl_traffic_model", "at 2 rows it still gives 1x40x4"),
    ],
)
def test_a_model_that_cannot_says_why(assets, name, why):
    with pytest.raises(NotBatched, match=why):
        Batch.open(Model.load(assets / f"models/{name}.tflite"), 2)
