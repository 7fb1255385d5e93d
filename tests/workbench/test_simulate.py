"""A day in seconds: what a simulation promises."""

from __future__ import annotations

import json
from dataclasses import replace

import cv2
import pytest
from typer.testing import CliRunner

from edgeai.cli import app
from edgeai.errors import ConfigError
from edgeai.workbench.read import read_scenario
from edgeai.workbench.simulate import Conditions, simulate
from edgeai.workbench.summary import summary
from edgeai.workbench.world.heat import Cooling

run = CliRunner(env={"COLUMNS": "100"})


def said(*arguments: object) -> str:
    result = run.invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def figures(path, conditions, **schedule):
    return summary(simulate(read_scenario(path, None).with_schedule(schedule), conditions))


def test_a_seed_gives_the_same_bytes_and_another_one_others(workload):
    ask = ("simulate", workload, "--seconds", 60, "--regime", "bursts", "--json", "--seed")
    first = said(*ask, 4)
    assert said(*ask, 4) == first
    assert said(*ask, 5) != first
    json.loads(first)


@pytest.mark.parametrize("meter", [True, False])
def test_a_budget_holds_in_every_minute_and_is_used(workload, meter):
    board = figures(workload, Conditions(900.0, regime="random", meter=meter))["board_figures"]
    assert board["worst_minute_of_budget"] <= 1.02
    assert board["watts_mean"] >= 0.97 * board["watts_budget"]


def test_every_result_and_every_joule_is_accounted_for(workload):
    done = simulate(read_scenario(workload, None), Conditions(300.0, regime="contention"))
    found = summary(done)
    for name, counts in done.counts.items():
        assert counts.ready == counts.delivered + sum(counts.dropped.values()) + counts.in_flight
        shares = sum(point["share_of_runs"] for point in found["stages"][name]["points"])
        assert shares == pytest.approx(1.0, abs=1e-5)
    above_idle = sum(stage["joules_above_idle"] for stage in found["stages"].values())
    assert sum(done.board.watts) == pytest.approx(300 * 1.6 + above_idle, rel=2e-3)


def test_misses_are_those_asked_for(workload):
    found = figures(workload, Conditions(1200.0, regime="step"), miss_rate=0.02)["stages"]["objects"]
    assert 0.0 < found["miss_rate"] < 0.02 + 1.645 * (0.02 * 0.98 / 12_000) ** 0.5


HOT = Conditions(750.0, ambient=50.0, cooling=Cooling(resistance=12.0, slow=150.0))


def test_derating_keeps_a_hot_board_from_throttling(workload):
    cool = figures(workload, replace(HOT, ambient=0.0, seconds=200.0), policy="latency")["board_figures"]
    assert HOT.ambient + HOT.cooling.resistance * cool["watts_mean"] > 80.0, "without derating it would throttle"
    hot = figures(workload, HOT, policy="latency")["board_figures"]
    assert hot["seconds_throttled"] == 0
    assert hot["celsius_max"] > 74.0, "and it gives what the heat allows"


def test_a_board_that_is_hot_by_itself_throttles_and_says_so(workload):
    found = figures(workload, replace(HOT, ambient=70.0))["board_figures"]
    assert found["seconds_throttled"] > 500


def test_an_empty_battery_ends_the_day(workload):
    found = figures(workload, Conditions(3600.0, battery=0.5))
    battery = found["board_figures"]["battery"]
    assert battery["empty"]
    assert found["seconds"] == pytest.approx(3600.0 * battery["hours"], abs=1.0)
    assert found["board_figures"]["energy_wh"] == pytest.approx(0.5, abs=0.001)


def test_the_battery_policy_lasts_what_was_asked(workload):
    found = figures(workload, Conditions(3600.0, battery=1.0), policy="battery", hours=0.4)
    assert found["board_figures"]["battery"]["hours"] == pytest.approx(0.4, rel=0.02)


def test_a_graph_is_simulated_without_opening_a_device():
    found = json.loads(said("simulate", "--seconds", 20, "--json", "--board", "pi5"))
    (pilot,) = found["stages"].values()
    assert pilot["points"][0]["basis"] == "estimated"
    assert pilot["rate_hz"] == pytest.approx(30.0, rel=0.02)
    assert found["sources"]["front"] == {"rate_hz": 30.0, "basis": "given"}


def test_the_page_says_where_its_figures_come_from(workload):
    page = said("simulate", workload, "--seconds", 120, "--ambient", 30)
    assert "% of the budget" in page
    assert "durations table: pi4_tflite" in page
    assert "durations given: the workload's file" in page
    assert "accuracy unknown" in page, "nobody said how good the tracker is"


@pytest.mark.parametrize("name", ["day.png", "day.svg", "day.pdf"])
def test_a_picture_is_drawn(workload, tmp_path, name):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed (extra `plot`)")
    said("simulate", workload, "--seconds", 90, "--battery", "5Wh", "--regime", "random", "-o", tmp_path / name)
    assert (tmp_path / name).stat().st_size > 10_000
    if name.endswith("png"):
        picture = cv2.imread(str(tmp_path / name))
        assert picture.shape[1] == 1680
        assert picture.std() > 20.0


WRONG = (
    (("--budget", "1W"), "1 W, expected more watts than the board takes when idle, 1.6 W"),
    (("--budget", "plenty"), "--budget: found 'plenty', expected a power"),
    (("--policy", "latency", "--budget", "3W"), "an option of the policy latency"),
    (("--policy", "powr"), "did you mean 'power'?"),
    (("--policy", "battery"), "--last: found nothing"),
    (("--board", "pi6"), "board: found 'pi6'"),
    (("--regime", "fog"), "one of calm, step, ramp"),
    (("--battery", "3W"), "--battery: found '3W', expected an energy"),
    (("--hours", "1", "--seconds", "3"), "expected one of them"),
    (("-o", "day.gif"), "a file ending in .png"),
    (("-o", "/nowhere/day.png"), "a folder that is there"),
    (("--profile", "none.yaml"), "none.yaml"),
)


@pytest.mark.parametrize(("arguments", "sentence"), WRONG)
def test_a_wrong_word_is_named(workload, arguments, sentence):
    error = run.invoke(app, ["simulate", str(workload), *arguments]).exception
    assert isinstance(error, ConfigError)
    assert sentence in str(error)
