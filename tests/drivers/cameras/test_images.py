from __future__ import annotations

import shutil

import cv2
import numpy as np
import pytest

from edgeai.clock import NS, VirtualClock
from edgeai.errors import DeviceError, DeviceNotFound
from edgeai_drivers.cameras.images import Images


def camera(path, clock=None, **options):
    source = Images("shots", Images.Options(path=str(path), **options))
    source.open(clock or VirtualClock())
    return source


def values(source, count=100):
    found = []
    while len(found) < count and (frame := source.read(10.0)) is not None:
        found.append(int(frame.image[0, 0, 0]))
    return found


@pytest.fixture
def folder(tmp_path):
    for number in (1, 2, 10):
        cv2.imwrite(str(tmp_path / f"shot{number}.png"), np.full((4, 5, 3), number, np.uint8))
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / ".shot3.png").write_bytes(b"hidden")
    return tmp_path


def test_a_folder_is_read_in_natural_order(folder):
    assert values(camera(folder)) == [1, 2, 10]


def test_a_glob_picks(folder):
    assert values(camera(folder / "shot1*.png")) == [1, 10]


def test_one_file_is_enough(folder):
    assert values(camera(folder / "shot2.png")) == [2]


def test_pictures_come_at_the_pace_in_virtual_time(folder):
    clock = VirtualClock()
    source = camera(folder, clock, fps=4)
    assert source.rate == 4
    assert [source.read(1).stamp for _ in range(3)] == [0, NS // 4, NS // 2]
    assert source.read(1) is None
    assert source.ended


def test_a_loop_goes_on_in_time(folder):
    source = camera(folder, fps=10, loop=True)
    assert values(source, 7) == [1, 2, 10, 1, 2, 10, 1]
    assert source.read(1).stamp == 7 * NS // 10


def test_lossless_pictures_wait_for_nobody(folder):
    clock = VirtualClock()
    assert values(camera(folder, clock, lossless=True)) == [1, 2, 10]
    assert clock.now() == 0


def test_each_picture_may_have_its_size_and_gray_ones_become_bgr(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((4, 5), np.uint8))
    cv2.imwrite(str(tmp_path / "b.jpg"), np.zeros((7, 3, 3), np.uint8))
    source = camera(tmp_path)
    assert [source.read(1).image.shape, source.read(1).image.shape] == [(4, 5, 3), (7, 3, 3)]


@pytest.mark.parametrize("ending", ["jpg", "png"])
def test_a_damaged_picture_is_named(tmp_path, ending):
    whole = cv2.imencode(f".{ending}", np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8))[1].tobytes()
    (tmp_path / f"torn.{ending}").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DeviceError, match=rf"torn\.{ending}"):
        camera(tmp_path).read(1)


@pytest.mark.parametrize("content", [b"", b"hello", b"\xff\xd8\xff\xff\xff", b"\x89PNG\r\n\x1a\n"])
def test_a_file_that_is_no_picture_is_named(tmp_path, content):
    (tmp_path / "odd.jpg").write_bytes(content)
    with pytest.raises(DeviceError, match=r"odd\.jpg"):
        camera(tmp_path).read(1)


def test_a_picture_taken_away_meanwhile_is_named(folder):
    source = camera(folder)
    source.read(1)
    (folder / "shot2.png").unlink()
    with pytest.raises(DeviceError, match=r"shot2\.png.*cannot be read"):
        source.read(1)


@pytest.mark.parametrize("path", ["nowhere", "nothing*.png", "notes"])
def test_no_pictures_is_an_error_on_opening(tmp_path, path):
    (tmp_path / "notes").mkdir()
    with pytest.raises(DeviceNotFound, match="no picture at"):
        camera(tmp_path / path)


def test_pictures_folders_and_globs_name_the_driver(folder):
    assert Images.claims("cat.JPEG")
    assert Images.claims(str(folder))
    assert Images.claims("shots/2024-*/front")
    assert not Images.claims("clip.mp4")


def test_real_pictures(assets, tmp_path):
    for name in ("bus.jpg", "cat.png", "person_96_gray.bmp"):
        shutil.copy(assets / "images" / name, tmp_path)
    source = camera(tmp_path)
    assert [source.read(1).size for _ in range(3)] == [(810, 1080), (512, 341), (96, 96)]
