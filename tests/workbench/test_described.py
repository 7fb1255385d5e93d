"""Workloads that are described, and the figures of models."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeai.errors import ConfigError
from edgeai.perception.card import read_card
from edgeai.perception.macs import count_macs
from edgeai.pilots import __file__ as pilots
from edgeai.power.boards import load_board
from edgeai.power.ladders import load_ladder
from edgeai.workbench.estimate import Fit, published_macs
from edgeai.workbench.figures import of_model, of_rung, reference_ladder
from edgeai.workbench.read import read_scenario


def test_a_ladder_is_named_as_its_board_or_its_file_names_it(workload):
    objects, track = read_scenario(workload, None).stages
    names = [candidate.variant for candidate in objects.ladder]
    assert names[:2] == ["mobilenet-v1-0.25-128", "mobilenet-v1-0.5-160"]
    assert (track.chained, track.deadline) == (True, 100_000_000)


def test_a_whole_ladder_has_one_name(workload):
    workload.write_text("cameras: {front: 5fps}\nstages: {all: {model: pi4_armnn}}")
    (stage,) = read_scenario(workload, None).stages
    assert len(stage.ladder) == len(load_ladder("pi4_armnn").rungs)


def test_another_board_is_scaled_and_called_an_estimate(workload):
    pi4, pi5 = (read_scenario(workload, board) for board in ("pi4", "pi5"))
    (_, slow), (_, quick) = (scenario.points(scenario.stages[0])[0] for scenario in (pi4, pi5))
    assert quick.median == pytest.approx(slow.median * 8.7 / 34.4)
    assert (slow.basis, quick.basis, quick.watts_basis) == ("table", "estimated", "estimated")


def test_fewer_threads_take_as_much_longer_as_the_board_says():
    board = load_board("pi4")
    ladder = reference_ladder(board)
    four, one = (of_rung(ladder.rungs[0], ladder, board, threads) for threads in (4, 1))
    assert one.median == pytest.approx(four.median * 84.8 / 34.4)
    assert one.watts == pytest.approx(0.755)


def test_the_estimate_follows_the_ladder_it_was_fitted_to():
    ladder = load_ladder("pi4_tflite")
    fit = Fit.of(ladder)
    known = [rung for rung in ladder.rungs if published_macs(rung.model)]
    within = [0.5 < fit.ns(published_macs(rung.model)) / (rung.p50_ms * 1e6) < 2.0 for rung in known]
    assert len(known) > 40
    assert all(within)
    assert fit.error < 0.2


@pytest.mark.parametrize("name", ["pilot_small", "pilot_medium", "pilot_large"])
def test_multiply_accumulates_are_those_the_training_counted(name):
    path = Path(pilots).parent / f"{name}.tflite"
    assert count_macs(path.read_bytes()) == read_card(path).macs


@pytest.mark.parametrize(
    ("name", "millions"),
    [("mobilenet_v1_0.25_128_quant", 14), ("mobilenet_v1_0.5_160_quant", 77), ("mobilenet_v2_1.0_224_quant", 300)],
)
def test_multiply_accumulates_are_those_published(assets, name, millions):
    counted = count_macs((assets / "models" / f"{name}.tflite").read_bytes())
    assert round(counted / 1e6) == pytest.approx(millions, abs=1)


def test_a_model_of_the_ladder_is_found_by_its_file(assets):
    found = of_model(assets / "models" / "mobilenet_v2_1.0_224_quant.tflite", 4, load_board("pi4"))
    assert (found.basis, found.median) == ("table", pytest.approx(24.096e6, rel=1e-3))


MISTAKES = """\
board: pi9
cameras:
  front: 15fps
  back: {rate: fast}
stages:
  objects:
    input: front
    model: [mobilenet-v1-0.25-129, efficientnet-lite0]
    rates: [2fps, 15fps]
  lanes:
    input: nothing
    model: {name: slim, time: 3parsecs}
  loop: {input: loop, model: pi4_tflite}
  empty: {input: front}
schedule: {policy: powr}
outputs: {}
"""


def test_every_mistake_is_said_with_its_line(workload):
    workload.write_text(MISTAKES)
    with pytest.raises(ConfigError) as caught:
        read_scenario(workload, None)
    found = [(problem.line, problem.path) for problem in caught.value.problems]
    assert found == sorted(found, key=lambda pair: pair[0])
    assert {path for _, path in found} == {
        "board",
        "cameras.back.rate",
        "stages.objects.model[0]",
        "stages.objects.rates",
        "stages.lanes.input",
        "stages.lanes.model",
        "stages.loop.input",
        "stages.empty.model",
        "schedule.policy",
        "outputs",
    }
    (hint,) = [problem.hint for problem in caught.value.problems if problem.path == "stages.objects.model[0]"]
    assert hint.startswith("did you mean 'mobilenet-v1-0.25-1")
