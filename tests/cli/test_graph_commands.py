"""`edgeai check`, `edgeai graph` and `edgeai schema`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from edgeai.cli import check, graph, schema
from edgeai.errors import ConfigError, ModelError

GOOD = 'cameras: {front: clip.mp4}\nstages:\n  objects: {model: m.tflite}\n  f: {input: objects, call: "math:floor"}\n'
BAD = "cameras: {front: clip.mp4}\nstages:\n  objects: {modle: m.tflite}\n"


@pytest.fixture
def app():
    """The three commands, as the command line registers them."""
    app = typer.Typer()
    app.command("check")(check.check)
    app.command("graph")(graph.graph)
    app.command("schema")(schema.schema)
    return app


@pytest.fixture
def run(app, assets, tmp_path, monkeypatch):
    """Run a command in a folder with a model and two graphs."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(assets / "models" / "mobilenet_v1_0.25_128_quant.tflite", "m.tflite")
    Path("good.yaml").write_text(GOOD)
    Path("bad.yaml").write_text(BAD)
    return lambda *arguments: CliRunner().invoke(app, arguments)


def test_check_says_that_a_graph_is_right(run):
    result = run("check", "good.yaml", "--allow-code")
    assert result.exit_code == 0
    assert "objects: m: classification by classification, input 1x128x128x3 uint8" in result.output
    assert result.output.endswith("good.yaml: 1 camera, 2 stages: no mistakes\n")


def test_check_loads_the_models(run):
    Path("m.tflite").write_bytes(b"no model")
    assert isinstance(run("check", "good.yaml", "--allow-code").exception, ModelError)


def test_check_raises_what_the_command_line_prints(run):
    result = run("check", "bad.yaml")
    assert isinstance(result.exception, ConfigError)
    assert "bad.yaml:3: stages.objects.modle: found an unknown key" in str(result.exception)


def test_check_wants_permission_for_code(run):
    assert "pass --allow-code" in str(run("check", "good.yaml").exception)


def test_check_reports_as_json(run):
    result = run("check", "bad.yaml", "--json")
    report = json.loads(result.output)
    assert (result.exit_code, report["file"], report["ok"]) == (2, "bad.yaml", False)
    assert report["problems"][0]["line"] == 3
    assert report["problems"][0]["hint"] == "did you mean 'model'?"
    result = run("check", "good.yaml", "--json", "--allow-code")
    assert (result.exit_code, json.loads(result.output)["ok"]) == (0, True)


def test_graph_draws_a_tree(run):
    result = run("graph", "good.yaml", "--allow-code")
    assert result.output.startswith("front  video (path=clip.mp4)\n└─ objects  m.tflite\n   └─ f  math:floor\n")


def test_graph_draws_mermaid(run):
    result = run("graph", "good.yaml", "--allow-code", "--mermaid")
    assert result.output.startswith("flowchart LR\n")
    assert "source0 --> stage0" in result.output


def test_schema_is_printed_or_written(run):
    printed = run("schema")
    assert json.loads(printed.output)["title"] == "edgeai graph"
    assert run("schema", "-o", "graph.schema.json").exit_code == 0
    assert Path("graph.schema.json").read_text() == printed.output
    failed = run("schema", "-o", "nowhere/graph.schema.json")
    assert isinstance(failed.exception, ConfigError)
    assert "expected a file in a folder that exists" in str(failed.exception)
