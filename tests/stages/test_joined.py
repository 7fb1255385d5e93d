"""A function that gets what other sources and stages had at the same time."""

from __future__ import annotations

import pytest

from edgeai import ConfigError, Graph, Pipeline
from edgeai.driver import NS, Capture, Column, Sensor, SensorOptions
from edgeai.recording.reader import Recording
from edgeai.replay.run import replay
from edgeai.runtime.taps import Tap
from tests.stages.scene import Scene, find, walk

MS = 1_000_000


class Clockwork(Sensor):
    """Tells its own time in ms, so many times a second, and is silent for a while."""

    def __init__(self, *, hz=100.0, silent=(9e9, 9e9), late=0.0):
        super().__init__("imu", SensorOptions())
        self.period, self._silent, self._late = round(NS / hz), silent, round(late * NS)

    def _open(self):
        self.columns = (Column("ms"),)

    def _read(self, timeout):
        if self._silent[0] <= self.capture_time / NS < self._silent[1]:
            return None
        return Capture(((self.capture_time - self._late) / MS,))

    def _close(self):
        """Release nothing."""


def pair(frame, imu):
    return frame.stamp // MS, None if imu is None else round(imu["ms"], 3)


def three(result, imu, rear):
    return result.stamp // MS, imu["ms"], rear.stamp // MS, len(result.value)


class Drops(Tap):
    def __init__(self):
        self.causes = []

    def dropped(self, drop):
        self.causes.append((drop.stage, drop.cause))


def graph(sync, *, call=pair, imu=None, stages=None, cameras=None, **stage):
    return Graph(
        cameras={"front": Scene(walk, fps=8), **(cameras or {})},
        sensors={"imu": imu or Clockwork()},
        stages={**(stages or {}), "fused": {"input": "front", "sync": sync, "call": call, **stage}},
    )


def run(made, seconds, *taps):
    results = []
    with Pipeline(made, engine="lockstep", durations={"fused": 0.001, "objects": 0.03}, taps=taps) as pipeline:
        for result in pipeline.stream("fused"):
            results.append(result)
            if result.stamp > seconds * NS:
                break
        return results, pipeline.stats()["fused"]


def test_a_frame_gets_the_nearest_reading():
    results, _ = run(graph({"imu": "10ms"}), 1)
    assert [result.value for result in results[:4]] == [(0, 0.0), (125, 120.0), (250, 250.0), (375, 370.0)]
    assert results[1].inputs == (("front", 1), ("imu", 12))
    assert "joined" in [mark for _, mark, _ in results[1].ledger]


def test_a_frame_gets_an_interpolated_reading_as_soon_as_the_next_one_is_there():
    results, _ = run(graph({"imu": {"tolerance": "10ms", "by": "interpolated"}}), 1)
    assert [result.value for result in results[:4]] == [(0, 0.0), (125, 125.0), (250, 250.0), (375, 375.0)]
    assert results[1].inputs == (("front", 1), ("imu", 12), ("imu", 13))
    assert results[1].latency == pytest.approx(0.006)


def test_in_a_gap_frames_are_dropped_with_their_cause_and_are_no_misses():
    drops = Drops()
    results, stats = run(graph({"imu": "20ms"}, imu=Clockwork(silent=(0.3, 0.8))), 1.2, drops)
    stamps = [result.stamp // MS for result in results]
    assert stamps == [0, 125, 250, 875, 1000, 1125, 1250]
    assert stats.dropped == {"unpaired": 4}
    assert (stats.ready, stats.offered, stats.missed) == (11, 7, 0)
    assert drops.causes == [("fused", "unpaired")] * 4


def test_in_a_gap_a_stage_may_go_on_without_and_wait_so_long():
    sync = {"imu": {"tolerance": "20ms", "gap": "without", "wait": "50ms"}}
    results, stats = run(graph(sync, imu=Clockwork(silent=(0.3, 0.8))), 1.2)
    values = dict(result.value for result in results)
    assert (values[250], values[375], values[750], values[875]) == (250.0, None, None, 870.0)
    assert stats.dropped == {}
    late = next(result for result in results if result.stamp == 375 * MS)
    assert late.latency == pytest.approx(0.051)
    assert late.inputs == (("front", 3),)


def test_results_readings_and_other_cameras_are_joined_in_the_order_they_were_named():
    sync = {"imu": {"tolerance": "10ms", "by": "interpolated"}, "rear": {"tolerance": "60ms", "wait": "100ms"}}
    stages = {"objects": {"call": find, "input": "front"}}
    made = graph(sync, call=three, stages=stages, cameras={"rear": Scene(walk, fps=10)}, input="objects")
    results, _ = run(made, 1)
    assert [result.value for result in results[:4]] == [
        (0, 0.0, 0, 1),
        (125, 125.0, 100, 1),
        (250, 250.0, 200, 1),
        (375, 375.0, 400, 1),
    ]
    assert results[1].inputs == (("front", 1), ("imu", 12), ("imu", 13), ("rear", 1))


def test_a_stage_s_results_are_partners_too():
    made = Graph(
        cameras={"front": Scene(walk, fps=10)},
        sensors={"imu": Clockwork(hz=10)},
        stages={
            "objects": {"call": find, "input": "front"},
            "fused": {"input": "imu", "sync": {"objects": "50ms"}, "call": lambda imu, objects: len(objects.value)},
        },
    )
    results, _ = run(made, 1)
    assert {result.value for result in results} == {1}
    assert results[2].inputs == (("imu", 2), ("front", 2))


def test_live_does_the_same():
    made = Graph(
        cameras={"front": Scene(walk, fps=8, seconds=1)},
        sensors={"imu": Clockwork()},
        stages={
            "fused": {"input": "front", "sync": {"imu": "10ms"}, "call": lambda frame, imu: imu.stamp - frame.stamp}
        },
    )
    live = Pipeline(made)
    with live.stream("fused") as results, live:
        apart = [result.value for result in results]
    assert len(apart) >= 6
    assert max(map(abs, apart)) <= 10 * MS


def test_joined_frames_are_recomputed_and_rerun_alike_from_every_file(tmp_path):
    sync = {"imu": {"tolerance": "10ms", "by": "interpolated"}, "objects": {"tolerance": "60ms", "wait": "100ms"}}
    stages = {"objects": {"call": find, "input": "front"}}
    made = graph(sync, call=with_objects, stages=stages, imu=Clockwork(silent=(0.6, 0.8)))
    pipeline = Pipeline(made, engine="lockstep", durations={"objects": 0.05, "fused": 0.02})
    with pipeline.record(tmp_path / "run.mcap", rotate="200kB"):
        pipeline.advance(3)
    paths = pipeline.recorder.paths
    assert len(paths) >= 4
    stages = {
        "objects": {"call": find, "input": "front"},
        "fused": {"call": with_objects, "input": "front", "sync": sync},
    }
    (tmp_path / "imu.csv").write_text("t,ms\n0,1\n")
    here = Graph(cameras={"front": "synthetic"}, sensors={"imu": f"{tmp_path}/imu.csv"}, stages=stages)
    (tmp_path / "g.yaml").write_text(here.to_yaml())
    rows = 0
    for path in paths:
        assert replay(path).compare().same
        done = replay(path, mode="recorded", graph=tmp_path / "g.yaml", allow_code=True)
        assert done.compare().same, str(done.compare().first)
        rows += sum(result.stream == "fused" for result in done.results)
    assert rows == pipeline.stats()["fused"].delivered
    assert Recording.open(paths[0]).header.workload.stages[1].origin == "front/fused"


def with_objects(frame, imu, objects):
    return frame.seq, round(imu["ms"], 3), objects.seq


def test_a_file_that_is_read_as_fast_as_it_goes_has_no_time_to_join_by():
    with pytest.raises(ConfigError, match="read at its own pace"):
        Pipeline(graph({"imu": "10ms"}, cameras={"front": Scene(walk, lossless=True)}), engine="lockstep").start()


def test_a_partner_s_fault_is_the_stage_s():
    class Broken(Clockwork):
        def _read(self, timeout):
            raise OSError("unplugged")

    with Pipeline(graph({"imu": "10ms"}, imu=Broken()), engine="lockstep") as pipeline:
        pipeline.advance(0.5)
        assert pipeline.latest("fused").get().status.value == "fault"


def test_a_graph_says_it_and_reads_it_back():
    made = Graph(
        cameras={"front": "synthetic", "rear": "synthetic"},
        stages={"fused": {"input": "front", "sync": {"rear": "20ms"}, "call": with_objects}},
    )
    again = Graph.parse(made.to_yaml(), allow_code=True).stages["fused"].sync["rear"]
    assert (again.tolerance, again.by, again.gap) == (0.02, "nearest", "drop")
    assert "joined with rear" in made.to_text()
    assert "source1 -.-> stage0" in made.to_mermaid()
    assert made.needs("fused") == {"front", "rear"}


@pytest.mark.parametrize(
    ("sync", "words"),
    [
        ({"imo": "20ms"}, "did you mean 'imu'"),
        ({"front": "20ms"}, "another camera, sensor or stage"),
        ({"rear": {"tolerance": "20ms", "by": "interpolated"}}, "a sensor, or by: nearest"),
        ({"imu": {"by": "nearest"}}, "tolerance"),
        ({"imu": "soon"}, "duration"),
        ({"imu": {"tolerance": 1, "gap": "fill"}}, "drop or without"),
        ({"after": "20ms"}, "waits for 'fused' itself"),
        ("imu", "mapping"),
    ],
)
def test_a_wrong_word_is_named(sync, words):
    stages = {"after": {"input": "fused", "call": find}}
    with pytest.raises(ConfigError, match=words):
        graph(sync, stages=stages, cameras={"rear": "synthetic"})
