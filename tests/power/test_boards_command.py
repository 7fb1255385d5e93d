from __future__ import annotations

import json

from typer.testing import CliRunner

from edgeai.cli import app
from edgeai.errors import ConfigError

run = CliRunner(env={"COLUMNS": "160"})


def test_boards_are_listed_with_their_watts_and_this_machines_is_marked():
    said = run.invoke(app, ["boards"]).output
    assert "orin_nano_cpu" in said
    assert "geerlingguy/sbc-reviews" in said
    assert "* this machine:" in said


def test_one_board_is_shown_with_the_source_of_each_number():
    said = run.invoke(app, ["boards", "pi4"]).output
    for word in (
        "15.3 W",
        "mlcommons/inference_results_v1.0",
        "600, 750, 1000, 1500 MHz",
        "TFLite 2.4.1",
        "efficientnet",
    ):
        assert word in said


def test_json_is_for_programs():
    boards = json.loads(run.invoke(app, ["boards", "--json"]).output)
    assert sum(board["here"] for board in boards) == 1
    (pi5,) = (board for board in boards if board["name"] == "pi5")
    assert pi5["idle"] == {"value": 2.8, "source": "geerlingguy/sbc-reviews"}
    assert pi5["slowdown"] == 0.253
    (shown,) = json.loads(run.invoke(app, ["boards", "pi5", "--json"]).output)
    assert shown == pi5


def test_an_unknown_board_is_a_mistake():
    assert isinstance(run.invoke(app, ["boards", "pi6"]).exception, ConfigError)
