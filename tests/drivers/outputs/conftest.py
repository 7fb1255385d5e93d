from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from edgeai.clock import SystemClock
from edgeai.driver import Output
from edgeai.messages import Column, Detections, Frame, Regression, Result, Timing


@pytest.fixture
def opened() -> Iterator[Callable[[type[Output], Any], Any]]:
    """Open an output by its class and options; it is closed at the end whatever happens."""
    outputs: list[Output] = []

    def open_output(kind: type[Output], **options: Any) -> Output:
        output = kind("out", kind.Options(**options))
        assert output.check() == []
        outputs.append(output)
        output.open(SystemClock())
        return output

    yield open_output
    for output in outputs:
        output.close()


@pytest.fixture
def detections() -> Detections:
    return Detections(
        np.array([[120, 80, 300, 400], [420.5, 60.25, 520, 200]], np.float32),
        np.array([0.91, 0.55], np.float32),
        np.array([0, 17], np.int32),
        ("person", "dog"),
    )


@pytest.fixture
def steering() -> Regression:
    return Regression((-0.125, 1.5), (Column("steering"), Column("speed", "m/s")))


@pytest.fixture
def result() -> Callable[..., Result]:
    def make(value: Any, seq: int = 7, stream: str = "objects", period: int = 40_000_000, **more: Any) -> Result:
        stamp = 5_000_000_000 + seq * period
        ledger = (
            ("camera", "captured", stamp),
            (stream, "invoked", stamp + 20_000_000),
            (stream, "published", stamp + 34_200_000),
        )
        return Result(stream, seq, stamp, value, (("camera", seq),), ledger, variant="ssd", threads=2, **more)

    return make


@pytest.fixture
def frame() -> Callable[..., Frame]:
    def make(
        seq: int = 7, size: tuple[int, int] = (640, 480), media: int | None = None, period: int = 40_000_000
    ) -> Frame:
        width, height = size
        image = np.empty((height, width, 3), np.uint8)
        image[..., 0] = np.linspace(90, 150, width, dtype=np.uint8)
        image[..., 1] = np.linspace(80, 130, height, dtype=np.uint8)[:, None]
        image[..., 2] = 100
        timing = Timing() if media is None else Timing("media", media)
        return Frame("camera", seq, 5_000_000_000 + seq * period, image, timing=timing)

    return make
