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


def test_people_are_found_in_a_clip_and_drawn_into_a_video(assets, tmp_path):
    clip = assets / "video" / "one-by-one-person-detection.mp4"
    model = assets / "models" / "coco_ssd_mobilenet_v1_quant.tflite"
    lines = run_demo("people", clip, model, tmp_path / "out.mp4", "--frames", 100, "--lossless")
    seen = [re.fullmatch(r"frame +(\d+), +(\d+\.\d+) s: (\d+) in the picture", line) for line in lines]
    assert all(seen)
    frames, seconds, people = ([float(match[i]) for match in seen] for i in (1, 2, 3))
    assert people[0] == 0
    assert max(people) >= 1
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


@pytest.mark.parametrize("file", sorted(DEMOS.glob("*/*.yaml")), ids=lambda file: file.stem)
def test_the_graphs_of_the_demos_are_right_and_a_camera_is_one_change(file, tmp_path):
    text = file.read_text()
    for name in ("clip.mp4", "coco_ssd_mobilenet_v1_quant.tflite"):
        (tmp_path / name).touch()
    graph = Graph.parse(text, base=tmp_path)
    real = Graph(
        cameras=dict.fromkeys(graph.cameras, "v4l2:/dev/video0?size=640x480&fps=30"),
        stages={name: {"model": list(spec.model)} for name, spec in graph.stages.items()},
        outputs={"motors": "serial:/dev/serial/by-id/usb-controller"},
        base=tmp_path,
    )
    assert list(real.stages) == list(graph.stages)


def test_a_demo_is_a_whole_program_of_at_most_forty_lines_with_its_graph_and_its_page():
    for folder in (path for path in DEMOS.iterdir() if path.is_dir() and path.name != "__pycache__"):
        program = folder / f"{folder.name}.py"
        assert 10 <= len(program.read_text().splitlines()) <= 40, program
        assert (folder / f"{folder.name}.yaml").is_file()
        assert f"python demos/{folder.name}/{folder.name}.py" in (folder / "README.md").read_text()
