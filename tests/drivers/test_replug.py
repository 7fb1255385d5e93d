"""A controller that is unplugged and plugged in again, under another number, is found by its lasting name."""

from __future__ import annotations

import os
import threading

import pytest

from edgeai import Graph, Pipeline
from edgeai_drivers.framing import Deframer, encode_binary

TURNS = 2000
"""Looks at the line, a hundredth of a second apart, before a test gives up."""


class Controller:
    """A motor controller on a pseudo-terminal, with a lasting name for it, as udev gives one."""

    def __init__(self, name):
        self._name = name
        self._seq = 0
        self.plug()

    def plug(self):
        self._master, self._slave = os.openpty()
        os.set_blocking(self._master, False)
        self._deframer = Deframer("binary")
        self._name.unlink(missing_ok=True)
        self._name.symlink_to(os.ttyname(self._slave))

    def unplug(self):
        self._name.unlink()
        os.close(self._master)
        os.close(self._slave)

    def turn(self):
        """Tell odometry and return the drive commands that have come."""
        self._seq += 1
        os.write(self._master, encode_binary({"seq": self._seq, "micros": self._seq * 1000, "left": 0, "right": 0}))
        try:
            return self._deframer.feed(os.read(self._master, 4096))
        except BlockingIOError:
            return []


@pytest.fixture
def controller(tmp_path):
    made = Controller(tmp_path / "usb-controller")
    yield made
    made.unplug()


def forwards(frame):
    return {"steering": 0.0, "throttle": 0.5}


def test_the_wheels_turn_again_after_the_controller_was_plugged_in_again(controller, tmp_path):
    graph = Graph(
        cameras={"front": "synthetic:64x48?fps=50"},
        sensors={
            "wheels": {
                "driver": "odometry",
                "port": str(tmp_path / "usb-controller"),
                "ticks_per_metre": 1000,
                "track": 0.2,
            }
        },
        stages={"plan": {"input": "front", "call": forwards}},
        outputs={"motors": {"driver": "motors", "port": "sensor:wheels"}},
    )
    pause = threading.Event()

    def until(happens):
        assert any(happens() or pause.wait(0.01) for _ in range(TURNS)), {
            k: str(v) for k, v in pipeline.drivers.items()
        }

    def drives():
        return any(command["throttle"] > 0 for command in controller.turn())

    with Pipeline(graph) as pipeline:
        until(drives)
        controller.unplug()
        until(lambda: not pipeline.drivers["wheels"].works)
        controller.plug()
        until(drives)
        until(lambda: controller.turn() is not None and pipeline.drivers["wheels"].works)
        assert pipeline.drivers["motors"].works
