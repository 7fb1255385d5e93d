"""Presence, anomaly and embedding: one number or one vector, against what was published or is defined."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edgeai.decoders.anomaly import Anomaly
from edgeai.decoders.embedding import Embedding
from edgeai.decoders.presence import Presence
from edgeai.errors import ModelError
from edgeai.messages import Column, Score
from edgeai.messages import Embedding as EmbeddingValue
from edgeai.perception.decoding import Settings, Signature
from edgeai.perception.labels import Labels

from .examples import info, signature


def test_a_person_is_present_and_absent(load, picture):
    model = load("mlperf_vww_96_int8", task="presence", labels=("nobody", "person"))
    there, away = model(picture("squat.png")), model(picture("sunflower.png"))
    assert (there.name, there.over, away.over) == ("person", True, False)
    assert there.value > 0.9
    assert there.as_dict() == {"name": "person", "value": there.value, "threshold": 0.5, "over": True}
    as_classes = load("mlperf_vww_96_int8")(picture("squat.png"))
    assert there.value == as_classes.score[as_classes.class_id.tolist().index(1)]


def test_presence_of_one_number():
    decode = Presence(signature(info(1, 1, dtype=np.uint8, scale=1 / 256)), Settings(score=0.7))
    assert decode([np.array([[180]], np.uint8)], None) == Score("present", 180 / 256, 0.7)
    assert not decode([np.array([[179]], np.uint8)], None).over
    named = Presence(signature(info(1, 1)), Settings(columns=(Column("smoke"),)))
    assert named([np.array([[0.5]], np.float32)], None) == Score("smoke", 0.5, 0.5)


def test_presence_of_what_is_no_probability():
    decode = Presence(signature(info(1, 1)), Settings())
    with pytest.raises(ModelError, match="no probability"):
        decode([np.array([[4.0]], np.float32)], None)
    with pytest.raises(ModelError, match="NaN"):
        decode([np.array([[np.nan]], np.float32)], None)
    with pytest.raises(ModelError, match="name another decoder"):
        Presence(signature(info(1, 3)), Settings())
    with pytest.raises(ModelError, match="3 labels and the model 2 classes"):
        Presence(signature(info(1, 2)), Settings(labels=Labels(("a", "b", "c"), "a list")))


@pytest.mark.parametrize("name", ["mlperf_ad01_int8", "mlperf_ad01_fp32"])
def test_the_sound_of_a_toy_car_is_as_usual_as_was_measured(name, load, validation, assets):
    model = load(name, task="anomaly", score=50.0)
    features = np.fromfile(assets / "eval" / "ad01_normal_features.bin", "<f4").reshape(200, 128)
    windows = [features[i : i + 5].reshape(1, 640) for i in range(196)]
    scores = [model(window) for window in windows]
    assert np.mean([score.value for score in scores]) == pytest.approx(validation[name]["mean_mse_normal"], rel=0.01)
    assert not any(score.over for score in scores[:20])
    random = np.random.default_rng(0)
    odd = [model(window + random.normal(0, 12, window.shape)) for window in windows[:20]]
    assert all(score.over for score in odd)


def test_the_error_is_between_what_the_model_saw_and_what_it_made():
    given, made = info(1, 4, dtype=np.int8, scale=0.5, zero_point=2), info(1, 4, dtype=np.uint8, scale=0.25)
    decode = Anomaly(Signature((given,), (made,)), Settings(columns=(Column("wear"),), score=0.5))
    stored = [np.array([[4, 8, 0, 12]], np.uint8), np.array([[4, 6, 2, 10]], np.int8)]
    # 1, 2, 0, 3 were made of 1, 2, 0, 4.
    assert decode(stored, None) == Score("wear", 0.25, 0.5)
    assert Anomaly(Signature((given,), (made,)), Settings())(stored, None) == Score("anomaly", 0.25)
    with pytest.raises(ModelError, match="same shape"):
        Anomaly(Signature((given,), (info(1, 5),)), Settings())
    with pytest.raises(ModelError, match="NaN"):
        Anomaly(Signature((info(1, 2),), (info(1, 2),)), Settings())([np.full((1, 2), np.nan), np.zeros((1, 2))], None)


def test_embeddings_of_like_pictures_are_alike(load, picture):
    model = load("mobilenet_v1_0.25_128_quant", task="embedding")
    cat, sunflower = picture("cat.png"), picture("sunflower.png")
    bright = cv2.convertScaleAbs(cat, alpha=1.1)
    alike, unlike = model(cat).cosine(model(bright)), model(cat).cosine(model(sunflower))
    assert alike > 0.8 > 0.5 > unlike
    a, b = model(cat).vector, model(sunflower).vector
    assert unlike == pytest.approx(float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)), rel=1e-6)


def test_an_embedding_has_length_1_where_the_card_says_so():
    values = np.array([[3, 0, -4]], np.float32)
    decode = Embedding(signature(info(1, 3)), Settings(normalise=True))
    assert decode([values], None).vector.tolist() == [np.float32(0.6), 0, np.float32(-0.8)]
    assert Embedding(signature(info(1, 3)), Settings())([values], None).vector.tolist() == [3, 0, -4]
    with pytest.raises(ModelError, match="no direction"):
        decode([values * 0], None)
    with pytest.raises(ModelError, match="NaN"):
        decode([values * np.nan], None)


def test_the_cosine_of_what_cannot_be_compared():
    assert EmbeddingValue(np.zeros(2, np.float32)).cosine(EmbeddingValue(np.ones(2, np.float32))) == 0
    with pytest.raises(ValueError, match="2 and 3 numbers"):
        EmbeddingValue(np.ones(2, np.float32)).cosine(EmbeddingValue(np.ones(3, np.float32)))
