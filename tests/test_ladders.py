"""A ladder is of one task: what its members may differ in, and what is refused, with both names."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import yaml

from edgeai import ConfigError, Graph, Pipeline
from edgeai.pilots import __file__ as pilots

PILOTS = Path(pilots).parent


@pytest.fixture
def start(tmp_path):
    """Start a ladder of models copied into a folder, each with its card changed."""

    def copy(source, name, change):
        file = tmp_path / f"{name}.tflite"
        file.write_bytes(source.read_bytes())
        card = source.with_suffix(".yaml")
        told = yaml.safe_load(card.read_text()) if card.is_file() else {"input": {"mean": 0, "std": 1}}
        told = {"task": "classification", **told, "name": name}
        change(told)
        file.with_suffix(".yaml").write_text(yaml.safe_dump(told))
        return file.name

    def start(**members):
        names = [copy(source, name, change) for name, (source, change) in members.items()]
        lines = ["cameras: {cam: 'synthetic:64x48'}", "stages:", "  s:", "    model:"]
        text = "\n".join([*lines, *(f"      - {name}" for name in names)])
        with Pipeline(Graph.parse(text, base=tmp_path, file="g.yaml"), engine="lockstep") as running:
            running.advance(0.2)
            return running.stats()["s"]

    return start


def pilot(size, change=lambda card: None):
    return PILOTS / f"pilot_{size}.tflite", change


def as_is(card):
    pass


def refused(start, **members):
    with pytest.raises(ConfigError) as raised:
        start(**members)
    return str(raised.value)


def test_sizes_of_input_and_accuracies_may_differ_in_any_order(start):
    assert start(a=pilot("large"), b=pilot("small"), c=pilot("medium")).delivered > 0


def test_another_task_is_refused_at_its_line(start, assets):
    classifier = assets / "models" / "mobilenet_v1_0.25_128_quant.tflite"
    said = refused(start, a=pilot("small"), b=pilot("large"), c=(classifier, as_is))
    assert said.startswith("g.yaml:7: stages.s.model[2]: found c with the task classification")
    assert "the task regression, as a has" in said


def test_other_values_are_refused(start):
    said = refused(start, a=pilot("small"), b=pilot("large", lambda card: card.update(outputs=[{"name": "throttle"}])))
    assert "b with the values throttle [1] as number 0, expected the values steering [1] as number 0, as a has" in said


def test_other_labels_are_refused_by_number_and_by_name(start, assets):
    integer, real = (assets / "models" / f"mlperf_ic_resnet8_{kind}.tflite" for kind in ("int8", "fp32"))

    def labelled(*names):
        return lambda card: card.update(labels=[f"c{i}" for i in range(10 - len(names))] + list(names))

    assert start(a=(integer, labelled()), b=(real, labelled())).delivered > 0
    said = refused(start, a=(integer, labelled()), b=(real, labelled("cat")))
    assert "b with the labels cat as number 9, expected the labels c9 as number 9, as a has" in said
    said = refused(start, a=(integer, labelled()), b=(real, as_is))
    assert "b with the labels none, expected the labels 10 (c0, c1, c2 …), as a has" in said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda card: card.pop("accuracy"), "b without an accuracy, expected one in its card b.yaml, as a has"),
        (lambda card: card["accuracy"].update(value=64.3), "64.3, expected a share from 0 to 1"),
        (lambda card: card["accuracy"].update(better="lower"), "expected a share from 0 to 1, the higher the better"),
        (lambda card: card["accuracy"].update(metric="top-1"), "b with an accuracy in top-1"),
    ],
)
def test_accuracies_that_cannot_be_weighed_are_refused(start, change, said):
    assert said in refused(start, a=pilot("small"), b=pilot("large", change))


def test_a_ladder_without_any_accuracy_is_warned_of(start, caplog):
    def without(card):
        card.pop("accuracy")

    with caplog.at_level(logging.WARNING, "edgeai"):
        start(a=pilot("small", without), b=pilot("large", without))
    assert "s: no card of its ladder gives an accuracy" in caplog.text
