"""A ladder that memory does not hold: what is resident serves, the rest is loaded while it does."""

import gc
import shutil
import threading
import weakref
from dataclasses import replace
from pathlib import Path

import pytest

import edgeai.pilots
from edgeai import ConfigError, Graph, ModelError, Pipeline
from edgeai.assemble import assemble
from edgeai.clock import SystemClock
from edgeai.perception.footprint import arena, footprint
from edgeai.perception.model import Model
from edgeai.runtime.live import LiveEngine
from edgeai.runtime.taps import Tap
from edgeai.schedule.policy import Choice
from edgeai.schedule.workload import Workload

PILOTS = Path(edgeai.pilots.__file__).parent
LADDER = ("pilot_small", "pilot_medium", "pilot_large")
DURATIONS = {"pilot_small": 0.005, "pilot_medium": 0.015, "pilot_large": 0.030}
ROOM = sum(footprint((PILOTS / f"{name}.tflite").read_bytes(), 1) for name in ("pilot_small", "pilot_large"))
"""Bytes that hold the smallest and the largest, and not the third."""


def graph(folder=PILOTS, memory=ROOM, **schedule):
    return Graph(
        cameras={"cam": "synthetic:64x48?fps=10"},
        stages={"pilot": {"model": [str(folder / f"{name}.tflite") for name in LADDER], "deadline": "50ms"}},
        schedule={"policy": "latency", "memory": memory, **schedule},
    )


class Board:
    """A pipeline in virtual time whose jobs can be slowed down."""

    def __init__(self, made, loading=5.0):
        self.slow, self.said, self.results = 1.0, [], []
        self.pipeline = Pipeline(made, engine="lockstep", durations=self.duration, loading=loading)
        self.pipeline.on_announce(lambda note: self.said.append((self.pipeline.clock.now(), note)))
        self.pipeline.on_result("pilot", self.results.append)

    def duration(self, stage, variant):
        return self.slow * DURATIONS[variant]

    def when(self, state):
        return next(t for t, note in self.said if note.state == state)


def test_a_switch_of_variants_makes_no_frame_late_or_lost():
    board = Board(graph())
    with board.pipeline as pipeline:
        pipeline.advance(70)
        assert {point for _, point in pipeline.models} == {0, 2}
        before = pipeline.stats()["pilot"]
        assert (before.missed, before.dropped) == (0, {})
        board.slow = 2.0
        pipeline.advance(60)
        assert {point for _, point in pipeline.models} == {0, 1}
        after = pipeline.stats()["pilot"]
    began, ended = board.when("loading"), board.when("loaded")
    assert ended - began == 5_000_000_000
    during = [result for result in board.results if began <= result.stamp < ended]
    assert len(during) == 50
    assert {result.variant for result in during} == {"pilot_small"}
    assert all(result.latency <= 0.05 for result in during)
    assert after.missed - before.missed <= 3
    assert board.results[-1].variant == "pilot_medium"


def test_what_is_let_go_is_freed():
    board = Board(graph())
    with board.pipeline as pipeline:
        pipeline.advance(70)
        large = weakref.ref(pipeline.models["pilot", 2])
        interpreter = weakref.ref(large()._session)
        board.slow = 2.0
        pipeline.advance(10)
        gc.collect()
        assert (large(), interpreter()) == (None, None)


def test_a_model_that_has_gone_is_announced_and_the_stream_goes_on(tmp_path):
    for name in LADDER:
        for ending in ("tflite", "yaml"):
            shutil.copy(PILOTS / f"{name}.{ending}", tmp_path)
    board = Board(graph(tmp_path))
    with board.pipeline as pipeline:
        pipeline.advance(70)
        (tmp_path / "pilot_medium.tflite").unlink()
        board.slow = 2.0
        pipeline.advance(30)
        assert pipeline.stats()["pilot"].missed <= 3
    (failed,) = [note for _, note in board.said if note.state == "load failed"]
    assert "pilot_medium" in failed.why
    assert "no file" in failed.why
    assert board.results[-1].variant == "pilot_small"


def test_without_a_limit_all_models_are_loaded_and_none_while_running():
    board = Board(graph(memory=None))
    with board.pipeline as pipeline:
        assert {point for _, point in pipeline.models} == {0, 1, 2}
        board.slow = 2.0
        pipeline.advance(30)
    assert not any(note.state == "loading" for _, note in board.said)


def test_two_runs_with_loads_give_one_trace():
    class Trace(Tap):
        def __init__(self):
            self.lines = []

        def decided(self, event, commands):
            self.lines.append((event, tuple(commands)))

    traces = []
    for _ in range(2):
        trace = Trace()
        with Pipeline(
            graph(policy="power", budget="3.2W"), engine="lockstep", durations=DURATIONS, taps=[trace]
        ) as made:
            made.advance(80)
        traces.append(trace.lines)
    assert traces[0] == traces[1]


@pytest.mark.parametrize(
    ("memory", "said"),
    [
        ("300kB", "pilot_large.tflite, which takes about"),
        ("none", "an amount of memory"),
        ("0MB", "an amount of memory"),
    ],
)
def test_a_memory_that_cannot_be_kept_is_refused(memory, said):
    with pytest.raises(ConfigError, match=said):
        Pipeline(graph(memory=memory), engine="lockstep").start()


def test_the_smallest_variants_together_have_to_fit():
    model = str(PILOTS / "pilot_large.tflite")
    two = Graph(
        cameras={"cam": "synthetic:64x48"},
        stages={"a": {"model": model, "input": "cam"}, "b": {"model": model, "input": "cam"}},
        schedule={"memory": 1.5 * footprint(Path(model).read_bytes(), 1)},
    )
    with pytest.raises(ConfigError, match=r"schedule\.memory.*the smallest variant of every stage"):
        Pipeline(two, engine="lockstep").start()


@pytest.mark.parametrize(("text", "count"), [("200MB", 200e6), ("0.5GiB", 2**29), ("64 kB", 64e3), (1e6, 1e6)])
def test_memory_is_written_with_its_unit(text, count):
    assert graph(memory=text).schedule.memory == count


@pytest.mark.parametrize("name", LADDER)
def test_the_arena_lies_between_the_largest_tensor_and_all_of_them(name):
    interpreter = pytest.importorskip("ai_edge_litert.interpreter")
    content = (PILOTS / f"{name}.tflite").read_bytes()
    made = interpreter.Interpreter(model_content=content)
    made.allocate_tensors()
    inputs = made.get_input_details()[0]
    found = arena(content)
    assert found >= inputs["shape"].prod()
    assert found < sum(int(d["shape"].prod()) * d["dtype"]().itemsize for d in made.get_tensor_details())


def test_live_the_quickest_serves_while_another_is_loaded(assets):
    """Four MobileNets of which two fit; the policy asks for one that is not resident."""
    names = ("mobilenet_v1_0.25_128", "mobilenet_v1_0.5_160", "mobilenet_v1_0.75_192", "mobilenet_v2_1.0_224")
    paths = [assets / "models" / f"{name}_quant.tflite" for name in names]
    clock, watch = SystemClock(), Watch()
    made = Graph(
        cameras={"cam": "synthetic:320x240?fps=20"},
        stages={"what": {"model": [str(path) for path in paths], "threads": 1}},
        schedule={"memory": "16MB"},
    )
    assembled = assemble(made, clock, measure=True)
    (stage,) = assembled.assembly.workload.stages
    least = [footprint(path.read_bytes(), 1) for path in paths]
    assert all(point.memory >= size for point, size in zip(stage.points, least, strict=True))
    points = tuple(replace(point, memory=size) for point, size in zip(stage.points, least, strict=True))
    workload = Workload((replace(stage, points=points),), memory=least[0] + least[3])
    assembly = replace(assembled.assembly, policy=FromHereTo(2, 3), workload=workload)
    engine = LiveEngine(assembly, clock, [watch])
    engine.calibrate((), 2.0, 3.0)
    assert set(assembly.programs.models) == {("what", 0), ("what", 2)}
    gone = weakref.ref(assembly.programs.models["what", 2])
    engine.start()
    try:
        assert watch.switched.wait(20)
    finally:
        engine.stop()
    assert set(assembly.programs.models) == {("what", 0), ("what", 3)}
    gc.collect()
    assert gone() is None
    assert engine.stats()["what"].dropped.get("fault", 0) == 0
    assert watch.variants[0] == paths[2].stem
    assert watch.variants[-1] == paths[3].stem
    assert not any(thread.name == "edgeai-loader" for thread in threading.enumerate())


class FromHereTo:
    """One point for a second, then another."""

    def __init__(self, first, then):
        self.first, self.then = first, then

    def choose(self, situation):
        point = self.first if situation.elapsed < 1.0 else self.then
        return {stage.name: Choice(point, stage.rate_max) for stage in situation.stages}


class Watch(Tap):
    """What ran, and whether the last variant of the ladder has."""

    def __init__(self):
        self.variants, self.switched = [], threading.Event()

    def published(self, result, frame):
        self.variants.append(result.variant)
        if result.variant.startswith("mobilenet_v2"):
            self.switched.set()


def test_a_file_that_has_changed_is_not_loaded(tmp_path):
    for ending in ("tflite", "yaml"):
        shutil.copy(PILOTS / f"pilot_small.{ending}", tmp_path / f"pilot.{ending}")
    made = assemble(
        Graph(
            cameras={"cam": "synthetic:64x48"},
            stages={"pilot": {"model": [str(tmp_path / "pilot.tflite"), str(PILOTS / "pilot_large.tflite")]}},
            schedule={"memory": ROOM - 1},
        ),
        SystemClock(),
        measure=False,
    )
    programs = made.assembly.programs
    programs.load("pilot", 0)
    assert isinstance(programs.models["pilot", 0], Model)
    programs.unload("pilot", 0)
    shutil.copy(PILOTS / "pilot_medium.tflite", tmp_path / "pilot.tflite")
    shutil.copy(PILOTS / "pilot_medium.yaml", tmp_path / "pilot.yaml")
    with pytest.raises(ModelError, match="has changed"):
        programs.load("pilot", 0)
