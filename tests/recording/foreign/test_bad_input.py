"""Whatever a log holds, opening and reading it ends, and ends in entries or a RecordingError."""

from __future__ import annotations

import json
import os
import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgeai.errors import RecordingError
from edgeai.recording.foreign import FORMATS, Entry, open_log

SETTINGS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def survives(path, **options):
    try:
        entries = list(open_log(path, **options).entries())
    except RecordingError:
        return
    assert all(isinstance(entry, Entry) for entry in entries)
    assert [entry.stamp for entry in entries] == sorted(entry.stamp for entry in entries)


def test_an_unknown_log_is_told_what_it_could_be(tmp_path):
    with pytest.raises(RecordingError, match="an empty folder") as caught:
        open_log(tmp_path)
    assert all(known.looks_like in str(caught.value) for known in FORMATS.values())
    (tmp_path / "old.bag").write_bytes(b"#ROSBAG V2.0\n" + bytes(100))
    with pytest.raises(RecordingError, match="rosbags-convert"):
        open_log(tmp_path / "old.bag")


def test_a_name_alone_makes_no_log(tmp_path, jpeg):
    for name in ("a.mcap", "a.db3", "a.mp4", "a.jsonl", "rgb.txt", "manifest.txt"):
        (tmp_path / name).write_bytes(jpeg())
        with pytest.raises(RecordingError):
            open_log(tmp_path / name)


@pytest.mark.parametrize("name", [*FORMATS, None])
def test_what_is_not_there_or_no_file_says_so(tmp_path, name):
    with pytest.raises(RecordingError, match="does not exist"):
        open_log(tmp_path / "gone", format=name)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(RecordingError, match="is no file"):
        open_log(tmp_path / "pipe", format=name)


@pytest.mark.parametrize("name", FORMATS)
def test_the_wrong_format_says_so(tmp_path, name):
    with pytest.raises(RecordingError):
        open_log(tmp_path, format=name)
    (tmp_path / "x").write_bytes(b"x")
    with pytest.raises(RecordingError):
        open_log(tmp_path / "x", format=name)


def test_wrong_options_say_what_there_is(tmp_path):
    with pytest.raises(RecordingError, match="give one of edgeai, rosbag2, tub, video, folder"):
        open_log(tmp_path, format="rosbag")
    with pytest.raises(RecordingError, match="give one of s, ms, us, ns"):
        open_log(tmp_path, time_unit="min")


ROW = st.lists(
    st.one_of(
        st.sampled_from(["1.0", "2.0", "1e9", "1700000000", "a.jpg", "../a.jpg", "#", "time", "nan", "-1", '"', "\0"]),
        st.text(max_size=6),
    ),
    max_size=4,
)


@SETTINGS
@given(st.lists(ROW, max_size=8), st.sampled_from([",", " ", ";", "\t"]))
def test_any_table(tmp_path, rows, separator):
    text = "\n".join(separator.join(row) for row in rows)
    (tmp_path / "rgb.txt").write_text(text, encoding="utf-8", errors="replace")
    survives(tmp_path, format="folder")
    survives(tmp_path, format="folder", time_unit="ms")


VALUE = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just(10**400)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=5,
)
KEYS = (
    "_index",
    "_timestamp_ms",
    "cam/image_array",
    "user/angle",
    "t",
    "frame",
    "stream",
    "stamp",
    "values",
    "v",
    "raw",
)
LINES = st.lists(
    st.one_of(st.dictionaries(st.sampled_from(KEYS), VALUE, max_size=5).map(json.dumps), st.text(max_size=20)),
    max_size=6,
)


@SETTINGS
@given(LINES, st.lists(VALUE.map(json.dumps), min_size=3, max_size=5))
def test_any_tub(tmp_path, lines, manifest):
    folder = tmp_path / "tub"
    (folder / "images").mkdir(parents=True, exist_ok=True)
    good = ['["cam/image_array", "user/angle"]', '["image_array", "float"]', "{}", "{}", '{"paths": ["c.catalog"]}']
    (folder / "c.catalog").write_text("\n".join(lines), encoding="utf-8", errors="replace")
    (folder / "manifest.json").write_text("\n".join(good))
    survives(folder)
    (folder / "manifest.json").write_text("\n".join([*manifest, *good[len(manifest) :]]))
    survives(folder)


@SETTINGS
@given(LINES)
def test_any_lines_beside_a_video(tmp_path, short_clip, lines):
    if not (tmp_path / "a.avi").exists():
        shutil.copy(short_clip, tmp_path / "a.avi")
    (tmp_path / "a.jsonl").write_text("\n".join(lines), encoding="utf-8", errors="replace")
    survives(tmp_path, format="video")


@pytest.fixture(scope="module")
def short_clip(tmp_path_factory):
    import cv2
    import numpy as np

    path = tmp_path_factory.mktemp("clip") / "a.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (32, 24))
    for _ in range(3):
        writer.write(np.zeros((24, 32, 3), np.uint8))
    writer.release()
    return path


@pytest.mark.parametrize("plugin", ["MCAP", "SQLITE3"])
@SETTINGS
@given(data=st.data())
def test_any_bytes_of_a_bag_turned(tmp_path, small_bags, plugin, data):
    file = small_bags[plugin]
    broken = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / file.name
    path.write_bytes(broken[: data.draw(st.sampled_from([len(broken), len(broken) // 2]))])
    survives(path)


@pytest.fixture(scope="module")
def small_bags(tmp_path_factory, jpeg):
    import numpy as np
    from rosbags.rosbag2 import StoragePlugin, Writer
    from rosbags.typesys import Stores, get_typestore

    store = get_typestore(Stores.ROS2_HUMBLE)
    types = store.types
    folder = tmp_path_factory.mktemp("bags")
    files = {}
    for plugin in StoragePlugin:
        with Writer(folder / plugin.name, version=9, storage_plugin=plugin) as writer:
            name = "sensor_msgs/msg/CompressedImage"
            connection = writer.add_connection("/cam", name, typestore=store)
            for n in range(3):
                header = types["std_msgs/msg/Header"](types["builtin_interfaces/msg/Time"](n, 0), "")
                message = types[name](header, "jpeg", np.frombuffer(jpeg(), np.uint8))
                writer.write(connection, n * 10**9, store.serialize_cdr(message, name))
        (files[plugin.name],) = (item for item in (folder / plugin.name).iterdir() if item.suffix != ".yaml")
    return files
