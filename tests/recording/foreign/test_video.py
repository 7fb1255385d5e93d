from __future__ import annotations

import json
import math
import shutil

import cv2
import numpy as np
import pytest

from edgeai.errors import RecordingError
from edgeai.messages import Column
from edgeai.recording.foreign import Damaged, open_log


@pytest.fixture
def clip(tmp_path):
    """Ten pictures, 10 a second, each brighter than the last; with lines beside them."""
    writer = cv2.VideoWriter(str(tmp_path / "run.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10, (32, 24))
    for number in range(10):
        writer.write(np.full((24, 32, 3), number * 20, np.uint8))
    writer.release()

    def with_lines(lines, name="run.jsonl"):
        text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
        (tmp_path / name).write_text(text)
        return tmp_path / "run.avi"

    return with_lines


def read(log, name):
    return [(entry.stamp // 10**6, entry.data) for entry in log.entries(name)]


def test_lines_by_the_number_of_the_frame(clip):
    log = open_log(
        clip([{"frame": 2, "steer": 0.5, "imu": {"ax": 1}}, {"frame": 5, "steer": -1}, {"frame": 99, "steer": 0}])
    )
    assert (log.format, log.clock) == ("video", "media")
    assert (log.source("video").count, log.source("video").rate) == (10, pytest.approx(10))
    assert log.source("run").columns == (Column("steer"), Column("imu.ax"))
    first, second, last = read(log, "run")
    assert first == (200, (0.5, 1.0))
    assert second[0] == 500
    assert second[1][0] == -1
    assert math.isnan(second[1][1])
    assert isinstance(last[1], Damaged)
    pictures = list(log.entries("video"))
    assert [round(entry.data.mean() / 20) for entry in pictures] == list(range(10))
    assert [entry.stamp // 10**6 for entry in pictures] == list(range(0, 1000, 100))


def test_all_entries_are_in_the_order_of_time(clip):
    log = open_log(clip([{"t": 0.15, "v": 1}, {"t": 0.25, "v": 2}]))
    order = [(entry.source, entry.stamp // 10**6) for entry in log.entries()]
    assert order[:5] == [("video", 0), ("video", 100), ("run", 150), ("video", 200), ("run", 250)]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([{"t": 0.1, "v": 1}, {"t": 0.35, "v": 2}], [100, 350]),
        ([{"time_ms": 100, "v": 1}, {"time_ms": 350, "v": 2}], [100, 350]),
        ([{"timestamp": 1700000000.5, "v": 1}, {"timestamp": 1700000000.75, "v": 2}], [0, 250]),
        ([{"stamp": 1700000000500000000, "v": 1}, {"stamp": 1700000000750000000, "v": 2}], [0, 250]),
    ],
)
def test_lines_by_time(clip, lines, expected):
    assert [stamp for stamp, _ in read(open_log(clip(lines)), "run")] == expected


def test_our_own_lines_lie_on_the_frames_that_were_looked_at(clip):
    def line(stream, raw, **values):
        return {"stream": stream, "seq": 1, "stamp": 5 * 10**9 + raw, "clock": "media", "raw": raw, "values": values}

    log = open_log(
        clip([line("drive", 10**8, steer=0.5), line("speed", 2 * 10**8, v=2), line("drive", 4 * 10**8, steer=0)])
    )
    assert {source.name for source in log.sources} == {"video", "drive", "speed"}
    assert read(log, "drive") == [(100, (0.5,)), (400, (0.0,))]
    assert read(log, "speed") == [(200, (2.0,))]


def test_names_that_are_taken_are_told_apart(clip, tmp_path):
    clip([{"t": 0.1, "v": 1}], "video.jsonl")
    clip([{"t": 0.2, "v": 2}], "other.jsonl")
    log = open_log(tmp_path)
    assert [source.name for source in log.sources] == ["video", "other", "video.lines"]
    assert read(log, "video.lines") == [(100, (1.0,))]


def test_damaged_lines_are_kept_in_their_places(clip):
    log = open_log(
        clip([{"t": 0.1, "v": 1}, '{"t": 0.2, "v"', "[]", {"v": 1}, {"t": 0.05, "v": 1}, {"t": 0.4, "w": 1}])
    )
    assert [isinstance(data, Damaged) for _, data in read(log, "run")] == [False, True, True, True, True, True]


def test_folder_video_or_lines_name_the_same_log(clip):
    video = clip([{"t": 0.1, "v": 1}])
    video.rename(video.with_suffix(".bin"))
    paths = (video.parent, video.with_suffix(".bin"), video.with_suffix(".jsonl"))
    assert [len(list(open_log(path).entries())) for path in paths] == [11, 11, 11]


def test_a_real_clip(assets, tmp_path):
    shutil.copy(assets / "video" / "solidWhiteRight.mp4", tmp_path / "road.mp4")
    (tmp_path / "road.jsonl").write_text("".join(f'{{"frame": {n}, "steer": {n / 100}}}\n' for n in range(0, 200, 20)))
    log = open_log(tmp_path)
    capture = cv2.VideoCapture(str(tmp_path / "road.mp4"))
    times = []
    while capture.grab():
        times.append(round(capture.get(cv2.CAP_PROP_POS_MSEC) * 1e6))
    assert log.source("video").count == len(times)
    assert [entry.stamp for entry in log.entries("road")] == times[:200:20]


@pytest.mark.parametrize("lines", [["{}"], [{"v": 1}], [{"t": 1.0}], ['{"t": "x", "v": 1}']])
def test_lines_without_time_or_numbers_say_so(clip, lines):
    with pytest.raises(RecordingError, match="has a time or a frame, and numbers"):
        open_log(clip(lines))


def test_a_damaged_video_says_so(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"\0\0\0\x18ftypisom" + bytes(1000))
    (tmp_path / "a.jsonl").write_text('{"t": 0.5, "v": 1}\n')
    with pytest.raises(RecordingError, match="damaged"):
        open_log(tmp_path)
