from __future__ import annotations

import json
import math

import pytest

from edgeai.errors import RecordingError
from edgeai.recording.foreign import Damaged, open_log

TYPES = {"cam/image_array": "image_array", "user/angle": "float", "user/throttle": "float", "user/mode": "str"}


def make_tub(folder, records, deleted=(), types=TYPES):
    (folder / "images").mkdir(parents=True)
    manifest = [
        list(types),
        list(types.values()),
        {},
        {"created_at": 1.0},
        {"paths": ["catalog_0.catalog"], "current_index": len(records), "max_len": 1000, "deleted_indexes": deleted},
    ]
    (folder / "manifest.json").write_text("".join(json.dumps(line) + "\n" for line in manifest))
    (folder / "catalog_0.catalog").write_text("".join(line + "\n" for line in records))
    return folder


def record(index, **values):
    return json.dumps(
        {"_index": index, "_timestamp_ms": 1000 + 50 * index, "cam/image_array": f"{index}.jpg"}
        | {"user/angle": 0.1 * index, "user/throttle": 0.5, "user/mode": "user"}
        | values
    )


def test_the_tub_of_donkeycar(tub):
    log = open_log(tub)
    lines = [json.loads(line) for line in (tub / "catalog_0.catalog").read_text().splitlines()]
    assert (log.format, log.clock, len(lines)) == ("tub", "utc", 1000)
    assert [(s.name, s.kind, s.count) for s in log.sources] == [("cam", "camera", 1000), ("drive", "sensor", 1000)]
    pictures = list(log.entries("cam"))
    assert [entry.stamp for entry in pictures] == [line["_timestamp_ms"] * 10**6 for line in lines]
    assert pictures[17].data == (tub / "images" / lines[17]["cam/image_array"]).read_bytes()
    expected = [(line["user/angle"], line["user/throttle"], 0.0) for line in lines]
    assert [entry.data for entry in log.entries("drive")] == expected
    assert [column.name for column in log.source("drive").columns] == ["user/angle", "user/throttle", "user/mode"]


def test_deleted_records_leave_a_gap(tmp_path):
    folder = make_tub(tmp_path / "tub", [record(index) for index in range(5)], deleted=[1, 2])
    log = open_log(folder)
    assert log.source("drive").count == 3
    assert [entry.stamp // 10**6 for entry in log.entries("drive")] == [1000, 1150, 1200]


def test_modes_are_numbered_and_unknown_values_are_nan(tmp_path):
    modes = ["user", "local_angle", "local", "?"]
    folder = make_tub(tmp_path / "tub", [record(i, **{"user/mode": mode}) for i, mode in enumerate(modes)])
    values = [entry.data[2] for entry in open_log(folder).entries("drive")]
    assert values[:3] == [0, 1, 2]
    assert math.isnan(values[3])


def test_damaged_records_are_kept_in_their_places(tmp_path, jpeg):
    rows = [record(0), record(1)[:40], record(2, **{"cam/image_array": "../../../etc/passwd"}), record(3), "[1]"]
    rows += [record(4, _timestamp_ms="soon"), record(5, **{"cam/image_array": 7}), record(6)]
    folder = make_tub(tmp_path / "tub", rows)
    for index in (0, 6):
        (folder / "images" / f"{index}.jpg").write_bytes(jpeg(index))
    entries = list(open_log(folder).entries("cam"))
    assert [isinstance(entry.data, Damaged) for entry in entries] == [False] + 6 * [True] + [False]
    assert "lies outside the log's folder" in entries[2].data.why
    assert entries[-1].data == jpeg(6)


def test_a_tub_of_the_first_version(tmp_path, jpeg):
    (tmp_path / "meta.json").write_text(json.dumps({"inputs": [], "types": [], "start": 1500000000.0}))
    for number in (1, 2, 10):
        values = {"cam/image_array": f"{number}_cam.jpg", "user/angle": number / 10, "user/mode": "user"}
        (tmp_path / f"record_{number}.json").write_text(json.dumps(values | {"milliseconds": number * 100}))
        (tmp_path / f"{number}_cam.jpg").write_bytes(jpeg(number))
    log = open_log(tmp_path)
    assert log.format == "tub"
    assert [entry.stamp // 10**6 - 1500000000000 for entry in log.entries("cam")] == [100, 200, 1000]
    assert [entry.data for entry in log.entries("cam")] == [jpeg(1), jpeg(2), jpeg(10)]
    assert [entry.data for entry in log.entries("drive")] == [(0.1, 0), (0.2, 0), (1.0, 0)]


@pytest.mark.parametrize(
    "break_it",
    [
        lambda tub: (tub / "manifest.json").write_text('["cam/image_array"]\n["image'),
        lambda tub: (tub / "manifest.json").write_text("[]\n[]\n{}\n{}\n{}\n"),
        lambda tub: (tub / "manifest.json").write_text("[1]\n[2]\n{}\n{}\n" + '{"paths": [".."]}\n'),
        lambda tub: (tub / "catalog_0.catalog").unlink(),
        lambda tub: (tub / "catalog_0.catalog").write_text(""),
        lambda tub: (tub / "catalog_0.catalog").write_bytes(b"\xff\x00" * 1000),
    ],
)
def test_a_tub_that_cannot_be_read_says_so(tmp_path, break_it):
    folder = make_tub(tmp_path / "tub", [record(0)])
    break_it(folder)
    with pytest.raises(RecordingError, match="tub"):
        open_log(folder)
