"""A meter whose reading never comes back, on the system's clock: in virtual time nothing can wait."""

from __future__ import annotations

import threading
import time

import pytest

from edgeai import Graph, Pipeline
from edgeai.driver import Meter, MeterOptions
from edgeai.messages import MeterReading

SOON = 20.0
"""Seconds that anything may take on a busy machine before a test gives up."""


class Shunt(Meter):
    """A meter that hangs, `times` drivers of it one after the other, in its third reading until `released`."""

    interval = 0.02
    hangs = 0.4

    times = 1
    stuck = 0
    released = threading.Event()

    def _open(self):
        self.asked = 0

    def _read(self):
        self.asked += 1
        if self.asked == 3 and type(self).stuck < self.times:
            type(self).stuck += 1
            assert self.released.wait(2 * SOON)
            return MeterReading(self.name, self._clock.now(), watts=99.0, measures="board")
        return MeterReading(self.name, self._clock.now(), watts=4.0 + self.asked % 7 / 10, measures="board")

    def _close(self):
        pass


@pytest.fixture
def shunt():
    class One(Shunt):
        released = threading.Event()

    yield One("shunt", MeterOptions())
    One.released.set()


@pytest.fixture
def pipeline(shunt):
    return Pipeline(
        Graph(
            cameras={"cam": "synthetic:64x48?fps=50"},
            meters={"shunt": {"driver": shunt}},
            stages={"count": {"call": lambda frame: frame.seq}},
        )
    )


def until(condition):
    """Wait for what comes soon; a machine that is busy may take its time."""
    give_up = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.005)


def test_it_is_announced_replaced_and_believed_again_while_results_go_on(pipeline, shunt):
    announced = []
    pipeline.on_announce(announced.append)
    with pipeline:
        until(lambda: type(shunt).stuck)
        before = pipeline.stats()["count"].delivered
        until(lambda: any(a.state == "watts rejected" and "has not come back" in a.why for a in announced))
        assert pipeline.stats()["count"].delivered > before
        until(lambda: pipeline.board.meter == "shunt")
        type(shunt).released.set()
        until(lambda: pipeline.drivers["shunt"].done > 20)
        assert pipeline.board.watts < 5.0
        assert pipeline.drivers["shunt"].state == "running"


def test_one_that_hangs_again_and_again_is_left_alone_and_the_pipeline_runs_and_stops(pipeline, shunt):
    type(shunt).times = 10
    with pipeline:
        until(lambda: pipeline.drivers["shunt"].state == "lost")
        assert "4 threads are stuck in it" in pipeline.drivers["shunt"].why
        assert pipeline.board.basis == "modelled"
        before = pipeline.stats()["count"].delivered
        until(lambda: pipeline.stats()["count"].delivered > before)
    assert pipeline.drivers["cam"].state == "closed"


def test_a_reading_that_never_comes_back_does_not_keep_the_pipeline_from_stopping(pipeline, shunt):
    type(shunt).hangs = SOON
    with pipeline:
        until(lambda: type(shunt).stuck)
    assert not type(shunt).released.is_set()
    assert pipeline.finished
