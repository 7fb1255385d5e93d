"""The pipeline as its users hold it: newest results, streams, faults, chains; in virtual time where time matters."""

import asyncio
import math
import threading

import pytest

from edgeai import FAULT, FRESH, NEVER, STALE, ConfigError, Graph, Pipeline
from edgeai.runtime.taps import Tap


def number(frame):
    return frame.seq


def graph(stages=None, camera="synthetic:64x48?fps=20", **more):
    return Graph(cameras={"cam": camera}, stages=stages or {"count": {"call": number}}, **more)


def lockstep(stages=None, **options):
    return Pipeline(graph(stages), engine="lockstep", **options)


class Trace(Tap):
    """Every decision, as text."""

    def __init__(self):
        self.lines = []

    def decided(self, event, commands):
        self.lines.append(f"{event} -> {commands}")


# -- the newest result ---------------------------------------------------------------------------------------------


def test_before_the_first_result_a_stream_is_never():
    with lockstep() as pipeline:
        seen = pipeline.latest("count").get()
    assert (seen.status, seen.value, seen.age) == (NEVER, None, math.inf)
    assert "count" in seen.why


def test_a_result_is_fresh_then_stale_by_its_age_since_capture():
    with lockstep(durations={"count": 0.02}) as pipeline:
        count = pipeline.latest("count")
        pipeline.advance(0.03)
        fresh, stale = count.get(max_age=0.05), count.get(max_age=0.01)
    assert (fresh.status, fresh.value) == (FRESH, 0)
    assert fresh.age == pytest.approx(0.03)
    assert (stale.status, stale.value) == (STALE, 0)
    assert "30 ms" in stale.why


def test_a_stage_that_raises_is_a_fault_with_its_cause_and_the_others_run_on():
    def breaks_at_three(frame):
        if frame.seq == 3:
            raise ValueError("three is too many")
        return frame.seq

    faults = []
    stages = {"breaks": {"call": breaks_at_three}, "count": {"call": number}}
    with lockstep(stages, on_fault=faults.append, durations={"breaks": 0.001, "count": 0.001}) as pipeline:
        pipeline.advance(0.17)
        seen, other = pipeline.latest("breaks").get(), pipeline.latest("count").get()
        assert (seen.status, seen.value) == (FAULT, 2)
        assert "three is too many" in seen.why
        assert (other.status, other.value) == (FRESH, 3)
        pipeline.advance(0.1)
        assert pipeline.latest("breaks").get().status is FRESH
    assert [str(fault) for fault in faults] == ["breaks: ValueError: three is too many"]
    assert pipeline.stats()["breaks"].dropped["fault"] == 1


def test_on_fault_is_called_on_the_edge_and_again_after_recovery():
    def breaks_at_times(frame):
        if frame.seq in (2, 3, 4, 7):
            raise RuntimeError(f"frame {frame.seq}")
        return frame.seq

    stops = []
    with lockstep({"s": {"call": breaks_at_times}}, on_fault=lambda: stops.append(1)) as pipeline:
        pipeline.advance(0.5)
    assert len(stops) == 2


def test_a_camera_s_fault_reaches_every_stage_that_depends_on_it(tmp_path):
    (tmp_path / "a.png").write_bytes(b"no picture")
    stages = {"first": {"call": number, "input": "bad"}, "second": {"input": "first", "call": number}}
    broken = Graph(cameras={"bad": f"images:{tmp_path}", "good": "synthetic"}, stages=stages)
    with Pipeline(broken, engine="lockstep") as pipeline:
        pipeline.advance(0.5)
        assert pipeline.latest("first").get().status is FAULT
        assert pipeline.latest("second").get().status is FAULT
        assert "bad" in pipeline.faults


def test_names_that_do_not_exist_are_answered_with_those_that_do():
    with lockstep() as pipeline, pytest.raises(ConfigError, match="did you mean 'count'"):
        pipeline.latest("cuont")


# -- results -------------------------------------------------------------------------------------------------------


def test_a_result_carries_its_ledger_from_capture_to_publication():
    with lockstep(durations={"count": 0.015}) as pipeline:
        result = next(pipeline.stream("count"))
    assert [(name, mark) for name, mark, _ in result.ledger] == [
        ("cam", "captured"),
        ("cam", "arrived"),
        ("count", "started"),
        ("count", "called"),
        ("count", "published"),
    ]
    assert result.latency == pytest.approx(0.015)
    assert result.inputs == (("cam", 0),)


def test_a_chained_stage_continues_the_ledger_and_names_the_same_inputs():
    stages = {"count": {"call": number}, "double": {"input": "count", "call": lambda result: result.value * 2}}
    with lockstep(stages, durations={"count": 0.01, "double": 0.005}) as pipeline:
        results = [next(pipeline.stream("double")) for _ in range(3)]
    assert results[2].value == results[2].seq * 2
    assert results[2].inputs == (("cam", results[2].seq),)
    assert results[2].latency == pytest.approx(0.015)
    marks = [mark for _, mark, _ in results[2].ledger]
    assert marks == ["captured", "arrived", "started", "called", "published", "started", "called", "published"]


def test_a_slow_stage_looks_at_the_newest_frame_and_every_frame_is_accounted_for():
    with lockstep(durations={"count": 0.170}) as pipeline:
        pipeline.advance(10)
        stats = pipeline.stats()["count"]
    assert stats.ready == 201
    assert stats.ready == stats.delivered + sum(stats.dropped.values()) + stats.in_flight
    assert set(stats.dropped) == {"superseded"}
    assert stats.delivered == pytest.approx(10 / 0.2, abs=10)


def test_a_rate_leaves_frames_out_on_purpose():
    with lockstep({"s": {"call": number, "rate": "5fps"}}) as pipeline:
        pipeline.advance(9.99)
        stats = pipeline.stats()["s"]
    assert (stats.delivered, stats.missed) == (50, 0)
    assert stats.dropped == {"rate": 150}


def test_a_rate_that_the_camera_does_not_reach_is_refused():
    slow = graph({"s": {"call": number, "rate": ["25fps", "30fps"]}})
    with pytest.raises(ConfigError, match=r"stages\.s\.rate: found at least 25 a second.*cam gives 20 a second"):
        Pipeline(slow, engine="lockstep").start()


def test_a_stream_ends_with_its_source():
    with Pipeline(graph(camera={"driver": "synthetic", "frames": 7}), engine="lockstep") as pipeline:
        assert [result.seq for result in pipeline.stream("count")] == list(range(7))


def test_virtual_time_that_is_over_is_said_to_be():
    with Pipeline(graph(camera={"driver": "synthetic", "frames": 3}), engine="lockstep") as pipeline:
        assert pipeline.advance(0.05)
        assert not pipeline.finished
        assert not pipeline.advance(1)
        assert pipeline.finished


def test_frames_come_with_their_results_where_asked_for():
    with lockstep() as pipeline:
        result, frame = next(pipeline.stream("count", frames=True))
    assert (frame.seq, frame.image.shape) == (result.seq, (48, 64, 3))


@pytest.mark.parametrize("engine", ["live", "lockstep"])
def test_a_lossless_source_loses_nothing_however_slow_its_stages(engine):
    stages = {"count": {"call": number}, "double": {"input": "count", "call": lambda result: result.value * 2}}
    camera = {"driver": "synthetic", "frames": 60, "lossless": True}
    durations = {"count": 0.001, "double": 0.3}
    pipeline = Pipeline(graph(stages, camera), engine=engine, durations=durations)
    with pipeline.stream("double") as results, pipeline:
        assert [result.value for result in results] == [2 * i for i in range(60)]
        stats = pipeline.stats()
    assert [(s.delivered, s.dropped) for s in stats.values()] == [(60, {}), (60, {})]


def test_a_lossless_pipeline_waits_for_its_reader():
    camera = {"driver": "synthetic", "frames": 200, "lossless": True}
    pipeline = Pipeline(graph(camera=camera))
    with pipeline.stream("count", depth=2) as results, pipeline:
        assert [result.seq for result in results] == list(range(200))
        assert results.missed == 0


def test_a_function_may_continue_a_sensor(assets):
    log = str(assets / "sensors" / "imu_100hz.csv")
    both = Graph(
        sensors={"imu": f"csv_log:{log}"}, stages={"length": {"input": "imu", "call": lambda r: len(r.values)}}
    )
    with Pipeline(both, engine="lockstep", durations={"length": 0.001}) as pipeline:
        pipeline.advance(1)
        reading = pipeline.latest("imu").get().value
        assert pipeline.latest("length").get().value == len(reading.values)
        history = pipeline.history("imu", 0.5)
    assert 45 <= len(history) <= 52
    assert history[-1] is reading


# -- time ----------------------------------------------------------------------------------------------------------


def test_rate_ticks_on_the_virtual_clock():
    with lockstep() as pipeline:
        ticks = [tick for tick, _ in zip(pipeline.rate(100), range(30), strict=False)]
    assert [tick.t for tick in ticks] == [(i + 1) * 10_000_000 for i in range(30)]


def test_every_calls_at_its_period():
    times = []
    with lockstep() as pipeline:
        pipeline.every(0.25, lambda: times.append(pipeline.clock.now()))
        pipeline.advance(1)
    assert times == [250_000_000, 500_000_000, 750_000_000, 1_000_000_000]


def test_ten_runs_in_virtual_time_make_the_same_decisions():
    stages = {
        "a": {"call": number, "deadline": "60ms", "rate": "15fps"},
        "b": {"call": number, "deadline": "90ms"},
        "c": {"input": "a", "call": number},
    }
    traces = set()
    for _ in range(10):
        trace = Trace()
        with lockstep(stages, durations={"a": 0.03, "b": 0.04, "c": 0.01}, taps=[trace]) as pipeline:
            pipeline.advance(5)
        traces.add("\n".join(trace.lines))
    assert len(traces) == 1
    assert len(traces.pop()) > 10_000


def test_added_latency_lengthens_a_stage():
    with lockstep({"s": {"call": number, "added_latency": "400ms"}}, durations={"s": 0.01}) as pipeline:
        assert next(pipeline.stream("s")).latency == pytest.approx(0.41)


# -- live ----------------------------------------------------------------------------------------------------------


def edgeai_threads():
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("edgeai")]


def test_no_thread_outlives_stop():
    with Pipeline(graph(outputs={"log": lambda result: None})) as pipeline:
        next(pipeline.stream("count"))
        assert edgeai_threads()
    assert edgeai_threads() == []


def test_callbacks_get_every_result_and_are_done_when_stop_returns():
    got = []
    pipeline = Pipeline(graph(camera={"driver": "synthetic", "frames": 20, "lossless": True}))
    pipeline.on_result("count", lambda result: got.append(result.value))
    with pipeline:
        assert pipeline.wait(10)
    assert got == list(range(20))


def test_a_callback_may_ask_for_the_frames():
    got = []
    pipeline = Pipeline(graph(camera={"driver": "synthetic", "frames": 3, "lossless": True}))
    pipeline.on_result("count", lambda result, frame: got.append((result.seq, frame.seq)), frames=True)
    with pipeline:
        assert pipeline.wait(10)
    assert got == [(0, 0), (1, 1), (2, 2)]


def test_a_callback_that_raises_is_a_fault_of_its_own():
    faulted = threading.Event()
    pipeline = Pipeline(graph(), on_fault=lambda fault: faulted.set())
    pipeline.on_result("count", lambda result: 1 // 0)
    with pipeline:
        assert faulted.wait(5)
        assert pipeline.latest("count").get().status is FRESH
    (fault,) = pipeline.faults.values()
    assert isinstance(fault.error, ZeroDivisionError)


def test_results_can_be_awaited():
    async def first(n):
        with Pipeline(graph()) as pipeline:
            seqs = []
            async for result in pipeline.stream("count"):
                seqs.append(result.seq)
                if len(seqs) == n:
                    return seqs
        return None

    seqs = asyncio.run(first(3))
    assert len(seqs) == 3
    assert seqs == sorted(set(seqs))


def test_a_pipeline_is_started_once():
    pipeline = lockstep()
    with pipeline:
        pass
    with pytest.raises(ConfigError, match="started before"):
        pipeline.start()


def test_one_reader_of_two_lossless_streams_is_never_left_asleep():
    stages = {"b": {"call": number}, "a": {"call": number}}
    pipeline = Pipeline(graph(stages, {"driver": "synthetic", "frames": 300, "lossless": True}))
    with pipeline.stream("a", depth=64) as a, pipeline.stream("b", depth=1) as b, pipeline:
        pairs = [(one.seq, other.seq) for one, other in zip(a, b, strict=True)]
    assert pairs == [(i, i) for i in range(300)]


# -- pauses --------------------------------------------------------------------------------------------------------


def test_a_paused_pipeline_publishes_nothing_and_misses_nothing():
    with lockstep(durations={"count": 0.01}) as pipeline:
        pipeline.advance(1.02)
        before = pipeline.stats()["count"]
        pipeline.pause()
        pipeline.advance(1.0)
        paused = pipeline.stats()["count"]
        assert pipeline.paused
        pipeline.resume()
        pipeline.advance(1.0)
        after = pipeline.stats()["count"]
    assert (paused.delivered - before.delivered, paused.missed) == (0, 0)
    assert paused.dropped["paused"] == 20
    assert after.delivered == paused.delivered + 20
    assert not pipeline.paused


def test_a_pause_comes_after_start():
    with pytest.raises(ConfigError, match="started"):
        lockstep().pause()
