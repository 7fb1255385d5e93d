"""The shipped pilots are what their cards say, and the large one drives courses it has never seen."""

import hashlib
from pathlib import Path

import pytest
import yaml

import edgeai.pilots
from edgeai.perception.card import read_card
from tools.pilot.measure import drive, load

FOLDER = Path(edgeai.pilots.__file__).parent
NAMES = ("pilot_small", "pilot_medium", "pilot_large")


def card(name):
    return yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_a_card_belongs_to_its_file(name):
    data = (FOLDER / f"{name}.tflite").read_bytes()
    assert card(name)["sha256"] == hashlib.sha256(data).hexdigest()
    assert card(name)["bytes"] == len(data)
    assert read_card(FOLDER / f"{name}.tflite").name == name


def test_the_ladder_rises_in_cost_and_in_accuracy():
    macs = [card(name)["macs"] for name in NAMES]
    accuracy = [card(name)["accuracy"]["value"] for name in NAMES]
    assert macs == sorted(macs)
    assert 8 <= macs[2] / macs[0] <= 12
    assert accuracy == sorted(accuracy)


@pytest.mark.parametrize("seed", [100, 103])
def test_the_large_pilot_keeps_to_the_line_of_an_unseen_course(seed):
    truth = drive(load(FOLDER / "pilot_large.tflite"), seed, laps=1)
    assert (truth.laps, truth.departures) == (1, 0)
    assert truth.max_cross_track_error < 0.15


def test_with_400_ms_of_latency_it_leaves_the_line():
    truth = drive(load(FOLDER / "pilot_large.tflite"), 100, laps=1, latency_ms=400)
    assert (truth.laps, truth.departures) == (0, 1)
