from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeai.errors import ConfigError
from edgeai.power.boards import board_names, load_board, recognise, running_board, slowdown
from edgeai.power.ladders import ladder_names, load_ladder

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT.parent / "shared" / "boards"


def test_the_boards_are_there():
    assert set(board_names()) >= {"pi4", "pi5", "jetson_nano", "orin_nano_cpu", "generic"}
    assert board_names()[-1] == "generic"


@pytest.mark.parametrize("name", board_names())
def test_every_number_has_a_source_or_a_reason(name):
    board = load_board(name)
    sources = [figure.source for figure in board.figures().values()]
    sources += [board.frequencies.source, board.threads.source, *([board.volts_source] if board.volts else [])]
    for source in sources:
        assert len(source) > 8
        assert not source.startswith("assumed") or source.startswith("assumed: ")
    for ladder in board.ladders:
        assert load_ladder(ladder).source


@pytest.mark.parametrize("name", board_names())
def test_figures_agree_with_one_another(name):
    board = load_board(name)
    assert 0 < board.idle.value < board.stress.value < board.supply.value
    assert board.throttle_soft.value <= board.throttle_hard.value
    assert list(board.frequencies.values) == sorted(board.frequencies.values)
    assert max(board.threads.ms) == board.cores.value
    full = board.power([1.0]).watts
    assert full == pytest.approx(board.stress.value, rel=0.1)


def test_a_board_is_found_by_its_name_with_hyphens_too():
    assert load_board("orin-nano-cpu") == load_board("orin_nano_cpu")


def test_published_numbers_are_told_from_assumed_ones():
    assert not load_board("pi4").idle.assumed
    assert load_board("generic").idle.assumed
    assert load_board("jetson_nano").idle.assumed


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("Raspberry Pi 4 Model B Rev 1.4\0", "pi4"),
        ("Raspberry Pi 400 Rev 1.0\0", "pi4"),
        ("Raspberry Pi 5 Model B Rev 1.0\0", "pi5"),
        ("Raspberry Pi Compute Module 4 Rev 1.1\0", "cm4"),
        ("Raspberry Pi Compute Module 5 Rev 1.0\0", "cm5"),
        ("NVIDIA Jetson Nano Developer Kit\0", "jetson_nano"),
        ("NVIDIA Jetson Orin Nano Engineering Reference Developer Kit Super\0", "orin_nano_cpu"),
        ("NVIDIA Jetson AGX Orin Developer Kit\0", "generic"),
        ("Raspberry Pi 3 Model B Plus Rev 1.3\0", "generic"),
        ("", "generic"),
    ],
)
def test_a_board_is_recognised_by_its_device_tree(tmp_path, model, name):
    assert recognise(model).name == name
    (tmp_path / "proc/device-tree").mkdir(parents=True)
    (tmp_path / "proc/device-tree/model").write_text(model)
    assert running_board(str(tmp_path)).name == name


def test_a_machine_without_a_device_tree_is_generic(tmp_path):
    assert running_board(str(tmp_path)).name == "generic"


@given(st.lists(st.floats(-1, 2), min_size=1, max_size=4))
def test_modelled_power_lies_between_idle_and_all_cores_busy(busy):
    board = load_board("pi4")
    power = board.power(busy)
    assert power.basis == "modelled"
    assert board.idle.value <= power.watts <= board.idle.value + 4 * board.core.value + 1e-9


def test_power_counts_the_cores_of_each_lane():
    board = load_board("pi4")
    assert board.power([0.5], [4]).watts == pytest.approx(1.6 + 0.755 * 2)
    assert board.power([1.0, 0.0], [1, 3]).watts == pytest.approx(1.6 + 0.755)
    assert board.power([]).watts == 1.6
    with pytest.raises(ValueError, match="shorter"):
        board.power([1.0, 1.0], [1])


def test_times_follow_the_number_of_threads_and_stop_at_the_cores():
    threads = load_board("pi4").threads
    assert (threads.at(1), threads.at(4), threads.at(8), threads.at(0)) == (84.8, 34.4, 34.4, 84.8)
    assert 34.4 < threads.at(3) < threads.at(2) < 84.8


def test_boards_compare_by_the_time_of_one_model():
    pi4, pi5, orin = (load_board(name) for name in ("pi4", "pi5", "orin_nano_cpu"))
    assert slowdown(pi5, pi4) == pytest.approx(8.7 / 34.4)
    assert slowdown(pi5, pi4, threads=1) == pytest.approx(14.4 / 84.8)
    assert slowdown(orin, pi4) == pytest.approx(6.4 / 34.4)
    assert slowdown(pi4, pi4) == 1.0


def test_an_unknown_board_names_those_there_are():
    with pytest.raises(ConfigError, match="pi5, generic"):
        load_board("pi6")


def test_a_board_of_ones_own_says_what_differs(tmp_path):
    file = tmp_path / "rover.yaml"
    file.write_text('based_on: pi5\ntitle: My rover\nidle: {value: 4.1, source: "my meter"}\n')
    board = load_board(str(file))
    assert (board.name, board.idle.value, board.stress.value, board.models) == ("rover", 4.1, 9.7, ())


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("based_on: pi6\n", "based_on"),
        ("based_on: pi5\nidle: {value: low, source: me}\n", "idle.value"),
        ("based_on: pi5\nidle: {value: 3}\n", "idle.source"),
        ("based_on: pi5\ncolour: green\n", "colour"),
        ("based_on: pi5\nthreads: {ms: {4: 8.0}, source: me}\n", "threads.ms"),
        ("- pi5\n", ""),
        ("a: [\n", "board"),
    ],
)
def test_mistakes_in_a_board_are_told_by_their_path(tmp_path, text, path):
    file = tmp_path / "rover.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_board(str(file))
    assert caught.value.problems[0].path == path


@pytest.mark.parametrize("name", ladder_names())
def test_a_ladders_quantiles_rise(name):
    ladder = load_ladder(name)
    assert len(ladder.rungs) == 45
    for rung in ladder.rungs:
        times = [ms for _, ms in rung.quantiles()]
        assert times == sorted(times)
        assert rung.min_ms <= rung.mean_ms <= rung.max_ms
        assert 30 < rung.top1 < 85
    assert [r.p50_ms for r in ladder.rungs] == sorted(r.p50_ms for r in ladder.rungs)


def test_a_ladder_holds_the_measured_numbers():
    rung = load_ladder("pi4_tflite")["mobilenet-v1-0.25-128-quantized"]
    assert (rung.top1, rung.p50_ms, rung.p99_ms, rung.p999_ms, rung.mj) == (42.384, 2.094, 5.576, 55.957, 7.11)
    with pytest.raises(KeyError, match="no model"):
        load_ladder("pi4_tflite")["resnet"]
    with pytest.raises(ConfigError, match="pi4_armnn, pi4_tflite"):
        load_ladder("pi6")


def test_the_models_figure_is_the_ladders_median():
    watts = sorted(rung.watts for rung in load_ladder("pi4_tflite").rungs)
    assert load_board("pi4").core.value * 4 == pytest.approx(watts[22], abs=0.01)


@pytest.mark.parametrize(("name", "results"), [("pi4_tflite", "tflite"), ("pi4_armnn", "armnn")])
def test_the_script_makes_the_same_ladder_again(tmp_path, name, results):
    found = list(RESULTS.glob(f"*{results}*.csv"))
    if not found:
        pytest.skip(f"no results of MLPerf in {RESULTS}")
    made = tmp_path / f"{name}.yaml"
    script = ROOT / "tools" / "make_board_tables.py"
    title = load_ladder(name).title
    subprocess.run([sys.executable, script, found[0], made, "--title", title], check=True, capture_output=True)
    assert made.read_text() == (ROOT / "edgeai/power/ladders" / f"{name}.yaml").read_text()
