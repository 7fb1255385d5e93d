"""Each real model gets the decoder of its family, or an error that lists the candidates; and dead ones are noticed."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from edgeai import Graph, Pipeline
from edgeai.check import check
from edgeai.errors import ModelError
from edgeai.perception.flatfile import root
from edgeai.perception.model import Model
from edgeai.perception.probe import responds

MODELS = Path(__file__).parents[1] / "models"


@pytest.mark.parametrize(
    ("name", "decoder", "task", "said"),
    [
        ("automl_traffic_model", "ssd", "detection", {}),
        ("blazeface_front_128_full_int", "blazeface", "detection", {"mean": 127.5, "std": 127.5}),
        ("coco_ssd_mobilenet_v1_quant", "ssd", "detection", {}),
        ("deeplabv3_mnv2_dm05_pascal_quant", "segmentation", "segmentation", {}),
        ("magic_wand", "classification", "classification", {}),
        ("mlperf_ic_resnet8_fp32", "classification", "classification", {"mean": 0.0, "std": 1.0}),
        ("mlperf_ic_resnet8_int8", "classification", "classification", {}),
        ("mlperf_vww_96_int8", "classification", "classification", {}),
        ("mlperf_vww_96_int8", "presence", "presence", {"task": "presence"}),
        ("mobilenet_v2_1.0_224_quant", "classification", "classification", {}),
        ("mobilenet_v2_1.0_224_quant", "embedding", "embedding", {"task": "embedding"}),
        ("movenet_single_pose_lightning_ptq", "movenet", "pose", {}),
        ("yolov8n_coco_224_full_int8", "yolo", "detection", {}),
        ("hello_world_sine_int8", "regression", "regression", {"task": "regression"}),
        ("mlperf_ad01_int8", "anomaly", "anomaly", {"task": "anomaly"}),
    ],
)
def test_the_family_is_told_by_the_file_or_by_the_task(name, decoder, task, said, load):
    model = load(name, **said)
    assert (model.decoder, model.task) == (decoder, task)


@pytest.mark.parametrize(
    ("name", "candidates"),
    [
        ("hello_world_sine_int8", ["presence", "regression"]),
        ("mlperf_ad01_int8", ["anomaly", "classification", "embedding", "regression"]),
        ("mlperf_ad01_fp32", ["anomaly", "classification", "embedding", "regression"]),
    ],
)
def test_where_nobody_can_know_the_candidates_are_listed(name, candidates, load):
    with pytest.raises(ModelError) as caught:
        load(name)
    assert f"can be read as {' or '.join(candidates)}, " in str(caught.value)
    assert all(f"`task: {candidate}`" in str(caught.value) for candidate in candidates)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("yolov8n_coco_224_full_int8", decoder)
        for decoder in ("anomaly", "blazeface", "efficientdet", "movenet", "presence", "segmentation", "ssd", "ssd_raw")
    ]
    + [
        ("movenet_single_pose_lightning_ptq", "yolo"),
        ("coco_ssd_mobilenet_v1_quant", "classification"),
        ("coco_ssd_mobilenet_v1_quant", "embedding"),
    ],
)
def test_a_decoder_of_another_family_is_refused(name, wrong, load):
    with pytest.raises(ModelError, match="decoder"):
        load(name, decoder=wrong)


def test_a_card_says_how_its_family_is_read(assets, picture, tmp_path):
    def carded(name: str, card: str) -> Model:
        path = tmp_path / f"{name}.tflite"
        path.write_bytes((assets / "models" / path.name).read_bytes())
        path.with_suffix(".yaml").write_text(card)
        return Model.load(path)

    bus = picture("bus.jpg")
    alone = carded("yolov8n_coco_224_full_int8", "yolo: {nms: agnostic, iou: 0.05}\nscore: 0.3")(bus)
    among = carded("yolov8n_coco_224_full_int8", "yolo: {nms: per-class, iou: 0.05}\nscore: 0.3")(bus)
    assert set(among.label) == {"person", "bus"}
    assert len(alone) < len(among)
    vector = carded("mlperf_ic_resnet8_int8", "task: embedding\nnormalise: true")(bus).vector
    assert float((vector * vector).sum()) == pytest.approx(1)
    with pytest.raises(ModelError, match=r"`yolo.boxes` is 'metres'"):
        carded("yolov8n_coco_224_full_int8", "yolo: {boxes: metres}")


@pytest.fixture
def dead(tmp_path) -> Path:
    """Return a model whose weights are all zeros."""
    content = (MODELS / "imu.tflite").read_bytes()
    for buffer in root(content, b"TFL3").tables(4):
        data = buffer.data(0)
        if len(data) > 200:
            content = content.replace(data, bytes(len(data)))
    (tmp_path / "dead.tflite").write_bytes(content)
    card = (MODELS / "imu.yaml").read_text().splitlines()
    (tmp_path / "dead.yaml").write_text("\n".join(line for line in card if not line.startswith("sha256")))
    return tmp_path / "dead.tflite"


def test_a_dead_model_is_noticed(dead, load):
    assert not responds(Model.load(dead))
    assert responds(Model.load(MODELS / "imu.tflite"))
    assert responds(Model.load(MODELS / "speed.tflite"))
    for name in ("mobilenet_v1_0.25_128_quant", "mlperf_vww_96_int8", "yolov8n_coco_224_full_int8"):
        assert responds(load(name))


def test_there_is_a_warning_when_it_is_loaded(dead, tmp_path, caplog):
    (tmp_path / "log.csv").write_text("time (s),Gyroscope X\n0,1\n")
    stages = {"odd": {"input": "imu", "model": str(dead), "threads": 1}}
    graph = Graph(sensors={"imu": str(tmp_path / "log.csv")}, stages=stages)
    with caplog.at_level(logging.WARNING, "edgeai"):
        check(graph)
        with Pipeline(graph):
            pass
    told = [record.getMessage() for record in caplog.records if "as if it were dead" in record.getMessage()]
    assert len(told) == 2
    assert str(dead) in told[0]
