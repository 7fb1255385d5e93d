from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeai.clock import SystemClock
from edgeai.errors import DeviceError, DeviceNotFound
from edgeai_drivers.outputs.video import Video, is_whole, rate_of

MS = 1_000_000


def pictures(path: Path) -> tuple[list[np.ndarray], float]:
    """The pictures of a video and its rate, as another program reads them."""
    video = cv2.VideoCapture(str(path))
    found = []
    while (got := video.read())[0]:
        found.append(got[1])
    fps = video.get(cv2.CAP_PROP_FPS)
    video.release()
    return found, fps


@pytest.mark.parametrize(("name", "codec"), [("out.mp4", "mp4v"), ("out.mkv", "mp4v"), ("out.avi", "mjpg")])
def test_one_picture_a_result_at_the_rate_of_the_capture(opened, result, frame, detections, tmp_path, name, codec):
    out = opened(Video, path=str(tmp_path / name), codec=codec)
    for seq in range(25):
        out.write(result(detections, seq), frame(seq))
    out.close()
    shown, fps = pictures(tmp_path / name)
    assert (len(shown), fps) == (25, pytest.approx(25.0, abs=0.1))
    assert shown[0].shape == (480, 640, 3)
    assert np.abs(shown[24].astype(int) - frame().image).max() > 60, "the detections are drawn"


def test_a_video_shorter_than_it_takes_to_learn_the_rate_is_whole(opened, result, frame, tmp_path):
    out = opened(Video, path=str(tmp_path / "out.mp4"))
    out.write(result(1, 0), frame(0))
    out.close()
    assert len(pictures(tmp_path / "out.mp4")[0]) == 1


def shades(path: Path) -> list[int]:
    return [round(float(np.median(picture)) / 20) for picture in pictures(path)[0]]


@pytest.fixture
def shaded(result, frame):
    """A result whose picture is of one shade, which says its seq; there is nothing to draw."""

    def make(seq: int, media: int | None = None):
        shade = frame(seq, (64, 48), media)
        shade.image[:] = 20 * (seq % 12)
        return result(None, seq), shade

    return make


@pytest.fixture
def plain(monkeypatch):
    """Leave the drawing out where a test reads shades."""
    monkeypatch.setattr("edgeai_drivers.outputs.video.annotated", lambda result, frame: frame.image)


def test_a_picture_stands_where_results_were_dropped(opened, shaded, plain, tmp_path):
    out = opened(Video, path=str(tmp_path / "out.mp4"))
    for seq in (0, 1, 2, 3, 4, 5, 6, 9, 10):
        out.write(*shaded(seq))
    out.close()
    assert shades(tmp_path / "out.mp4") == [0, 1, 2, 3, 4, 5, 6, 6, 6, 9, 10]


def test_a_given_rate_shows_one_result_after_another(opened, shaded, plain, tmp_path):
    out = opened(Video, path=str(tmp_path / "out.mp4"), fps=5.0)
    for seq in (0, 1, 6, 9):
        out.write(*shaded(seq))
    out.close()
    assert shades(tmp_path / "out.mp4") == [0, 1, 6, 9]
    assert pictures(tmp_path / "out.mp4")[1] == pytest.approx(5.0)


def test_a_clips_own_time_counts_not_the_speed_of_its_reading_and_may_begin_again(opened, shaded, plain, tmp_path):
    out = opened(Video, path=str(tmp_path / "out.mp4"))
    for seq in range(12):
        out.write(*shaded(seq, media=(seq % 8) * 20 * MS))
    out.close()
    assert pictures(tmp_path / "out.mp4")[1] == pytest.approx(50.0)
    assert shades(tmp_path / "out.mp4") == list(range(12))


def test_the_rate_is_learnt_from_the_median_gap():
    assert rate_of([0, 40 * MS, 80 * MS, 200 * MS, 240 * MS]) == 25.0
    assert rate_of([5]) == rate_of([5, 5]) == 10.0
    assert rate_of([0, 1, 2]) == 120.0


def test_a_disk_that_fills_up_ends_the_video_while_it_can_still_be_finished(opened, result, frame, tmp_path):
    out = opened(Video, path=str(tmp_path / "out.mp4"), reserve=0.0)
    for seq in range(10):
        out.write(result(None, seq), frame(seq))
    free = os.statvfs(tmp_path)
    object.__setattr__(out.options, "reserve", 1e-6 * free.f_blocks * free.f_frsize + 1)
    for _ in range(2):
        with pytest.raises(DeviceError, match=r"MiB left; free some space .*what was written plays"):
            out.write(result(None, 10), frame(10))
    out.close()
    assert len(pictures(tmp_path / "out.mp4")[0]) == 10


UNFINISHED = """
import resource, signal, sys
import numpy as np
from edgeai.clock import SystemClock
from edgeai.errors import DeviceError
from edgeai.messages import Frame, Result
from edgeai_drivers.outputs.video import Video
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
out = Video("out", Video.Options(path=sys.argv[1], fps=25.0))
out.open(SystemClock())
noise = np.random.default_rng(0)
for seq in range(40):
    image = noise.integers(0, 255, (480, 640, 3)).astype(np.uint8)
    out.write(Result("s", seq, seq, None, ()), Frame("camera", seq, seq, image))
try:
    out.close()
except DeviceError as error:
    print(error)
"""

KILLED = """
import os, signal, sys
import numpy as np
from edgeai.clock import SystemClock
from edgeai.messages import Frame, Result
from edgeai_drivers.outputs.video import Video
out = Video("out", Video.Options(path=sys.argv[1], fps=25.0))
out.open(SystemClock())
noise = np.random.default_rng(0)
for seq in range(40):
    image = noise.integers(0, 255, (480, 640, 3)).astype(np.uint8)
    out.write(Result("s", seq, seq, None, ()), Frame("camera", seq, seq, image))
os.kill(os.getpid(), signal.SIGKILL)
"""


def run(program: str, path: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", program, str(path)]
    return subprocess.run(command, env=environment, check=False, capture_output=True, text=True)


def test_a_video_that_could_not_be_finished_is_said_at_close(tmp_path):
    ended = run(UNFINISHED, tmp_path / "out.mp4")
    assert "could not finish" in ended.stdout, ended.stderr
    assert not is_whole(tmp_path / "out.mp4")


def test_an_mkv_plays_after_kill_9(tmp_path):
    assert run(KILLED, tmp_path / "out.mkv").returncode == -signal.SIGKILL
    assert 25 <= len(pictures(tmp_path / "out.mkv")[0]) <= 40


def test_a_picture_of_another_size_is_refused(opened, result, frame, tmp_path):
    out = opened(Video, path=str(tmp_path / "out.mp4"))
    out.write(result(None, 0), frame(0))
    with pytest.raises(DeviceError, match="began with pictures of 640x480 and is given 320x240"):
        out.write(result(None, 1), frame(1, (320, 240)))
    out.close()
    assert len(pictures(tmp_path / "out.mp4")[0]) == 1


def test_a_folder_that_is_not_there_is_said_at_open(tmp_path):
    with pytest.raises(DeviceNotFound, match="mkdir -p"):
        Video("out", Video.Options(path=str(tmp_path / "no" / "out.mp4"))).open(SystemClock())


def test_a_file_name_says_its_container():
    (problem,) = Video("out", Video.Options(path="out.mpeg")).check()
    assert problem.path == "outputs.out.path"
    assert ".mkv" in problem.expected
