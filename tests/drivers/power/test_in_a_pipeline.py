"""Meters of a graph, from the chip's files to what the pipeline does and says."""

from __future__ import annotations

from pathlib import Path

import pytest

import edgeai
from edgeai import pilots
from edgeai.errors import ConfigError, DeviceNotFound
from edgeai.runtime.taps import Tap
from edgeai.schedule.commands import Run
from edgeai.schedule.events import Sensed

LADDER = [str(Path(pilots.__file__).with_name(f"pilot_{size}.tflite")) for size in ("small", "medium", "large")]
SECONDS = {"pilot_small": 0.010, "pilot_medium": 0.030, "pilot_large": 0.090}
IDLE = 3.0
"""W of the generic board when idle, a little less than its table says."""


class Work(Tap):
    """Counts the seconds of work that were begun."""

    seconds = 0.0

    def decided(self, event, commands):
        self.seconds += sum(list(SECONDS.values())[c.job.point] for c in commands if isinstance(c, Run))

    def taken(self):
        seconds, self.seconds = self.seconds, 0.0
        return seconds


class Board:
    """A pipeline on a board whose shunt meter is a file; `draw` lets the file say what the work takes."""

    def __init__(self, tree, **schedule):
        self.tree = tree
        self.say(watts=IDLE)
        self.graph = edgeai.Graph(
            cameras={"front": "synthetic:?fps=10&size=64x48"},
            meters={"shunt": {"driver": "hwmon_ina", "root": tree.root}},
            stages={"steer": {"model": LADDER, "rate": "10fps", "deadline": "150ms"}},
            schedule=schedule,
        )
        self.announced, self.work = [], Work()
        self.pipeline = edgeai.Pipeline(
            self.graph, engine="lockstep", durations=lambda stage, variant: SECONDS[variant], taps=[self.work]
        )
        self.pipeline.on_announce(self.announced.append)

    def say(self, watts):
        self.tree.hwmon(2, "ina219", in1_input=5000, curr1_input=round(watts * 200), power1_input=round(watts * 1e6))

    @property
    def states(self):
        return [announce.state for announce in self.announced if announce.stage == ""]


@pytest.fixture
def board(tree):
    return Board(tree, policy="latency", miss_rate="1%")


def test_what_a_meter_says_is_the_power_of_the_pipeline(board):
    with board.pipeline as pipeline:
        board.say(watts=4.25)
        pipeline.advance(10)
        assert (pipeline.board.watts, pipeline.board.basis, pipeline.board.meter) == (4.25, "measured", "shunt")
        assert pipeline.power.basis == "measured"
        assert pipeline.power.watts == pytest.approx(4.25, rel=0.05)
        assert pipeline.power.joules == pytest.approx(42, rel=0.1)


def test_the_scheduler_is_told_at_most_five_times_a_second_and_the_log_keeps_it(board):
    with board.pipeline as pipeline:
        pipeline.advance(20)
        told = [decision.event for decision in pipeline.decisions if isinstance(decision.event, Sensed)]
    assert len(told) == 21
    assert all(event.watts == pytest.approx(IDLE) for event in told)


def test_a_lying_meter_is_announced_counted_and_replaced_by_the_model(board):
    with board.pipeline as pipeline:
        pipeline.advance(5)
        board.say(watts=0.0)
        pipeline.advance(6)
        state = pipeline.meters["shunt"]
        assert state.rejected >= 5
        assert "out of range" in state.why
        assert pipeline.board.basis == "modelled"
        assert pipeline.power.basis == "modelled"
        board.say(watts=3.5)
        pipeline.advance(6)
        assert pipeline.meters["shunt"].why == ""
        assert pipeline.board.basis == "measured"
    assert "watts rejected" in board.states
    assert "watts trusted" in board.states
    assert board.states.count("watts rejected") == 1


def test_a_meter_that_disappears_is_announced_and_work_goes_on(board):
    with board.pipeline as pipeline:
        pipeline.advance(5)
        before = pipeline.stats()["steer"].delivered
        folder = board.tree.path / "sys/class/hwmon/hwmon2"
        folder.rename(board.tree.path / "gone")
        pipeline.advance(10)
        assert "ina" in pipeline.meters["shunt"].why
        assert pipeline.stats()["steer"].delivered >= before + 99
        (board.tree.path / "gone").rename(folder)
        pipeline.advance(6)
        assert pipeline.meters["shunt"].why == ""
    assert "watts rejected" in board.states


def test_a_budget_is_kept_by_what_the_meter_says(tree):
    """The board takes twice what its table says: only a meter can know."""
    board = Board(tree, policy="power", budget="5.2W")
    with board.pipeline as pipeline:
        pipeline.every(1.0, lambda: board.say(watts=IDLE + 6.0 * min(1.0, board.work.taken())))
        pipeline.advance(60)
        start = pipeline.power.joules
        pipeline.advance(60)
        assert (pipeline.power.joules - start) / 60 <= 5.2 * 1.01
        assert pipeline.latest("steer").plan.watts > 0.0
        assert pipeline.power.limit == 5.2


def test_the_plan_says_what_runs_and_why(board):
    with board.pipeline as pipeline:
        assert pipeline.latest("steer").plan.variant in SECONDS
        pipeline.advance(20)
        plan = pipeline.latest("steer").plan
        assert plan.rate == pytest.approx(10.0, rel=0.01)
        assert plan.served == 1.0
        assert sum(share for _, _, share in plan.shares) == pytest.approx(1.0)
        assert plan.variant in plan.why
        assert 0 <= plan.since <= pipeline.clock.now()


def test_another_budget_takes_effect_while_running(tree):
    board = Board(tree, policy="latency")
    with board.pipeline as pipeline:
        pipeline.advance(20)
        rich = pipeline.latest("steer").plan
        pipeline.configure(policy="power", budget="3.6W")
        pipeline.advance(20)
        poor = pipeline.latest("steer").plan
        assert pipeline.power.limit == 3.6
        assert poor.watts < rich.watts
        with pytest.raises(ConfigError, match="budget"):
            pipeline.configure(budget="1W")
        with pytest.raises(ConfigError, match="polcy"):
            pipeline.configure(polcy="power")
        with pytest.raises(ConfigError, match="lanes"):
            pipeline.configure(lanes=2)
        assert pipeline.power.limit == 3.6


def test_the_decisions_of_a_stage_can_be_asked_for(board):
    with board.pipeline as pipeline:
        pipeline.advance(3)
        runs = pipeline.decisions.of("steer")
        assert 29 <= len([d for d in runs if any(isinstance(c, Run) for c in d.commands)]) <= 31
        assert pipeline.decisions.of("nobody") == []
        assert [d.t for d in pipeline.decisions] == sorted(d.t for d in pipeline.decisions)


def test_a_named_meter_that_is_not_there_is_an_error_at_the_start(tree):
    graph = edgeai.Graph(
        cameras={"front": "synthetic:?fps=10"},
        meters={"shunt": {"driver": "hwmon_ina", "root": tree.root}},
        stages={"steer": {"model": LADDER[0]}},
    )
    with pytest.raises(DeviceNotFound, match="shunt"):
        edgeai.Pipeline(graph, engine="lockstep").start()


def test_live_the_model_tells_where_no_meter_does():
    graph = edgeai.Graph(
        cameras={"front": "synthetic:?fps=30&size=64x48"}, meters={}, stages={"steer": {"model": LADDER[0]}}
    )
    with edgeai.Pipeline(graph, frames=45) as pipeline:
        assert pipeline.wait(20)
        assert list(pipeline.meters) == ["modelled"]
        assert pipeline.board.basis == "modelled"
        assert pipeline.board.watts > 0


def test_a_graph_with_meters_reads_back(tree):
    graph = Board(tree).graph
    again = edgeai.Graph.parse(graph.to_yaml())
    assert again.meters == graph.meters
    assert "shunt" in graph.to_text()
    assert "shunt" in graph.to_mermaid()
    none = edgeai.Graph(cameras={"front": "synthetic"}, meters={}, stages={"steer": {"model": LADDER[0]}})
    assert none.meters == {}
    assert edgeai.Graph.parse(none.to_yaml()).meters == {}
