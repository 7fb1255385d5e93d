"""A policy of another package: one file, with options of its own."""

import pytest

from edgeai import plugins
from edgeai.errors import ConfigError
from edgeai.graph import Graph
from edgeai.pipeline import Pipeline

POLICY = """
from dataclasses import dataclass

from edgeai.schedule.policy import Choice


@dataclass(frozen=True)
class Halves:
    part: float = 0.5

    def choose(self, situation):
        return {stage.name: Choice(0, (stage.rate_max or 1.0) * self.part) for stage in situation.stages}
"""


@pytest.fixture
def halves(tmp_path, monkeypatch):
    folder = tmp_path / "thirds" / "policies"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").touch()
    (folder / "__init__.py").touch()
    (folder / "halves.py").write_text(POLICY)
    monkeypatch.syspath_prepend(tmp_path)
    with_it = (*plugins.providers(), "thirds")
    monkeypatch.setattr(plugins, "providers", lambda: with_it)
    plugins._modules.cache_clear()
    yield
    monkeypatch.undo()
    plugins._modules.cache_clear()


def lockstep(**schedule):
    graph = Graph(
        cameras={"cam": "synthetic:64x48?fps=10"},
        stages={"count": {"call": lambda frame: frame.seq, "rate": "10fps"}},
        schedule=schedule,
    )
    return Pipeline(graph, engine="lockstep")


def test_its_options_are_given_to_it(halves):
    with lockstep(policy="halves", part=0.2) as pipeline:
        pipeline.advance(5)
        assert pipeline.schedule.asked() == {"part": 0.2}
        assert pipeline.latest("count").plan.rate == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"part": "much"}, "schedule.part: found 'much', expected a number"),
        ({"prat": 0.2}, "schedule.prat: found an unknown key"),
        ({"prat": 0.2}, "did you mean 'part'?"),
    ],
)
def test_its_options_are_checked(halves, asked, expected):
    with pytest.raises(ConfigError) as error:
        lockstep(policy="halves", **asked)
    assert expected in str(error.value)


def test_its_options_are_nobody_else_s(halves):
    with pytest.raises(
        ConfigError, match=r"part 0.2, expected an option of the policy latency.*policy halves takes it"
    ):
        lockstep(policy="latency", part=0.2)
    with pytest.raises(ConfigError, match="budget 3 W, expected an option of the policy halves, which takes part"):
        lockstep(policy="halves", budget="3W")


def test_options_come_back_with_their_policy(halves):
    with lockstep(policy="halves", part=0.2) as pipeline:
        pipeline.configure(policy="power", budget="4W")
        pipeline.configure(miss_rate="2%")
        assert pipeline.schedule.asked() == {"budget": 4.0, "miss_rate": 0.02}
        pipeline.configure(policy="halves")
        assert pipeline.schedule.asked() == {"part": 0.2}
        with pytest.raises(ConfigError, match="budget 3 W, expected an option of the policy halves"):
            pipeline.configure(budget="3W")


@pytest.mark.parametrize("key", ["lanes", "memory", "profile"])
def test_what_is_made_at_the_start_stays(halves, key):
    with lockstep() as pipeline, pytest.raises(ConfigError, match=rf"schedule.{key}: found a change.*at the start"):
        pipeline.configure(**{key: 2})


def test_its_options_go_with_it(halves):
    with lockstep(policy="halves", part=0.2) as pipeline:
        pipeline.configure(policy="latency")
        assert pipeline.schedule.asked() == {}
