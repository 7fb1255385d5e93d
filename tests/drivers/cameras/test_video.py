from __future__ import annotations

import wave

import cv2
import numpy as np
import pytest

from edgeai.clock import NS, SystemClock, VirtualClock
from edgeai.errors import DeviceError, DeviceNotFound
from edgeai_drivers.cameras.video import Video

FRAMES, FPS = 12, 20.0


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clips") / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (64, 48))
    for number in range(FRAMES):
        writer.write(np.full((48, 64, 3), 20 * number, np.uint8))
    writer.release()
    return path


def camera(path, clock=None, **options):
    source = Video("film", Video.Options(path=str(path), **options))
    source.open(clock or VirtualClock())
    return source


def all_of(source):
    frames = []
    while (frame := source.read(10.0)) is not None:
        frames.append(frame)
    return frames


def test_a_film_is_played_at_its_pace_in_virtual_time(clip):
    clock = VirtualClock(1000)
    source = camera(clip, clock)
    assert source.rate == FPS
    frames = all_of(source)
    assert [frame.stamp for frame in frames] == [1000 + n * NS // 20 for n in range(FRAMES)]
    assert {frame.timing.clock for frame in frames} == {"media"}
    assert [round(frame.image.mean() / 20) for frame in frames] == list(range(FRAMES))
    assert source.ended


def test_each_frame_owns_its_memory(clip):
    frames = all_of(camera(clip, lossless=True))
    assert len({frame.image.ctypes.data for frame in frames}) == FRAMES


def test_a_lossless_film_waits_for_nobody(clip):
    clock = VirtualClock()
    source = camera(clip, clock, lossless=True)
    assert source.lossless
    assert len(all_of(source)) == FRAMES
    assert clock.now() == 0


def test_time_runs_on_over_a_loop(clip):
    source = camera(clip, loop=True)
    frames = [source.read(1.0) for _ in range(3 * FRAMES)]
    assert [frame.timing.raw for frame in frames] == [n * NS // 20 for n in range(3 * FRAMES)]
    assert round(frames[FRAMES].image.mean()) == 0
    assert not source.ended


def test_a_film_can_be_opened_again(clip):
    source = camera(clip, lossless=True)
    all_of(source)
    source.close()
    source.open(VirtualClock())
    assert len(all_of(source)) == FRAMES


def test_the_number_of_decoding_threads_can_be_set(clip):
    assert len(all_of(camera(clip, lossless=True, threads=1))) == FRAMES


def no_video(folder, kind):
    path = folder / f"{kind}.mp4"
    if kind == "text":
        path.write_text("this is a text")
    elif kind == "empty":
        path.touch()
    elif kind == "sound":
        with wave.open(str(path), "wb") as sound:
            sound.setparams((1, 2, 8000, 0, "NONE", ""))
            sound.writeframes(bytes(16000))
    elif kind == "noise":
        path.write_bytes(np.random.default_rng(1).bytes(50_000))
    return path


@pytest.mark.parametrize("kind", ["text", "empty", "sound", "noise"])
def test_a_file_that_is_no_video_says_what_to_do(tmp_path, kind, capfd):
    with pytest.raises(DeviceError, match=r"holds no video that can be read.*give another file"):
        camera(no_video(tmp_path, kind))
    assert capfd.readouterr() == ("", "")


def test_a_missing_file_and_a_folder_are_not_found(tmp_path):
    with pytest.raises(DeviceNotFound, match=r"gone.mp4' does not exist: correct its path"):
        camera(tmp_path / "gone.mp4")
    with pytest.raises(DeviceNotFound, match="is a folder"):
        camera(tmp_path)


def test_a_url_is_not_taken_for_a_file():
    with pytest.raises(DeviceNotFound):
        camera("http://127.0.0.1:9/film.mp4")


def test_film_endings_name_the_driver():
    assert Video.claims("Clip.MP4")
    assert not Video.claims("cat.png")


# real films


@pytest.mark.parametrize(
    ("name", "count", "size", "step"),
    [
        ("one-by-one-person-detection.mp4", 1394, (768, 432), 100_000_000),
        ("solidWhiteRight.mp4", 221, (960, 540), 40_000_000),
    ],
)
def test_a_real_film_gives_every_frame_with_its_containers_time(assets, name, count, size, step):
    source = camera(assets / "video" / name, lossless=True)
    raws = [frame.timing.raw for frame in all_of(source)]
    assert len(raws) == count
    assert source.captured == count
    assert np.abs(np.diff(raws) - step).max() <= 1
    assert Video("film", source.options).options.path.endswith(name)
    source.close()
    source.open(SystemClock())
    assert source.read(1.0).size == size


def test_a_film_cut_short_gives_what_it_has_then_says_so(assets, tmp_path, capfd):
    whole = (assets / "video" / "one-by-one-person-detection.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[:200_000])
    source = camera(tmp_path / "cut.mp4", lossless=True)
    with pytest.raises(DeviceError, match=r"ends after \d+ of 1394 frames.*cut short"):
        all_of(source)
    assert source.captured > 50
    assert capfd.readouterr().err == ""


def test_a_film_cut_short_does_not_loop(assets, tmp_path):
    whole = (assets / "video" / "one-by-one-person-detection.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[:200_000])
    with pytest.raises(DeviceError, match="cut short"):
        all_of(camera(tmp_path / "cut.mp4", lossless=True, loop=True))


def test_a_film_whose_index_is_missing_cannot_be_opened(assets, tmp_path):
    whole = (assets / "video" / "bottle-detection.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DeviceError, match="holds no video"):
        camera(tmp_path / "cut.mp4")


def test_damage_within_a_film_is_played_over(assets, tmp_path, capfd):
    film = bytearray((assets / "video" / "solidWhiteRight.mp4").read_bytes())
    where = np.random.default_rng(0).integers(len(film) // 4, 3 * len(film) // 4, 500)
    for at in where:
        film[at] ^= 0x5A
    (tmp_path / "scratched.mp4").write_bytes(film)
    frames = all_of(camera(tmp_path / "scratched.mp4", lossless=True))
    assert len(frames) > 200
    assert capfd.readouterr().err == ""
