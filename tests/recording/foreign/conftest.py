from __future__ import annotations

import tarfile

import cv2
import numpy as np
import pytest


@pytest.fixture(scope="session")
def jpeg():
    """Make a JPEG of one brightness."""

    def make(level=0, size=(8, 6)):
        image = np.full((size[1], size[0], 3), level, np.uint8)
        return cv2.imencode(".jpg", image)[1].tobytes()

    return make


@pytest.fixture(scope="session")
def tub(assets, tmp_path_factory):
    """The tub of 1000 records that donkeycar tests itself with."""
    folder = tmp_path_factory.mktemp("tub")
    with tarfile.open(assets / "sensors" / "donkeycar_tub.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    return folder / "tub"
