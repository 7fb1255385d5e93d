"""Bags are written by rosbags, and what we read is compared with what rosbags reads."""

from __future__ import annotations

import math
import sqlite3
import struct

import cv2
import numpy as np
import pytest
from rosbags.rosbag2 import Reader, StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from edgeai.errors import RecordingError
from edgeai.recording.foreign import Damaged, open_log

STORE = get_typestore(Stores.ROS2_HUMBLE)
TYPES = STORE.types
T0 = 1700000000 * 10**9
MS = 10**6
COLOURS = np.random.default_rng(1).integers(0, 256, (4, 6, 3), np.uint8)


def header(stamp):
    return TYPES["std_msgs/msg/Header"](TYPES["builtin_interfaces/msg/Time"](stamp // 10**9, stamp % 10**9), "frame")


def compressed(stamp, data):
    return TYPES["sensor_msgs/msg/CompressedImage"](header(stamp), "jpeg", np.frombuffer(data, np.uint8))


def image(stamp, pixels, encoding, padding=0):
    rows = pixels.reshape(pixels.shape[0], -1).view(np.uint8)
    rows = np.pad(rows, ((0, 0), (0, padding)))
    height, width = pixels.shape[:2]
    return TYPES["sensor_msgs/msg/Image"](header(stamp), height, width, encoding, 0, rows.shape[1], rows.ravel())


def imu(stamp, value, orientation_known=True):
    vector, quaternion = TYPES["geometry_msgs/msg/Vector3"], TYPES["geometry_msgs/msg/Quaternion"]
    unknown = np.array([0.0 if orientation_known else -1.0] + [0.0] * 8)
    zero = np.zeros(9)
    turn, push = vector(value, 5.0, 6.0), vector(7.0, 8.0, 9.8)
    return TYPES["sensor_msgs/msg/Imu"](header(stamp), quaternion(0.0, 0.0, 0.0, 1.0), unknown, turn, zero, push, zero)


def scan(stamp, ranges):
    values = np.array(ranges, np.float32)
    return TYPES["sensor_msgs/msg/LaserScan"](header(stamp), -1.5, 1.5, 0.5, 0.0, 0.1, 0.25, 12.0, values, values)


def fix(stamp, latitude, known=True):
    status = TYPES["sensor_msgs/msg/NavSatStatus"](0, 1)
    covariance = np.arange(9, dtype=np.float64)
    return TYPES["sensor_msgs/msg/NavSatFix"](header(stamp), status, latitude, 11.5, 520.0, covariance, 2 * known)


def write(path, rows, plugin=StoragePlugin.MCAP):
    """Write (topic, time of recording, message) rows, bytes standing for a message damaged on its way."""
    with Writer(path, version=9, storage_plugin=plugin) as writer:
        connections = {}
        for topic, recorded, message in rows:
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, message.__msgtype__, typestore=STORE)
            data = (
                message if isinstance(message, bytes) else STORE.serialize_cdr(message, message.__msgtype__).tobytes()
            )
            writer.write(connections[topic], recorded, data)
    return path


@pytest.fixture(params=list(StoragePlugin), ids=lambda plugin: plugin.name.lower())
def drive(request, tmp_path, jpeg):
    """Two seconds of a robot: captures reach the bag 5 to 20 ms after they were taken."""
    rows = []
    for n in range(20):
        t = T0 + n * 100 * MS
        rows.append(("/camera/image/compressed", t + 20 * MS, compressed(t, jpeg(n * 10))))
        rows.append(("/imu", t + 5 * MS, imu(t + MS, float(n))))
        rows.append(("/scan", t + 6 * MS, scan(t + 2 * MS, [1.0, math.inf, n])))
        rows.append(("/gps", t + 7 * MS, fix(t + 3 * MS, 48 + n / 100)))
        rows.append(("/chatter", t, TYPES["std_msgs/msg/String"]("hello")))
    return write(tmp_path / "drive", rows, request.param)


def test_a_bag_is_what_rosbags_reads(drive):
    log = open_log(drive)
    assert (log.format, log.clock) == ("rosbag2", "utc")
    assert {source.name: source.kind for source in log.sources} == {
        "/camera/image/compressed": "camera",
        "/imu": "sensor",
        "/scan": "sensor",
        "/gps": "sensor",
    }
    with Reader(drive) as reader:
        for source in log.sources:
            connection = next(item for item in reader.connections if item.topic == source.name)
            assert source.count == connection.msgcount == 20
            messages = [STORE.deserialize_cdr(data, c.msgtype) for c, _, data in reader.messages([connection])]
            entries = list(log.entries(source.name))
            own = [m.header.stamp.sec * 10**9 + m.header.stamp.nanosec for m in messages]
            assert [entry.stamp for entry in entries] == own
            if source.kind == "camera":
                assert [entry.data for entry in entries] == [m.data.tobytes() for m in messages]


def test_readings_have_names_and_units(drive):
    log = open_log(drive)

    def last(name):
        columns = log.source(name).columns
        *_, entry = log.entries(name)
        return {(column.name, column.unit): value for column, value in zip(columns, entry.data, strict=True)}

    turn = last("/imu")
    assert turn["angular_velocity_x", "rad/s"] == 19
    assert turn["linear_acceleration_z", "m/s2"] == 9.8
    assert turn["orientation_w", "1"] == 1
    beams = last("/scan")
    assert list(beams.items())[:4] == [
        (("angle_min", "rad"), -1.5),
        (("angle_increment", "rad"), 0.5),
        (("range_min", "m"), 0.25),
        (("range_max", "m"), 12.0),
    ]
    assert [beams[f"range_{n}", "m"] for n in range(3)] == [1.0, math.inf, 19.0]
    place = last("/gps")
    assert place["latitude", "deg"] == 48.19
    assert [place[f"variance_{way}", "m2"] for way in ("east", "north", "up")] == [0, 4, 8]


def test_the_file_alone_will_do(drive):
    (file,) = (item for item in drive.iterdir() if item.suffix != ".yaml")
    assert [e.stamp for e in open_log(file).entries()] == [e.stamp for e in open_log(drive).entries()]


def test_all_sources_are_in_the_order_of_capture_though_they_were_recorded_in_another(drive):
    stamps = [entry.stamp for entry in open_log(drive).entries()]
    assert len(stamps) == 80
    assert stamps == sorted(stamps)


@pytest.mark.parametrize(
    ("encoding", "code", "expected"),
    [
        ("bgr8", None, None),
        ("8UC3", None, None),
        ("rgb8", cv2.COLOR_BGR2RGB, None),
        ("rgba8", cv2.COLOR_BGR2RGBA, None),
        ("bgra8", cv2.COLOR_BGR2BGRA, None),
        ("mono8", cv2.COLOR_BGR2GRAY, cv2.cvtColor(COLOURS, cv2.COLOR_BGR2GRAY)),
    ],
)
def test_pictures_that_are_raw(tmp_path, encoding, code, expected):
    pixels = COLOURS if code is None else cv2.cvtColor(COLOURS, code)
    log = open_log(write(tmp_path / "bag", [("/cam", T0, image(T0, pixels, encoding, padding=5))]))
    (entry,) = log.entries()
    np.testing.assert_array_equal(entry.data, COLOURS if expected is None else expected)


@pytest.mark.parametrize(("encoding", "order"), [("yuv422", [1, 0, 1, 0]), ("yuv422_yuy2", [0, 1, 0, 1])])
def test_yuv_422(tmp_path, encoding, order):
    """Black and white by turns: luma is where the encoding says, chroma is neutral."""
    luma = np.tile(np.array([16, 235], np.uint8), (2, 3))
    pixels = np.full((2, 6, 2), 128, np.uint8)
    pixels[:, :, order[0]] = luma
    (entry,) = open_log(write(tmp_path / "bag", [("/cam", T0, image(T0, pixels, encoding))])).entries()
    assert entry.data.shape == (2, 6, 3)
    assert np.abs(entry.data[0, :, 1].astype(int) - [0, 255, 0, 255, 0, 255]).max() <= 2


def test_depth_is_refused_not_scaled(tmp_path):
    depth = np.zeros((4, 6), np.uint16)
    (entry,) = open_log(write(tmp_path / "bag", [("/depth", T0, image(T0, depth, "16UC1"))])).entries()
    assert entry.data == Damaged("its encoding '16UC1' is no picture of 8 bits: convert the topic to rgb8 or mono8")


def test_what_is_not_known_is_nan(tmp_path):
    rows = [("/imu", T0, imu(T0, 1.0, orientation_known=False)), ("/gps", T0, fix(T0, 48.0, known=False))]
    log = open_log(write(tmp_path / "bag", rows))
    (turn,), (place,) = log.entries("/imu"), log.entries("/gps")
    assert [math.isnan(value) for value in turn.data] == [True] * 4 + [False] * 6
    assert [math.isnan(value) for value in place.data] == [False] * 4 + [True] * 3


def test_a_stamp_of_another_clock_gives_way_to_the_time_of_recording(tmp_path):
    rows = [("/imu", T0 + n * MS, imu(n * 10**9, float(n))) for n in range(3)]
    assert [e.stamp for e in open_log(write(tmp_path / "bag", rows)).entries()] == [T0, T0 + MS, T0 + 2 * MS]


def test_damaged_messages_are_kept_in_their_places(tmp_path, jpeg):
    good = compressed(T0, jpeg())
    broken = image(T0, COLOURS, "rgb8")
    broken.height = 2**31
    rows = [
        ("/cam", T0, good),
        ("/cam", T0 + MS, b"\0\1\0\0\xff\xff\xff\xff" * 4),
        ("/cam", T0 + 2 * MS, compressed(T0 - 9 * MS, jpeg())),
        ("/cam", T0 + 3 * MS, compressed(T0 + 3 * MS, jpeg(9))),
        ("/raw", T0, broken),
        ("/scan", T0, scan(T0, [1, 2])),
        ("/scan", T0 + MS, scan(T0 + MS, [1, 2, 3])),
    ]
    log = open_log(write(tmp_path / "bag", rows))
    assert [isinstance(e.data, Damaged) for e in log.entries("/cam")] == [False, True, True, False]
    assert "announces 6x2147483648" in next(log.entries("/raw")).data.why
    assert "7 values, and the first one had 6" in list(log.entries("/scan"))[1].data.why


@pytest.mark.parametrize(
    "statements",
    [
        "CREATE TABLE people (name TEXT)",
        "CREATE TABLE topics (id, name); CREATE TABLE messages (id)",
        "CREATE TABLE topics (id INTEGER, name TEXT, type TEXT, serialization_format TEXT);"
        "CREATE TABLE messages (id INTEGER, topic_id INTEGER, timestamp INTEGER, data BLOB);"
        "INSERT INTO topics VALUES (1, '/imu', 'sensor_msgs/msg/Imu', 'cdr');"
        "INSERT INTO messages VALUES (1, 1, 'soon', NULL)",
    ],
)
def test_a_foreign_database_says_so(tmp_path, statements):
    database = sqlite3.connect(tmp_path / "x.db3")
    database.executescript(statements)
    database.close()
    with pytest.raises(RecordingError, match=r"x\.db3"):
        open_log(tmp_path / "x.db3")


def test_a_bag_of_other_types_names_them(tmp_path):
    rows = [("/chatter", T0, TYPES["std_msgs/msg/String"]("hello"))]
    with pytest.raises(RecordingError, match=r"no message that can be read, of CompressedImage, .*std_msgs/msg/String"):
        open_log(write(tmp_path / "bag", rows))


def test_a_chunk_that_would_fill_the_memory_is_refused(tmp_path, jpeg):
    bag = write(tmp_path / "bag", [("/cam", T0, compressed(T0, jpeg()))])
    with Reader(bag / "bag.mcap") as reader:
        (chunk,) = reader.storage.chunks
    index = struct.pack("<QQ", chunk.compressed_size, chunk.uncompressed_size)
    before, after = (bag / "bag.mcap").read_bytes().rsplit(index, 1)
    (bag / "bag.mcap").write_bytes(before + struct.pack("<QQ", chunk.compressed_size, 1 << 40) + after)
    with pytest.raises(RecordingError, match="announces a chunk of 1048576 MiB"):
        open_log(bag)


@pytest.mark.parametrize("keep", [0, 7, 30, 300, -100, -1])
def test_a_bag_that_was_cut_says_so(drive, keep):
    (file,) = (item for item in drive.iterdir() if item.suffix != ".yaml")
    file.write_bytes(file.read_bytes()[:keep])
    try:
        entries = list(open_log(drive).entries())
    except RecordingError:
        return
    assert file.suffix == ".db3"  # a database that lacks a few bytes of its last page may still be read
    assert len(entries) <= 80
