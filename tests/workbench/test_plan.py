"""A plan agrees with what admits and runs."""

from __future__ import annotations

import json
from dataclasses import replace

import cv2
import pytest
from typer.testing import CliRunner

from edgeai.cli import app
from edgeai.schedule.admission import admit
from edgeai.schedule.workload import Workload
from edgeai.workbench.plan import make_plan
from edgeai.workbench.read import read_scenario

run = CliRunner(env={"COLUMNS": "100"})


def planned(path, *, frontier=False, **schedule):
    return make_plan(read_scenario(path, None).with_schedule(schedule), frontier=frontier)


def admitted(plan, stage, option, rate):
    """Ask the admission test for a stage with one point at one rate, beside what follows it."""
    loads, durations = [], {}
    for other in plan.scenario.stages:
        points = [(option.point, option.figures)] if other is stage else plan.scenario.points(other, every=True)
        load = other.load(tuple(point for point, _ in points))
        loads.append(replace(load, rate_min=rate) if other is stage else load)
        durations |= {(other.name, i): round(figure.median) for i, (_, figure) in enumerate(points)}
    return admit(Workload(tuple(loads)), durations)


def test_every_feasible_rate_is_admitted_and_no_higher_one_is(workload):
    text = workload.read_text().replace("front: 10fps", "front: 60fps").replace("[2fps, 10fps]", "[2fps, 60fps]")
    workload.write_text(text)
    plan = planned(workload, policy="latency")
    objects = plan.stages[0]
    held_back = 0
    for option in objects.options:
        if option.feasible:
            assert admitted(plan, objects.stage, option, option.rate) is None
            if option.rate < 0.999 * objects.top:
                held_back += 1
                assert admitted(plan, objects.stage, option, 1.001 * option.rate) is not None
    assert held_back > 3


def test_what_cannot_be_is_said_with_its_reason(workload):
    text = workload.read_text().replace("100ms", "60ms").replace("2.6W", "1.75W")
    workload.write_text(text.replace("[2fps, 10fps]", "[9fps, 10fps]"))
    options = planned(workload).stages[0].options
    why = {option.verdict: option.why for option in options}
    assert "longer than" in why["deadline"]
    assert "1.75 W are allowed" in why["budget"]
    assert all(option.why == "" for option in options if option.feasible)
    text = text.replace("front: 10fps", "front: 100fps").replace("[2fps, 10fps]", "[90fps, 100fps]")
    workload.write_text(text.replace("1.75W", "4W"))
    why = {option.verdict: option.why for option in planned(workload).stages[0].options}
    assert "utilisation" in why["utilisation"]


def test_what_is_dominated_is_worse_in_nothing_but_better_in_nothing(workload):
    workload.write_text(
        "cameras: {front: 10fps}\nstages:\n  s:\n    deadline: 100ms\n    model:\n"
        "    - {name: good, time: 8ms, accuracy: 0.7}\n    - {name: slow, time: 9ms, accuracy: 0.7}\n"
        "    - {name: better, time: 20ms, accuracy: 0.8}\n"
    )
    options = planned(workload).stages[0].options
    assert {option.point.variant: option.verdict for option in options} == {
        "good": "frontier",
        "slow": "dominated",
        "better": "frontier",
    }


def test_watts_are_those_of_idling_and_of_the_work(workload):
    for option in planned(workload).stages[0].options:
        assert option.watts == pytest.approx(1.6 + option.joules * option.rate)
        if option.feasible:
            assert option.watts <= 2.6 + 1e-9
            assert option.age > 0.5 / option.rate


def test_the_policy_settles_within_its_budget_and_the_frontier_rises(workload):
    plan = planned(workload, frontier=True)
    assert plan.watts <= 1.02 * 2.6
    assert sum(share for _, share in plan.stages[0].choice.shares) == pytest.approx(1.0)
    reached = plan.stages[0].frontier.reached
    assert reached[-1][1] > reached[0][1]
    assert plan.stages[1].frontier is None, "what follows a stage has no rate of its own"


def test_the_page_and_the_json_agree(workload):
    page = run.invoke(app, ["plan", str(workload)]).stdout
    plan = json.loads(run.invoke(app, ["plan", str(workload), "--json"]).stdout)
    objects = plan["stages"]["objects"]
    assert f"at most {objects['highest_rate_hz']:g} fps, deadline 100 ms" in page
    assert {option["basis"] for option in objects["options"]} == {"table", "estimated"}
    assert "The policy settles at" in page
    assert plan["admission"] == "admitted"


def test_a_frontier_is_drawn(workload, tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed (extra `plot`)")
    path = tmp_path / "frontier.png"
    result = run.invoke(app, ["plan", str(workload), "-o", str(path)])
    assert result.exit_code == 0, result.output
    picture = cv2.imread(str(path))
    assert picture.shape[1] == 2080
    assert picture.std() > 15.0
