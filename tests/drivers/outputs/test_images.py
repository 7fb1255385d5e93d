from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeai.clock import SystemClock
from edgeai.errors import DeviceError, DeviceNotFound
from edgeai.messages import Frame
from edgeai_drivers.outputs.images import Images


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_pictures_bear_stream_and_seq(opened, result, frame, detections, tmp_path):
    out = opened(Images, folder=str(tmp_path / "out"))
    for seq in (7, 8, 11):
        out.write(result(detections, seq), frame(seq))
    assert names(tmp_path / "out") == ["objects_000007.jpg", "objects_000008.jpg", "objects_000011.jpg"]
    assert cv2.imread(str(tmp_path / "out" / "objects_000007.jpg")).shape == (480, 640, 3)


def test_the_result_is_drawn_and_the_frame_stays_as_it_was(opened, result, frame, detections, tmp_path):
    looked_at = frame()
    before = looked_at.image.copy()
    opened(Images, folder=str(tmp_path), format="png").write(result(detections), looked_at)
    picture = cv2.imread(str(tmp_path / "objects_000007.png"))
    assert (picture != before).any()
    assert (looked_at.image == before).all()


def test_plain_pictures_are_the_frames(opened, result, frame, detections, tmp_path):
    opened(Images, folder=str(tmp_path), format="png", annotate=False).write(result(detections), frame())
    assert (cv2.imread(str(tmp_path / "objects_000007.png")) == frame().image).all()


@pytest.mark.parametrize(("colour", "shape"), [("rgb", (4, 4, 3)), ("gray", (4, 4))])
def test_other_colour_orders_are_kept_right(opened, result, tmp_path, colour, shape):
    image = np.zeros(shape, np.uint8)
    image[..., 0] = 200
    out = opened(Images, folder=str(tmp_path), format="png", annotate=False)
    out.write(result(1), Frame("camera", 7, 0, image, colour))
    picture = cv2.imread(str(tmp_path / "objects_000007.png"))
    assert picture[0, 0].tolist() == ([0, 0, 200] if colour == "rgb" else [200, 200, 200])


def test_every_nth_of_each_stream(opened, result, frame, tmp_path):
    out = opened(Images, folder=str(tmp_path), every=3, annotate=False)
    for seq in range(7):
        out.write(result(1, seq, "a"), frame(seq))
        out.write(result(1, seq, "b/c"), frame(seq))
    assert names(tmp_path) == [f"{stream}_{seq:06d}.jpg" for stream in ("a", "b_c") for seq in (0, 3, 6)]


def test_another_runs_pictures_are_never_overwritten(opened, result, frame, tmp_path):
    for run in range(3):
        out = opened(Images, folder=str(tmp_path / "out"), annotate=False, quality=50 + run)
        out.write(result(1), frame())
        out.close()
    assert names(tmp_path / "out") == ["objects_000007.jpg", "run-2", "run-3"]
    assert names(tmp_path / "out" / "run-3") == ["objects_000007.jpg"]
    assert out.folder == tmp_path / "out" / "run-3"


def test_a_folder_is_made_in_one_that_is_there_and_nowhere_else(tmp_path):
    out = Images("out", Images.Options(folder=str(tmp_path / "no" / "such")))
    with pytest.raises(DeviceNotFound, match=r"mkdir -p \S*/no\) or correct the path"):
        out.open(SystemClock())


def test_a_picture_that_does_not_fit_leaves_nothing_half(opened, result, frame, tmp_path):
    out = opened(Images, folder=str(tmp_path), annotate=False)
    (tmp_path / ".objects_000007.jpg.part").symlink_to("/dev/full")
    with pytest.raises(DeviceError, match="disk is full: free some space"):
        out.write(result(1), frame())
    assert os.listdir(tmp_path) == []


def test_a_stream_without_pictures_is_explained(opened, result, tmp_path):
    with pytest.raises(DeviceError, match="no picture for 'objects': give it a stream that is fed by a camera"):
        opened(Images, folder=str(tmp_path)).write(result(1), None)


def test_options_are_checked_before_anything_opens():
    out = Images("out", Images.Options(folder="", quality=0, every=0))
    assert [p.path for p in out.check()] == ["outputs.out.folder", "outputs.out.quality", "outputs.out.every"]
