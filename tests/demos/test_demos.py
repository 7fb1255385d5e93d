"""The demos run as they are, without hardware, and do what their users rely on."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from edgeai import Graph

DEMOS = Path(__file__).resolve().parents[2] / "demos"


def run_demo(name, *arguments):
    """Run a demo to its end and return what it printed, line by line."""
    command = [sys.executable, str(DEMOS / name / f"{name}.py"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.fixture
def clip(assets):
    return assets / "video" / "one-by-one-person-detection.mp4"


@pytest.fixture
def detector(assets):
    return assets / "models" / "coco_ssd_mobilenet_v1_quant.tflite"


def test_people_are_counted_in_a_clip_and_drawn_into_a_video(clip, detector, tmp_path):
    lines = run_demo("person_counter", clip, detector, tmp_path / "out.mp4", "--frames", 91, "--lossless")
    seen = [re.fullmatch(r"frame +(\d+), +(\d+\.\d+) s: (\d+) in the picture, (\d+) so far", line) for line in lines]
    assert all(seen)
    frames, seconds, people, met = ([float(match[i]) for match in seen] for i in (1, 2, 3, 4))
    assert (people[0], met[0]) == (0, 0)
    assert max(people) >= 1
    assert met == sorted(met)
    assert all(abs(second - frame / 10) < 0.2 for frame, second in zip(frames, seconds, strict=True))
    assert _differing(tmp_path / "out.mp4", clip, 90) > 500


def _differing(video, clip, number):
    """Return how many pixels of frame `number` differ plainly: those of boxes and labels."""
    import cv2

    pictures = []
    for path in (video, clip):
        capture = cv2.VideoCapture(str(path))
        for _ in range(number + 1):
            found, picture = capture.read()
            assert found
        capture.release()
        pictures.append(picture)
    return int((cv2.absdiff(*pictures).max(axis=2) > 60).sum())


def test_one_person_is_followed(clip, detector, tmp_path):
    lines = run_demo("follow_me", clip, detector, tmp_path / "out.mp4", "--frames", 70, "--lossless")
    assert len(lines) == 70
    assert "nobody in sight" in lines[0]
    after = [re.search(r"steering ([+-]\d\.\d+), throttle (\d\.\d+); after person (\d+)", line) for line in lines]
    followed = [match for match in after if match]
    assert len({match[3] for match in followed}) == 1
    assert all(-1 <= float(match[1]) <= 1 and 0 <= float(match[2]) <= 1 for match in followed)


def test_unusual_motion_of_an_imu_is_told(assets, tmp_path):
    *lines, last = run_demo("imu_anomaly", assets / "sensors" / "imu_100hz.csv", "--plot", tmp_path / "scores.png")
    told = [re.fullmatch(r" *(\d+\.\d) s: unusual motion, (\d+\.\d) times the threshold", line) for line in lines]
    assert all(told)
    assert 40 <= max((float(match[2]), float(match[1])) for match in told)[1] <= 41
    windows, unusual = map(int, re.fullmatch(r"(\d+) windows, (\d+) of them unusual", last).groups())
    assert len(told) <= unusual < windows / 20
    assert (tmp_path / "scores.png").stat().st_size > 10_000


def test_a_battery_lasts_as_long_as_it_shall(tmp_path):
    lines = run_demo("battery_day", "--hours", 0.05, "--battery", 0.12, "--output", tmp_path / "day.png")
    left = float(re.match(r"(\S+) Wh left after", lines[-1])[1])
    assert 0 <= left < 0.05
    assert (tmp_path / "day.png").stat().st_size > 10_000


def test_two_cameras_share_one_model():
    model, _, *lines = run_demo("two_cameras", "--seconds", 2)
    lines = [line for line in lines if not line.startswith("fault: ")]  # a sensor that a busy machine keeps waiting
    assert model == "1 model for 2 streams"
    assert [line.split()[2] for line in lines] == ["left_pilot", "right_pilot"] * 2
    assert all(int(re.search(r"(\d+) results", line)[1]) > 0 for line in lines[2:])


def test_the_line_rover_drives_within_a_budget_and_shows_a_page():
    first, *lines = run_demo("line_rover", "--seconds", 2, "--port", 0)
    assert re.fullmatch(r"look at http://127\.0\.0\.1:\d+/", first)
    assert all(re.fullmatch(r" *\d s: pilot_\w+, [+-]\d\.\d+ m beside the line", line) for line in lines)
    assert len(lines) == 2


def test_the_control_loop_turns_at_100_hz_with_fresh_results():
    *lines, turns = run_demo("control_loop", "--seconds", 2)
    assert [line.split(":")[0].strip() for line in lines] == ["1 s", "2 s"]
    assert all(" fresh, " in line for line in lines)
    counted = {status: int(n) for n, status in re.findall(r"(\d+) turns (\w+)", turns)}
    assert "fault" not in counted
    assert counted["fresh"] > sum(counted.values()) / 2


def test_the_rover_follows_its_line_over_the_serial_port():
    lines = run_demo("serial_rover", "--seconds", 3)
    assert len(lines) >= 3
    driven, beside = zip(*re.findall(r"; (\S+) m, (\S+) cm beside the line", "\n".join(lines)), strict=True)
    assert float(driven[-1]) > 1.0
    assert all(abs(float(distance)) < 20 for distance in beside)


GRAPHS = [file for file in sorted(DEMOS.glob("*/*.yaml")) if file.stem != "battery_day"]  # that is a described workload
IMU = [f"{device} {axis}" for device in ("Gyroscope", "Accelerometer") for axis in "XYZ"]


@pytest.mark.parametrize("file", GRAPHS, ids=lambda file: file.stem)
def test_the_graphs_of_the_demos_are_right_and_a_camera_is_one_change(file, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(file.parent)
    for name in ("clip.mp4", "coco_ssd_mobilenet_v1_quant.tflite", "imu_100hz.csv"):
        (tmp_path / name).touch()
    text = file.read_text().replace("../../tests/models", str(DEMOS.parent / "tests" / "models"))
    graph = Graph.parse(text, base=tmp_path, allow_code=True)
    models = {name: spec for name, spec in graph.stages.items() if spec.model}
    real = Graph(
        cameras=dict.fromkeys(graph.cameras, "v4l2:/dev/video0?size=640x480&fps=30"),
        sensors={"imu": {"driver": "serial_lines", "port": "/dev/ttyUSB0", "columns": IMU}},
        stages={name: {"model": list(spec.model), "input": spec.input} for name, spec in models.items()},
        outputs={"motors": "serial:/dev/serial/by-id/usb-controller"},
        base=tmp_path,
    )
    assert list(real.stages) == list(models)


def test_a_demo_is_a_whole_program_of_at_most_forty_lines_with_its_graph_its_page_and_its_picture():
    for folder in (path for path in DEMOS.iterdir() if path.is_dir() and path.name != "__pycache__"):
        program = folder / f"{folder.name}.py"
        assert 10 <= len(program.read_text().splitlines()) <= 40, program
        assert (folder / f"{folder.name}.yaml").is_file()
        page = (folder / "README.md").read_text()
        assert f"python demos/{folder.name}/{folder.name}.py" in page
        for picture in re.findall(r"!\[[^]]+\]\(([^)]+)\)", page):
            assert 5_000 < (folder / picture).stat().st_size <= 150_000, picture
        assert "![" in page or folder.name == "replay_tests"
