"""Jobs that run together: each step for all of them, each error where it belongs."""

import pytest

from edgeai.clock import SystemClock
from edgeai.errors import ModelError
from edgeai.messages import Column, Reading
from edgeai.runtime.program import INVOKED, Step, Work
from edgeai.runtime.together import Together, execute_together


def reading(value):
    return Work(Reading("mic", 0, 0, (value,), (Column("level"),)), 0)


def refuse(why):
    def step(value):
        raise ModelError(why)

    return step


@pytest.fixture
def order():
    return []


def together(order, invoke=lambda: None, **steps):
    """Programs of two stages that say in `order` what is done; `a_decoded=...` takes the place of a step."""

    def program(stage):
        def note(mark, value):
            order.append(f"{stage} {mark}")
            return value

        marks = ("preprocessed", INVOKED, "decoded", *(["tracked"] if stage == "b" else []))
        return tuple(
            Step(mark, steps.get(f"{stage}_{mark}", lambda value, mark=mark: note(mark, value))) for mark in marks
        )

    def run():
        order.append("model")
        invoke()

    return Together({"a": program("a"), "b": program("b")}, run)


def execute(made):
    return execute_together(made, [("a", reading(1)), ("b", reading(2))], SystemClock())


def test_the_model_runs_once_between_all_inputs_and_all_outputs(order):
    execute(together(order))
    assert order == [
        *("a preprocessed", "b preprocessed", "a invoked", "b invoked"),
        "model",
        *("a decoded", "b decoded", "b tracked"),
    ]


def test_each_gets_its_own_value_and_the_steps_of_its_own_program(order):
    a, b = execute(together(order, a_decoded=lambda _: "A", b_decoded=lambda _: "B"))
    assert (a.value, b.value, a.error, b.error) == ("A", "B", None, None)
    assert [mark for mark, _ in a.steps] == ["preprocessed", "invoked", "decoded"]
    assert [mark for mark, _ in b.steps] == ["preprocessed", "invoked", "decoded", "tracked"]
    assert a.steps == b.steps[:3]
    assert (a.began, a.cpu) == (b.began, b.cpu)


@pytest.mark.parametrize("step", ["a_preprocessed", "a_decoded"])
def test_what_one_raises_is_its_own_fault(order, step):
    a, b = execute(together(order, **{step: refuse("no picture")}))
    assert str(a.error) == "no picture"
    assert a.value is None
    assert (b.error, order[-1]) == (None, "b tracked")


def test_what_the_model_raises_is_the_fault_of_all(order):
    a, b = execute(together(order, lambda: refuse("out of memory")(None)))
    assert str(a.error) == str(b.error) == "out of memory"
    assert order[-1] == "model"
