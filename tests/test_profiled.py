"""A pipeline that is told what its models cost measures nothing, and believes no figures of other models."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from edgeai import ConfigError, Graph, Pipeline
from edgeai.perception.model import Model
from edgeai.perception.profile import (
    MachineProfile,
    Measured,
    ModelProfile,
    Quantiles,
    runtime_version,
    save_profile,
)
from edgeai.pilots import __file__ as pilots
from edgeai.power.boards import machine_name, running_board

NAMES = ("pilot_small", "pilot_large")
MS = 1_000_000


def quantiles(ms):
    return Quantiles(least=ms, mean=ms, p50=ms, p90=1.2 * ms, p95=1.3 * ms, p99=2 * ms, p999=4 * ms, most=5 * ms)


def figures(name, times, watts=None):
    model = Model.load(Path(pilots).with_name(f"{name}.tflite"))
    basis = "modelled" if watts is None else "measured"
    rows = tuple(
        Measured(threads=n, runs=2000, job=quantiles(ms), invoke=quantiles(ms), watts=watts, basis=basis)
        for n, ms in times.items()
    )
    return ModelProfile(name=name, sha256=model.sha256, input="", accuracy=0.7, rows=rows)


@pytest.fixture
def profile():
    return MachineProfile(
        board=running_board().name,
        machine=machine_name(),
        cores=4,
        date="2026-01-02T03:04:05Z",
        runtime="litert",
        version=runtime_version("litert"),
        frame="640x480",
        models=(figures("pilot_small", {1: 4.0, 4: 2.0}), figures("pilot_large", {1: 40.0, 4: 16.0})),
    )


@pytest.fixture
def graph(tmp_path):
    def make(profile, threads="auto", **schedule):
        save_profile(profile, tmp_path / "p.yaml")
        stages = {"s": {"model": list(NAMES), "threads": threads, "deadline": "100ms", "rate": "10fps"}}
        camera = {"driver": "synthetic", "size": "64x48", "fps": 10}
        schedule = {"policy": "latency", **schedule, "profile": "p.yaml"}
        return Graph(cameras={"cam": camera}, stages=stages, schedule=schedule, base=tmp_path)

    return make


def points(pipeline):
    """Return (variant, threads, p50 in ms) of what is known."""
    return [
        (pipeline.models[p.stage, p.point].name, pipeline.models[p.stage, p.point].threads, p.p50 / MS)
        for p in pipeline.profiles
    ]


@pytest.mark.parametrize("engine", ["live", "lockstep"])
def test_the_profile_s_figures_are_used_and_the_best_threads_taken(graph, profile, engine):
    with Pipeline(graph(profile), engine=engine) as running:
        assert points(running) == [("pilot_small", 4, 2.0), ("pilot_large", 4, 16.0)]
        known = running.profiles[1]
    assert (known.p90, known.p95, known.p99, known.p999) == (19_200_000, 20_800_000, 32 * MS, 64 * MS)


def test_in_virtual_time_a_job_takes_the_profile_s_median(graph, profile):
    with Pipeline(graph(profile, policy="fixed"), engine="lockstep") as running:
        assert next(running.stream("s")).latency == pytest.approx(0.002)


def test_durations_said_in_python_win(graph, profile):
    with Pipeline(graph(profile, policy="fixed"), engine="lockstep", durations={"s": 0.03}) as running:
        assert next(running.stream("s")).latency == pytest.approx(0.03)


def test_a_number_of_threads_is_taken_as_said(graph, profile):
    with Pipeline(graph(profile, threads=1), engine="lockstep") as running:
        assert points(running) == [("pilot_small", 1, 4.0), ("pilot_large", 1, 40.0)]


def test_lanes_share_the_cores_of_the_profile(graph, profile):
    with Pipeline(graph(profile, lanes=2), engine="lockstep") as running:
        assert [threads for _, threads, _ in points(running)] == [1, 1]


def test_where_energy_counts_slower_threads_that_save_some_are_points_of_their_own(graph, profile):
    with Pipeline(graph(profile, policy="power", budget="5W"), engine="lockstep") as running:
        assert points(running) == [
            ("pilot_small", 4, 2.0),
            ("pilot_small", 1, 4.0),
            ("pilot_large", 4, 16.0),
            ("pilot_large", 1, 40.0),
        ]


def test_watts_that_were_measured_at_the_board_s_input_are_used(graph, profile):
    models = (figures("pilot_small", {1: 4.0}, 0.9), figures("pilot_large", {1: 40.0}, 1.1))
    metered = replace(profile, meter="ina219", basis="measured", idle=2.0, models=models)
    with Pipeline(graph(metered), engine="lockstep") as running:
        assert [p.watts for p in running.profiles] == [0.9, 1.1]
    with Pipeline(graph(replace(metered, measures="cpu")), engine="lockstep") as running:
        assert [p.watts for p in running.profiles] == [1.25, 1.25]


def test_the_idle_watts_that_were_measured_bound_the_budget(graph, profile):
    metered = replace(profile, meter="ina219", basis="measured", idle=4.0)
    with pytest.raises(ConfigError, match=r"found 3 W, expected more watts than the board takes when idle, 4 W"):
        Pipeline(graph(metered, policy="power", budget="3W"), engine="lockstep").start()


def test_what_cannot_be_kept_by_the_profile_is_refused(graph, profile):
    slow = replace(profile, models=(figures("pilot_small", {1: 120.0}), figures("pilot_large", {1: 400.0})))
    with pytest.raises(ConfigError, match="takes 120 ms with its quickest variant and the deadline is 100 ms"):
        Pipeline(graph(slow), engine="lockstep").start()


@pytest.mark.parametrize("engine", ["live", "lockstep"])
def test_figures_of_another_file_of_that_name_are_refused(graph, profile, engine):
    other = replace(profile, models=(profile.models[0], replace(profile.models[1], sha256="0" * 64)))
    with pytest.raises(ConfigError) as raised:
        Pipeline(graph(other), engine=engine).start()
    said = str(raised.value)
    assert said.startswith("schedule.profile: found no figures of pilot_large (sha256 e8051a387c7e…")
    assert "another file of that name was measured" in said
    assert "`edgeai profile MODEL … -o " in said


def test_threads_that_were_not_measured_are_refused(graph, profile):
    with pytest.raises(ConfigError, match="no figures of pilot_small on 3 threads"):
        Pipeline(graph(profile, threads=3), engine="lockstep").start()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"board": "pi4", "machine": "Raspberry Pi 4"}, "it was measured on Raspberry Pi 4 (pi4) and this is"),
        ({"version": "1.0"}, "it was measured with litert 1.0 and litert"),
    ],
)
def test_a_foreign_profile_is_used_and_warned_of(graph, profile, caplog, change, said):
    with caplog.at_level(logging.WARNING, "edgeai"), Pipeline(graph(replace(profile, **change))) as running:
        assert [ms for _, _, ms in points(running)] == [2.0, 16.0]
    assert "the profile is foreign" in caplog.text
    assert said in caplog.text


def test_this_machine_s_own_is_not_warned_of(graph, profile, caplog):
    with caplog.at_level(logging.WARNING, "edgeai"), Pipeline(graph(profile)):
        pass
    assert caplog.text == ""


def test_a_profile_that_is_not_there_is_found_when_the_graph_is_read(tmp_path):
    (tmp_path / "rover.yaml").write_text("x: 1")
    with pytest.raises(ConfigError) as raised:
        Graph.parse(
            "cameras: {c: synthetic}\nstages: {s: {model: pilot_small}}\nschedule:\n  profile: rovr.yaml\n",
            base=tmp_path,
            file="g.yaml",
        )
    assert str(raised.value).startswith("g.yaml:4: schedule.profile: found no file")
    assert "did you mean 'rover.yaml'?" in str(raised.value)
