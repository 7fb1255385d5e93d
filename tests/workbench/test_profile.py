"""Measuring a ladder on this machine, and what is said of it."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from edgeai.cli import app
from edgeai.errors import ConfigError
from edgeai.perception.model import Model
from edgeai.perception.profile import Measured, ModelProfile, Quantiles, load_profile
from edgeai.pilots import __file__ as pilots
from edgeai.power.boards import running_board
from edgeai.workbench.profile import candidates, ladders, profile
from edgeai.workbench.profile_dominated import dominated
from edgeai.workbench.profile_energy import make_meter

run = CliRunner(env={"COLUMNS": "160"})
GRAPH = """\
cameras: {front: "synthetic:64x48"}
stages:
  near: {input: front, model: [pilot_small, pilot_medium]}
  far: {input: front, model: pilot_medium, threads: 3}
"""


def test_a_model_is_measured_on_each_number_of_threads():
    said = []
    found = profile(
        candidates(["pilot_small"]), threads=(1, 2), seconds=0.1, progress=lambda what, share: said.append(share)
    )
    (model,) = found.models
    loaded = Model.load(pilots.replace("__init__.py", "pilot_small.tflite"))
    assert (model.name, model.sha256, model.accuracy) == ("pilot_small", loaded.sha256, 0.6435)
    assert [row.threads for row in model.rows] == [1, 2]
    for row in model.rows:
        assert row.job.least <= row.job.p50 <= row.job.p90 <= row.job.p95 <= row.job.most
        assert row.invoke.p50 <= row.job.p50
        assert row.runs >= 20
        assert row.mb > 0.06  # the bytes of the file alone
    assert (said[0], said[-1]) == (0.0, 1.0)
    assert said == sorted(said)


def test_without_a_meter_energy_is_the_board_table_s():
    (model,) = profile(candidates(["pilot_small"]), threads=(1,), seconds=0.1).models
    row, core = model.rows[0], running_board().core.value
    assert (row.watts, row.basis) == (core, "modelled")
    assert row.mj == pytest.approx(core * row.job.mean, rel=1e-3, abs=1e-4)


def test_a_meter_tells_what_is_drawn_above_idle(tmp_path):
    def draw(watts):
        folder = tmp_path / "sys/class/hwmon/hwmon0"
        folder.mkdir(parents=True, exist_ok=True)
        told = {"name": "ina219", "in1_input": 5000, "curr1_input": watts * 200, "power1_input": watts * 1000000}
        for name, value in told.items():
            (folder / name).write_text(f"{value}\n")

    draw(3)
    meter = make_meter(f"hwmon_ina?root={tmp_path}")
    meter.interval = 0.01

    def under_load(what, share):
        if what == "pilot_small on 1":
            draw(5)

    found = profile(candidates(["pilot_small"]), threads=(1,), seconds=0.5, meter=meter, progress=under_load)
    row = found.models[0].rows[0]
    assert (found.idle, found.basis, found.measures, found.meter) == (3.0, "measured", "board", "hwmon_ina")
    assert (row.watts, row.basis) == (2.0, "measured")
    assert row.mj == pytest.approx(2.0 * row.job.mean, rel=1e-3, abs=1e-4)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hwmon_inna", "did you mean 'hwmon_ina'"),
        ("hwmon_ina?rood=/", "rood"),
        ("synthetic", "--meter"),
        ("serial_meter:?columns=W&baud=0", "baud"),
    ],
)
def test_a_meter_that_is_none_is_refused(text, said):
    with pytest.raises(ConfigError) as raised:
        make_meter(text)
    assert said in str(raised.value)


def test_a_meter_without_watts_is_refused(tmp_path):
    zone = tmp_path / "sys/class/thermal/thermal_zone0"
    zone.mkdir(parents=True)
    (zone / "type").write_text("cpu-thermal\n")
    (zone / "temp").write_text("41000\n")
    with pytest.raises(ConfigError, match="tells no watts"):
        profile(candidates(["pilot_small"]), threads=(1,), seconds=0.1, meter=make_meter(f"thermal?root={tmp_path}"))


def test_a_graph_is_measured_by_its_ladders_each_model_once_on_the_threads_it_asks_for(tmp_path):
    (tmp_path / "g.yaml").write_text(GRAPH)
    chosen = candidates([str(tmp_path / "g.yaml")])
    found = profile(chosen, threads=(1,), seconds=0.1)
    assert [model.name for model in found.models] == ["pilot_small", "pilot_medium"]
    assert [[row.threads for row in model.rows] for model in found.models] == [[1], [1, 3]]
    members = {name: [model.name for model in models] for name, models in ladders(found, chosen).items()}
    assert members == {"near": ["pilot_small", "pilot_medium"], "far": ["pilot_medium"]}


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["pilot_smal"], "did you mean 'pilot_small'"),
        (["a.yaml", "pilot_small"], "model files, or one graph by itself"),
        (["none.yaml"], "no such file"),
    ],
)
def test_what_is_no_model_is_refused(names, said):
    with pytest.raises(ConfigError, match=said):
        candidates(names)


# -- dominated -----------------------------------------------------------------------------------------------------


def model(name, ms, accuracy, metric="top-1"):
    job = Quantiles(least=ms, mean=ms, p50=ms, p90=ms, p95=ms, most=ms)
    rows = (Measured(threads=1, runs=9, job=job, invoke=job),)
    return ModelProfile(name=name, sha256=name * 8, input="", accuracy=accuracy, metric=metric, rows=rows)


def test_a_variant_that_is_slower_and_less_accurate_is_named_with_what_dominates_it():
    ladder = [model("small", 2.0, 0.5), model("good", 4.0, 0.7), model("bad", 6.0, 0.6), model("best", 9.0, 0.8)]
    (found,) = dominated(ladder)
    assert (found.name, found.by, found.slower, found.accuracy) == ("bad", "good", 1.5, 0.1)
    assert str(found) == "bad is dominated by good: 1.50 times as slow and 0.1 less accurate"


def test_of_equal_accuracy_the_slower_is_dominated_and_noise_dominates_nobody():
    assert "no more accurate" in str(dominated([model("a", 2.0, 0.5), model("b", 3.0, 0.5)])[0])
    assert dominated([model("a", 2.0, 0.5), model("b", 2.05, 0.5)]) == ()


def test_what_cannot_be_compared_is_not():
    assert dominated([model("a", 2.0, None), model("b", 3.0, 0.5)]) == ()
    assert dominated([model("a", 2.0, 0.6, "mAP"), model("b", 3.0, 0.5)]) == ()


# -- the command ---------------------------------------------------------------------------------------------------


def test_the_command_prints_json_and_writes_what_it_prints(tmp_path):
    file = tmp_path / "p.yaml"
    done = run.invoke(app, ["profile", "pilot_small", "--threads", "1", "--seconds", "0.1", "--json", "-o", str(file)])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["models"][0]["rows"][0]["job"]["p50"] == load_profile(file).models[0].rows[0].job.p50
    assert told["dominated"] == {"": []}


def test_the_command_prints_a_table():
    done = run.invoke(app, ["profile", "pilot_small", "pilot_medium", "--threads", "1", "--seconds", "0.1"])
    assert done.exit_code == 0, done.output
    assert "p99.9" in done.stdout
    assert "modelled: the table of" in done.stdout


@pytest.mark.parametrize("arguments", [["--threads", "0"], ["--threads", "two"], ["-o", "none/p.yaml"]])
def test_the_command_refuses_what_it_cannot_do_before_it_measures(arguments):
    done = run.invoke(app, ["profile", "pilot_small", *arguments])
    assert isinstance(done.exception, ConfigError)
