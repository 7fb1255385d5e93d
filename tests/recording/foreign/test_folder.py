from __future__ import annotations

import cv2
import numpy as np
import pytest

from edgeai.errors import RecordingError
from edgeai.messages import Column
from edgeai.recording.foreign import Damaged, decode, open_log

T0 = 1403636579763555584


def stamps(log, *names):
    return [(entry.source, entry.stamp) for entry in log.entries(*names)]


def test_tum(tmp_path, jpeg):
    (tmp_path / "rgb").mkdir()
    names = ["rgb/1305031102.175304.jpg", "rgb/1305031102.211214.jpg"]
    for level, name in enumerate(names):
        (tmp_path / name).write_bytes(jpeg(level))
    lines = "".join(f"{name[4:-4]} {name}\n" for name in names)
    (tmp_path / "rgb.txt").write_text(f"# color images\n# file: 'fr1.bag'\n# timestamp filename\n{lines}")
    (tmp_path / "accelerometer.txt").write_text("# timestamp ax ay az\n1305031102.18 0.1 8.2 4.9\n")
    log = open_log(tmp_path)
    assert (log.format, log.clock) == ("folder", "utc")
    rgb, accelerometer = sorted(log.sources, key=lambda source: source.kind)
    assert (rgb.name, rgb.count, rgb.start, rgb.end) == ("rgb", 2, 1305031102175304000, 1305031102211214000)
    assert rgb.rate == pytest.approx(1 / 0.03591)
    assert accelerometer.columns == (Column("ax"), Column("ay"), Column("az"))
    entries = list(log.entries())
    assert [entry.source for entry in entries] == ["rgb", "accelerometer", "rgb"]
    assert [entry.data for entry in entries] == [jpeg(0), (0.1, 8.2, 4.9), jpeg(1)]


def test_euroc(tmp_path, jpeg):
    for name in ("cam0", "cam1"):
        place = tmp_path / "mav0" / name
        (place / "data").mkdir(parents=True)
        (place / "data" / f"{T0}.png").write_bytes(jpeg(7))
        (place / "data.csv").write_text(f"#timestamp [ns],filename\r\n{T0},{T0}.png\r\n")
    imu = tmp_path / "mav0" / "imu0"
    imu.mkdir()
    (imu / "data.csv").write_text(
        f"#timestamp [ns],w_RS_S_x [rad s^-1],a_RS_S_x [m s^-2]\n{T0 - 5},-0.09,9.1\n{T0 + 5},-0.1,9.2\n"
    )
    log = open_log(tmp_path)
    assert log.source("imu0").columns == (Column("w_RS_S_x", "rad s^-1"), Column("a_RS_S_x", "m s^-2"))
    assert stamps(log) == [("imu0", T0 - 5), ("cam0", T0), ("cam1", T0), ("imu0", T0 + 5)]
    assert [entry.data for entry in log.entries("cam1")] == [jpeg(7)]
    assert stamps(open_log(tmp_path / "mav0" / "cam0")) == [("data", T0)]


def test_kitti(tmp_path, jpeg):
    place = tmp_path / "image_02"
    (place / "data").mkdir(parents=True)
    for number in range(12):
        (place / "data" / f"{number}.jpg").write_bytes(jpeg(number * 10))
    times = [f"2011-09-26 13:02:{25 + number:02d}.964389445" for number in range(12)]
    (place / "timestamps.txt").write_text("\n".join(times))
    log = open_log(tmp_path)
    assert stamps(log)[1] == ("image_02", 1317042146_964389445)
    assert [entry.data for entry in log.entries()] == [jpeg(number * 10) for number in range(12)]


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("time_ms,file\n0,a.jpg\n33,b.jpg\n", {}, [0, 33_000_000]),
        ("file;t (us)\na.jpg;100\nb.jpg;200\n", {}, [100_000, 200_000]),
        ("0,a.jpg\n40,b.jpg\n", {"time_unit": "ms"}, [0, 40_000_000]),
        ("0.5 a.jpg\n1.5 b.jpg\n", {}, [500_000_000, 1_500_000_000]),
        (
            "timestamp\tfile\n1700000000123\ta.jpg\n1700000000456\tb.jpg\n",
            {},
            [1700000000123000000, 1700000000456000000],
        ),
    ],
)
def test_a_table_of_ones_own(tmp_path, jpeg, text, options, expected):
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(jpeg())
    (tmp_path / "shots.csv").write_text(text)
    entries = list(open_log(tmp_path, **options).entries())
    assert [entry.stamp for entry in entries] == expected
    assert [entry.data for entry in entries] == [jpeg(), jpeg()]


def test_whole_numbers_without_a_unit_are_refused_with_a_sentence(tmp_path, jpeg):
    (tmp_path / "a.jpg").write_bytes(jpeg())
    (tmp_path / "shots.csv").write_text("0,a.jpg\n40,a.jpg\n")
    with pytest.raises(RecordingError, match="give time_unit"):
        open_log(tmp_path, format="folder")


def test_a_sensor_whose_unit_cannot_be_told_is_passed_over_with_a_warning(tmp_path, jpeg, caplog):
    (tmp_path / "a.jpg").write_bytes(jpeg())
    (tmp_path / "shots.csv").write_text("time_ms,file\n0,a.jpg\n")
    (tmp_path / "wheels.csv").write_text("t,speed\n0,1\n20,2\n")
    assert [source.name for source in open_log(tmp_path).sources] == ["shots"]
    assert "give time_unit" in caplog.text
    assert open_log(tmp_path, time_unit="ms").source("wheels").end == 20_000_000


def test_bad_rows_are_kept_in_their_places_as_damaged(tmp_path, jpeg):
    (tmp_path / "a.jpg").write_bytes(jpeg())
    rows = ["1.0 a.jpg", "2.0 gone.jpg", "1.5 a.jpg", "oops a.jpg", "3.0", "4.0 a.jpg", "4.0 a.jpg"]
    (tmp_path / "rgb.txt").write_text("\n".join(rows))
    entries = list(open_log(tmp_path).entries())
    why = [entry.data.why if isinstance(entry.data, Damaged) else None for entry in entries]
    assert why == [
        None,
        "the picture 'gone.jpg' is missing",
        "its time lies 0.5 s back",
        "a line of rgb.txt has no time",
        "a line of rgb.txt names no picture",
        None,
        None,
    ]
    assert [entry.stamp / 1e9 for entry in entries] == [1, 2, 2, 2, 3, 4, 4]


def test_names_that_are_taken_are_told_apart(tmp_path, jpeg):
    for name in ("left", "right"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.jpg").write_bytes(jpeg())
        (tmp_path / name / "shots.csv").write_text("time_ms,file\n5,a.jpg\n")
    assert stamps(open_log(tmp_path)) == [("shots", 5_000_000), ("right/shots", 5_000_000)]


def test_maps_of_depth_are_refused_not_scaled(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.full((4, 4), 5000, np.uint16))
    (tmp_path / "depth.txt").write_text("1.0 a.png\n")
    (entry,) = open_log(tmp_path).entries()
    assert "16 bits" in decode(entry.data).why


def test_no_picture_is_read_from_outside_the_folder(tmp_path, jpeg):
    (tmp_path / "secret.jpg").write_bytes(jpeg())
    place = tmp_path / "log"
    place.mkdir()
    (place / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    rows = ["1.0 ../secret.jpg", f"2.0 {tmp_path}/secret.jpg", "3.0 link.jpg", "4.0 x\0y.jpg"]
    (place / "rgb.txt").write_text("\n".join(rows))
    entries = list(open_log(place).entries())
    assert len(entries) == 4
    assert all(isinstance(entry.data, Damaged) for entry in entries)
    assert "lies outside" in entries[0].data.why
