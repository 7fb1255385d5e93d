"""`edgeai models` and `edgeai devices` as a user meets them."""

import json

import pytest
from typer.testing import CliRunner

from edgeai.cli import app
from edgeai.errors import ConfigError, ModelError
from edgeai.perception.footprint import peak
from edgeai.perception.macs import count_macs
from edgeai.workbench.describe import describe


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=True)


def test_from_a_key_to_a_pulled_model(home):
    public = run("models", "keygen", home / "k.pem").stdout.strip()
    paths = [
        json.loads(run("models", "info", f"pilot/{name}", "--json").stdout)[0]["path"] for name in ("small", "large")
    ]
    made = run("models", "add", "driver", *paths, "--to", home / "zoo", "--sign", home / "k.pem")
    assert public in made.stdout
    assert run("models", "add", home / "zoo", "--key", public).exit_code == 0
    assert "pilot_small.tflite" in run("models", "pull", "driver").stdout
    listed = {family["name"]: family for family in json.loads(run("models", "list", "--json").stdout)}
    assert [variant["here"] for variant in listed["driver"]["variants"]] == [True, True]
    assert listed["driver"]["licence"] == "Apache-2.0"
    assert run("models", "verify").stdout.count(": good") == 5
    assert "driver/pilot_large" in run("models", "list").stdout


def test_a_damaged_cache_is_an_error_of_models(home):
    test_from_a_key_to_a_pulled_model(home)
    next((home / "cache").rglob("pilot_small.tflite")).write_bytes(b"x")
    result = run("models", "verify")
    assert isinstance(result.exception, ModelError)
    assert "pilot_small.tflite is not what its manifest states" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (["add", "/nowhere"], ConfigError),
        (["add", "/nowhere", "--key", "x"], ConfigError),
        (["add", "name", "model.tflite"], ConfigError),
        (["pull", "nothing"], ModelError),
        (["pull", "../x"], ModelError),
        (["info", "pilot/none"], ConfigError),
        (["info", "/etc"], ConfigError),
    ],
)
def test_what_cannot_be_done_is_said(arguments, kind):
    assert isinstance(run("models", *arguments).exception, kind)


def test_a_models_description(assets):
    path = assets / "models" / "mobilenet_v1_0.25_128_quant.tflite"
    found = describe(path)
    assert found.inputs[0].shape == (1, 128, 128, 3)
    assert found.operations["DEPTHWISE_CONV_2D"] == 13
    assert found.macs == count_macs(path.read_bytes())
    assert found.macs == pytest.approx(14e6, rel=0.05), "as published"
    assert found.boards["pi5"] < found.boards["pi4"]
    # The pointwise convolution after the first depthwise one reads 64 x 64 x 8 and makes 64 x 64 x 16.
    assert found.activations == 64 * 64 * (8 + 16)


def test_tensors_live_from_their_making_to_their_last_use():
    chain = [((0,), (1,)), ((1,), (2,)), ((2,), (3,))]
    assert peak([10, 20, 5, 1], chain, [0], [3]) == 30
    skip = [((0,), (1,)), ((1,), (2,)), ((0, 2), (3,))]
    assert peak([10, 20, 5, 1], skip, [0], [3]) == 35
    assert peak([0, 4], [((0, -1), (1,))], [], [1]) == 4


def test_devices_are_listed_by_group():
    found = json.loads(run("devices", "--json").stdout)
    assert list(found) == ["cameras", "sensors", "meters", "outputs", "simulated", "accelerators", "runtimes"]
    assert {device["driver"] for device in found["accelerators"]} == {"edgetpu", "gpu", "npu"}
    assert all(device["uri"] for group in found.values() for device in group)
    assert any(not device["missing"] for device in found["runtimes"])
    shown = run("devices").stdout
    assert "synthetic:640x480" in shown
    assert "○" in shown
