"""Run demos and take the pictures that their pages show: python -m tools.pictures [DEMO...].

The demos that need a clip and a model look for them in the folder of the assets. Of a clip only blocks are shown.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from tools.pictures.browser import Browser

ROOT = Path(__file__).resolve().parents[2]
DEMOS = ROOT / "demos"
ASSETS = Path(os.environ.get("EDGEAI_ASSETS", ROOT.parent / "shared" / "assets"))
CLIP, DETECTOR = ASSETS / "video/one-by-one-person-detection.mp4", ASSETS / "models/coco_ssd_mobilenet_v1_quant.tflite"
LARGEST = 150_000
"""Bytes of a picture."""
BLOCK = 24
"""Pixels to a side of the blocks that stand for a film: it is not ours to give on."""


def python(demo: str, *arguments: object) -> list[str]:
    return [sys.executable, str(DEMOS / demo / f"{demo}.py"), *map(str, arguments)]


def page(command: list[str], port: int, target: Path, seconds: float, script: str = "") -> None:
    """Start a demo with its live view, wait, do something on the page, wait again, and take a picture."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as demo:
        try:
            with Browser(1180, 800) as browser:
                for _ in range(40):
                    time.sleep(0.5)
                    try:
                        browser.open(f"http://127.0.0.1:{port}/")
                    except OSError:
                        continue
                    break
                time.sleep(seconds)
                if script:
                    browser.run(script)
                    time.sleep(seconds)
                browser.picture(target)
        finally:
            demo.terminate()


def frame(command: list[str], video: Path, number: int, target: Path) -> None:
    """Run a demo that writes a video, and keep what was drawn on one frame of it: the film itself becomes blocks."""
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    drawn, film = still(video, number), still(CLIP, number)
    height, width = drawn.shape[:2]
    blocks = cv2.resize(film, (width // BLOCK, height // BLOCK), interpolation=cv2.INTER_AREA)
    blocks = cv2.resize(blocks, (width, height), interpolation=cv2.INTER_NEAREST)
    pen = cv2.absdiff(drawn, cv2.resize(film, (width, height))).max(axis=2) > 60
    pen = cv2.morphologyEx(pen.astype("uint8"), cv2.MORPH_CLOSE, np.ones((5, 5), "uint8")).astype(bool)
    cv2.imwrite(str(target), np.where(pen[..., None], drawn, blocks), [cv2.IMWRITE_JPEG_QUALITY, 90])


def still(video: Path, number: int) -> np.ndarray:
    capture = cv2.VideoCapture(str(video))
    capture.set(cv2.CAP_PROP_POS_FRAMES, number)
    found, picture = capture.read()
    capture.release()
    assert found, f"{video} has no frame {number}"
    return picture


def line_rover(target: Path) -> None:
    lower = (
        "const field = document.querySelector('input[type=number], input[name=budget]');"
        "field.value = '2.7'; field.form.requestSubmit();"
    )
    page(python("line_rover", "--port", 8497), 8497, target, 20, lower)


def two_cameras(target: Path) -> None:
    page(python("two_cameras", "--port", 8496), 8496, target, 15)


def graph(demo: str) -> Callable[[Path], None]:
    command = [sys.executable, "-c", "from edgeai.cli import main; main()", "run", str(DEMOS / demo / f"{demo}.yaml")]
    return lambda target: page([*command, "--live-view", "8495", "--quiet"], 8495, target, 15)


def follow_me(target: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder, "out.mp4")
        frame(python("follow_me", CLIP, DETECTOR, video, "--lossless", "--frames", 110), video, 68, target)


def person_counter(target: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder, "out.mp4")
        frame(python("person_counter", CLIP, DETECTOR, video, "--lossless", "--frames", 200), video, 180, target)


def imu_anomaly(target: Path) -> None:
    log = ASSETS / "sensors" / "imu_100hz.csv"
    subprocess.run(python("imu_anomaly", log, "--plot", target.with_suffix(".png")), check=True)


def battery_day(target: Path) -> None:
    drawn = target.with_suffix(".png")
    subprocess.run(python("battery_day", "--output", drawn), check=True)
    picture = cv2.imread(str(drawn))
    small = cv2.resize(picture, (900, 900 * picture.shape[0] // picture.shape[1]), interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(drawn), small, [cv2.IMWRITE_PNG_COMPRESSION, 9])


def replay_tests(target: Path) -> None:
    """Keep a golden, swap the camera's colours by mistake, and show the first frame that differs."""
    with tempfile.TemporaryDirectory() as folder:
        suite = shutil.copytree(DEMOS / "replay_tests", Path(folder, "suite"))
        subprocess.run([sys.executable, str(suite / "replay_tests.py")], check=True, stdout=subprocess.DEVNULL)
        pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        subprocess.run([*pytest, "--update-golden"], cwd=suite, check=True, stdout=subprocess.DEVNULL)
        graph = suite / "rover.yaml"
        graph.write_text(graph.read_text().replace("model: pilot_large", "model: pilot_large\n    colour: bgr"))
        subprocess.run(pytest, cwd=suite, check=False, stdout=subprocess.DEVNULL)
        shutil.copy(suite / "drive.golden.diff.png", target.with_suffix(".png"))


PICTURES: dict[str, Callable[[Path], None]] = {
    "battery_day": battery_day,
    "control_loop": graph("control_loop"),
    "follow_me": follow_me,
    "imu_anomaly": imu_anomaly,
    "line_rover": line_rover,
    "person_counter": person_counter,
    "replay_tests": replay_tests,
    "serial_rover": graph("serial_rover"),
    "two_cameras": two_cameras,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("demo", nargs="*", default=list(PICTURES), metavar="DEMO", help=", ".join(PICTURES))
    for name in parser.parse_args().demo:
        PICTURES[name](DEMOS / name / f"{name}.jpg")
        made = next(path for path in (DEMOS / name).glob(f"{name}.*") if path.suffix in (".jpg", ".png"))
        print(f"{made.relative_to(ROOT)}: {made.stat().st_size / 1000:.0f} kB")
        assert made.stat().st_size <= LARGEST


if __name__ == "__main__":
    main()
