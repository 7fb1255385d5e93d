"""Pixels reach the tensor exactly as the definition says, for every dtype and every way to resize."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeai.errors import ModelError
from edgeai.perception.geometry import view_of
from edgeai.perception.preprocess import InputSettings, Preprocessor, pixel_table
from edgeai.perception.tensor import TensorInfo

PICTURE = np.random.default_rng(5).integers(0, 256, (96, 128, 3), dtype=np.uint8)
TENSORS = [
    TensorInfo("u8", (1, 32, 48, 3), np.dtype(np.uint8), 1 / 128, 128),
    TensorInfo("i8", (1, 32, 48, 3), np.dtype(np.int8), 1 / 255, -128),
    TensorInfo("i8 coarse", (1, 32, 48, 3), np.dtype(np.int8), 0.0173, 3),
    TensorInfo("i16", (1, 32, 48, 3), np.dtype(np.int16), 1 / 32768, 0),
    TensorInfo("f32", (1, 32, 48, 3), np.dtype(np.float32)),
]


def write(info: TensorInfo, settings: InputSettings, picture: np.ndarray, colour="bgr") -> np.ndarray:
    memory = np.full(info.shape, 77, info.dtype)
    Preprocessor(info, settings)(picture, colour, lambda: memory)
    return memory[0]


def by_definition(info: TensorInfo, pixels: np.ndarray, mean: np.ndarray, std: np.ndarray) -> np.ndarray:
    real = (pixels.astype(np.float64) - mean) / std
    if not info.quantized:
        return real.astype(info.dtype)
    steps = real / info.scale
    rounded = np.where(steps < 0, -np.floor(0.5 - steps), np.floor(steps + 0.5)) + info.zero_point
    limits = np.iinfo(info.dtype)
    return np.clip(rounded, limits.min, limits.max).astype(info.dtype)


@pytest.mark.parametrize("info", TENSORS, ids=lambda info: info.name)
@pytest.mark.parametrize("mean", [127.5, (123.7, 116.3, 103.5)])
@pytest.mark.parametrize("std", [127.5, 255.0, (58.4, 57.1, 57.4)])
def test_normalisation_and_quantization_are_exact(info, mean, std):
    written = write(info, InputSettings(mean=mean, std=std), PICTURE)
    pixels = cv2.cvtColor(cv2.resize(PICTURE, (48, 32), interpolation=cv2.INTER_LINEAR), cv2.COLOR_BGR2RGB)
    np.testing.assert_array_equal(written, by_definition(info, pixels, np.asarray(mean), np.asarray(std)))


@pytest.mark.parametrize(
    ("dtype", "first", "last"), [(np.uint8, 0, 255), (np.int8, -128, 127), (np.int16, -32768, 32767)]
)
def test_without_normalisation_pixels_span_the_tensors_range(dtype, first, last):
    table = pixel_table(TensorInfo("x", (1, 8, 8, 3), np.dtype(dtype), 0.01, 5), None, None, 3)
    assert (table[0] == first).all()
    assert (table[255] == last).all()
    assert len(set(np.diff(table[:, 0].astype(int)))) == 1


def test_without_normalisation_a_float_input_cannot_be_known():
    with pytest.raises(ModelError, match="`mean` and `std`"):
        pixel_table(TENSORS[-1], None, None, 3)


def test_a_deviation_too_small_for_a_float_input():
    with pytest.raises(ModelError, match="become infinite"):
        pixel_table(TENSORS[-1], 0.0, 1e-39, 3)


@pytest.mark.parametrize("resize", ["stretch", "letterbox", "centre-crop"])
@pytest.mark.parametrize("how", ["linear", "area", "nearest"])
@pytest.mark.parametrize("colour", ["rgb", "bgr"])
def test_each_way_to_resize_is_cv2_on_the_right_part(resize, how, colour):
    info = TENSORS[0]
    settings = InputSettings(resize=resize, interpolation=how, colour=colour, pad=9)
    written = write(info, settings, PICTURE)
    view = view_of((128, 96), (48, 32), resize, settings.crop_fraction)
    x, y, width, height = view.crop
    flag = {"linear": cv2.INTER_LINEAR, "area": cv2.INTER_AREA, "nearest": cv2.INTER_NEAREST}[how]
    part = np.ascontiguousarray(PICTURE[y : y + height, x : x + width])
    wanted = np.full((32, 48, 3), 9, np.uint8)
    u, v, across, down = view.placed
    wanted[v : v + down, u : u + across] = cv2.resize(part, (across, down), interpolation=flag)
    np.testing.assert_array_equal(written, wanted if colour == "bgr" else wanted[..., ::-1])


def test_a_frame_of_the_inputs_size_is_copied_as_it_is():
    picture = np.ascontiguousarray(PICTURE[:32, :48])
    np.testing.assert_array_equal(write(TENSORS[0], InputSettings(), picture, "rgb"), picture)


def test_gray_and_colour_meet_both_ways():
    gray = cv2.cvtColor(PICTURE, cv2.COLOR_BGR2GRAY)
    one = TensorInfo("gray", (1, 96, 128, 1), np.dtype(np.uint8))
    np.testing.assert_array_equal(write(one, InputSettings(), PICTURE)[..., 0], gray)
    np.testing.assert_array_equal(write(one, InputSettings(), gray, "gray")[..., 0], gray)
    three = TensorInfo("colour", (1, 96, 128, 3), np.dtype(np.uint8))
    np.testing.assert_array_equal(write(three, InputSettings(), gray, "gray"), np.repeat(gray[..., None], 3, axis=2))


def test_bars_stay_clean_from_frame_to_frame():
    memory = np.zeros(TENSORS[0].shape, np.uint8)
    prepare = Preprocessor(TENSORS[0], InputSettings(resize="letterbox", pad=4))
    for picture in (PICTURE, 255 - PICTURE):
        memory[...] = 200
        prepare(picture, "bgr", lambda: memory)
    assert (memory[0, :, 0] == 4).all()
    assert (memory[0, :, -1] == 4).all()


side = st.integers(1, 3000)


@given(side, side, st.integers(1, 600), st.integers(1, 600), st.sampled_from(["stretch", "letterbox", "centre-crop"]))
def test_boxes_come_back_where_they_were(width, height, across, down, resize):
    view = view_of((width, height), (across, down), resize, 0.875)
    x, y, wide, high = view.crop
    assert x >= 0 <= y
    assert x + wide <= width
    assert y + high <= height
    u, v, placed_across, placed_down = view.placed
    assert u >= 0 <= v
    assert u + placed_across <= across
    assert v + placed_down <= down
    corners = np.array([[u, v, u + placed_across, v + placed_down]], np.float64)
    np.testing.assert_allclose(view.boxes(corners)[0], [x, y, x + wide, y + high], atol=1e-3)
    unit = corners / [across, down, across, down]
    np.testing.assert_allclose(view.unit_boxes(unit)[0], [x, y, x + wide, y + high], atol=2e-3)


@given(st.integers(-40_000, 40_000), st.sampled_from(TENSORS[:4]))
def test_dequantizing_gives_the_nearest_step(value, info):
    limits = np.iinfo(info.dtype)
    real = value * info.scale / 7
    stored = info.quantize(np.array([real]))
    if limits.min < stored[0] < limits.max:
        assert abs(float(info.dequantize(stored)[0]) - real) <= info.scale * 0.501
