"""Quantize MLPerf Tiny's float models by each recipe, and set them beside the int8 files that were published.

    python tools/bench/quantize.py

mlperf_ic_resnet8: top-1 on 1000 CIFAR-10 pictures, 256 others calibrate, and how often the variant says what the float
model and the published int8 file say. mlperf_ad01: the anomaly score (mean squared error of the reconstruction) on the
second half of the normal windows and on the same with noise added; the first half calibrates.
Extra `quantize`.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
from bench import ASSETS

from edgeai.perception.model import Model
from edgeai.perception.options import ModelOptions
from edgeai.workbench.datasets import Dataset, open_dataset
from edgeai.workbench.evaluate import judge, run
from edgeai.workbench.metrics import auc, correlation, same_class
from edgeai.workbench.quantize import quantize

NOISE = 12.0
"""Standard deviation of the noise that stands for an anomaly, in dB of the features."""


def main() -> None:
    if not ASSETS.is_dir():
        sys.exit("the bench needs the test assets: set EDGEAI_ASSETS to their folder")
    with tempfile.TemporaryDirectory() as folder:
        pictures(Path(folder))
        sounds(Path(folder))


def pictures(folder: Path) -> None:
    calibration, validation = split(folder)
    float_model = copy("mlperf_ic_resnet8_fp32", folder, "task: classification\ninput: {mean: 0, std: 1}\n")
    made = quantize(float_model, ["all"], calibration, folder / "ic")
    published = Model.load(ASSETS / "models" / "mlperf_ic_resnet8_int8.tflite")
    seen = {"float32": run(Model.load(float_model), validation), "published int8": run(published, validation)}
    sizes = {"float32": float_model.stat().st_size, "published int8": published.path.stat().st_size}
    for variant in made:
        if variant.path is None:
            print(f"{variant.recipe}: {variant.why}")
            continue
        seen[variant.recipe], sizes[variant.recipe] = run(Model.load(variant.path), validation), variant.size
    first = {name: [int(each.value.class_id[0]) for each in of_one] for name, of_one in seen.items()}
    print(f"mlperf_ic_resnet8, {len(validation)} pictures of cifar10_test2000, 256 others calibrate")
    print(f"{'':16}{'kB':>8}{'top-1 %':>10}{'= float %':>12}{'= published %':>15}")
    for name, of_one in seen.items():
        top = judge(name, None, validation, of_one).main.value
        with_float, with_published = (same_class(first[name], first[other]) for other in ("float32", "published int8"))
        kb = sizes[name] / 1000
        print(f"{name:16}{kb:8.1f}{100 * top:10.2f}{100 * with_float:12.2f}{100 * with_published:15.2f}")


def split(folder: Path) -> tuple[Dataset, Dataset]:
    """Return every second picture for validation, the others for calibration."""
    with zipfile.ZipFile(ASSETS / "eval" / "cifar10_test2000.zip") as archive:
        for i, name in enumerate(sorted(name for name in archive.namelist() if name.endswith(".jpg"))):
            place = folder / ("validation" if i % 2 else "calibration") / Path(name).parent.name / Path(name).name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(archive.read(name))
    return open_dataset(folder / "calibration"), open_dataset(folder / "validation")


def sounds(folder: Path) -> None:
    frames = np.fromfile(ASSETS / "eval" / "ad01_normal_features.bin", np.float32).reshape(-1, 128)
    windows = np.stack([frames[i : i + 5].ravel() for i in range(len(frames) - 4)])
    half = len(windows) // 2
    np.save(folder / "normal.npy", windows[:half])
    noisy = windows[half:] + np.random.default_rng(1).normal(0, NOISE, windows[half:].shape)
    shown = np.concatenate([windows[half:], noisy])
    truth = [False] * (len(shown) - len(noisy)) + [True] * len(noisy)
    float_model = copy("mlperf_ad01_fp32", folder, "task: anomaly\ndecoder: tensors\n")
    made = quantize(float_model, ["all"], open_dataset(folder / "normal.npy"), folder / "ad")
    paths = {"float32": float_model, "published int8": ASSETS / "models" / "mlperf_ad01_int8.tflite"}
    for variant in made:
        if variant.path is None:
            print(f"{variant.recipe}: {variant.why}")
        else:
            paths[variant.recipe] = variant.path
    found = {name: scores(path, shown) for name, path in paths.items()}
    print(f"\nmlperf_ad01, {half} windows calibrate; {len(windows) - half} others as they are, and with noise")
    print(
        f"{'':16}{'kB':>8}{'normal':>9}{'noisy':>9}{'AUC':>7}{'r float':>10}{'r published':>13}{'r of the normal':>17}"
    )
    for name, score in found.items():
        normal, noise = score[: len(windows) - half], score[len(windows) - half :]
        r = [correlation(score, found[other]) for other in ("float32", "published int8")]
        r.append(correlation(normal, found["float32"][: len(normal)]))
        print(
            f"{name:16}{paths[name].stat().st_size / 1000:8.1f}{np.mean(normal):9.2f}{np.mean(noise):9.2f}"
            f"{auc(truth, score):7.3f}{r[0]:10.5f}{r[1]:13.5f}{r[2]:17.5f}"
        )


def scores(path: Path, windows: np.ndarray) -> list[float]:
    """Return the mean squared error of each window's reconstruction."""
    model = Model.load(path, ModelOptions(decoder="tensors"))
    made = [next(iter(model(window[None]).tensors.values())) for window in windows]
    return [
        float(np.mean((window - np.asarray(back).ravel()) ** 2)) for window, back in zip(windows, made, strict=True)
    ]


def copy(name: str, folder: Path, card: str) -> Path:
    path = Path(shutil.copy(ASSETS / "models" / f"{name}.tflite", folder / f"{name}.tflite"))
    path.with_suffix(".yaml").write_text(card)
    return path


if __name__ == "__main__":
    main()
