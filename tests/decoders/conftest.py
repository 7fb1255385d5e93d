from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgeai.perception.model import Model
from edgeai.perception.options import ModelOptions


@pytest.fixture(scope="session")
def validation(assets: Path) -> dict[str, dict[str, Any]]:
    """What was published or measured for each model."""
    entries = json.loads((assets / "manifest.json").read_text())
    return {entry["name"]: entry["validation"] for entry in entries if "validation" in entry}


@pytest.fixture(scope="session")
def load(assets: Path):
    def load(name: str, **options: Any) -> Model:
        return Model.load(assets / "models" / f"{name}.tflite", ModelOptions(**options))

    return load


@pytest.fixture(scope="session")
def picture(assets: Path):
    def picture(name: str) -> np.ndarray:
        image = cv2.imread(str(assets / "images" / name))
        if image is None:
            pytest.skip(f"the assets hold no {name}")
        return image

    return picture
