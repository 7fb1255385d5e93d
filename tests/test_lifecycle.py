"""How a live pipeline ends, and what one bad part does to the others: whatever hangs, raises or vanishes."""

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import tty

import numpy as np
import pytest

from edgeai import FAULT, FRESH, NEVER, DeviceError, DeviceLost, Graph, ModelError, Pipeline, run
from edgeai.driver import Camera, CameraOptions, Capture, DriverOptions, Output

SOON = 10.0
"""Seconds that anything may take on a busy machine before a test gives up."""
STOPPED = 2.0
"""Seconds that stop() may take on a busy machine; it aims at one."""


class Made(Camera):
    """A camera of the test's own making: `picture(n)` returns the n-th picture, or does whatever else it likes."""

    def __init__(self, picture, opened=lambda: None):
        super().__init__("made", CameraOptions())
        self._picture, self._opened, self._count = picture, opened, 0
        self.period = 10_000_000

    def _open(self):
        self._opened()

    def _read(self, timeout):
        self._count += 1
        return Capture(self._picture(self._count - 1))

    def _close(self):
        pass


class Written(Output):
    """An output of the test's own making."""

    def __init__(self, write, close=lambda: None, keeps="all"):
        super().__init__("written", DriverOptions())
        self._call, self._at_close, self.keeps = write, close, keeps

    def _open(self):
        pass

    def _write(self, result, frame):
        self._call(result)

    def _close(self):
        self._at_close()


def number(frame):
    return frame.seq


def black(n, size=(48, 64)):
    return np.zeros((*size, 3), np.uint8)


def graph(camera="synthetic:64x48?fps=50", stages=None, **more):
    return Graph(cameras={"cam": camera}, stages=stages or {"count": {"call": number}}, **more)


def until(condition):
    """Wait until something is so."""
    give_up = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < give_up, "it did not happen in time"
        time.sleep(0.005)


def timed_stop(pipeline):
    """Stop and return how long it took, in seconds."""
    began = time.monotonic()
    pipeline.stop()
    return time.monotonic() - began


def edgeai_threads():
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("edgeai")}


@pytest.fixture
def started():
    """Start a pipeline that is stopped at the end of the test, however that ends."""
    with contextlib.ExitStack() as running:
        yield lambda pipeline: running.enter_context(pipeline)


@pytest.fixture
def hanging():
    """A function that hangs until the test is over."""
    release = threading.Event()
    yield lambda *_: release.wait()
    release.set()
    until(lambda: not edgeai_threads())


# -- what hangs ----------------------------------------------------------------------------------------------------


def test_a_stage_that_hangs_is_abandoned_named_in_the_log_and_its_late_result_discarded(started, caplog):
    entered, release, published = threading.Event(), threading.Event(), []

    def hangs(frame):
        entered.set()
        release.wait()
        return "late"

    pipeline = Pipeline(graph(stages={"hangs": {"call": hangs}}))
    pipeline.on_result("hangs", published.append)
    started(pipeline)
    assert entered.wait(SOON)
    with caplog.at_level(logging.WARNING, "edgeai"):
        assert timed_stop(pipeline) < STOPPED
    assert "thread edgeai-lane-0 did not end in time and is abandoned" in caplog.text
    assert edgeai_threads() == {"edgeai-lane-0"}
    release.set()
    until(lambda: not edgeai_threads())
    assert pipeline.latest("hangs").get().status is NEVER
    assert published == []


def test_while_one_stage_hangs_its_stream_ages_and_a_stage_on_another_lane_works_on(hanging):
    stages = {"hangs": {"call": hanging}, "count": {"call": number}}
    with Pipeline(graph(stages=stages, schedule={"lanes": 2})) as pipeline:
        results = pipeline.stream("count")
        assert [next(results).stream for _ in range(3)] == ["count"] * 3
        assert pipeline.latest("hangs").get().status is NEVER


def test_a_camera_that_hangs_is_abandoned_and_named(started, caplog, hanging):
    entered = threading.Event()

    def picture(n):
        if n < 3:
            return black(n)
        entered.set()
        return hanging()

    pipeline = started(Pipeline(graph(Made(picture))))
    assert entered.wait(SOON)
    with caplog.at_level(logging.WARNING, "edgeai"):
        assert timed_stop(pipeline) < STOPPED
    assert "edgeai-source-cam" in caplog.text


def test_an_output_that_hangs_is_abandoned_and_named_and_the_others_are_flushed(started, caplog, hanging, tmp_path):
    entered = threading.Event()

    def hangs(result):
        entered.set()
        hanging()

    path = tmp_path / "out.jsonl"
    pipeline = started(Pipeline(graph(outputs={"hangs": Written(hangs), "log": f"jsonl:{path}"})))
    assert entered.wait(SOON)
    until(lambda: (pipeline.latest("count").get().value or 0) >= 5)
    with caplog.at_level(logging.WARNING, "edgeai"):
        assert timed_stop(pipeline) < STOPPED
    assert "thread edgeai-output-hangs did not end in time" in caplog.text
    assert "edgeai-output-log" not in caplog.text
    assert len(lines_of(path)) == pipeline.stats()["count"].delivered


def test_a_callback_on_fault_that_hangs_is_abandoned_and_named(started, caplog, hanging):
    entered = threading.Event()

    def hangs():
        entered.set()
        hanging()

    pipeline = started(Pipeline(graph(stages={"bad": {"call": lambda frame: 1 // 0}}), on_fault=hangs))
    assert entered.wait(SOON)
    with caplog.at_level(logging.WARNING, "edgeai"):
        assert timed_stop(pipeline) < STOPPED
    assert "edgeai-callbacks" in caplog.text


def test_a_slow_output_is_closed_in_time_and_what_it_could_not_write_is_counted(started, caplog):
    written, closed = [], threading.Event()

    def slow(result):
        time.sleep(0.1)
        written.append(result)

    camera = "synthetic:64x48?fps=200"
    pipeline = started(Pipeline(graph(camera, outputs={"slow": Written(slow, closed.set)})))
    until(lambda: pipeline.stats()["count"].delivered > 30)
    with caplog.at_level(logging.WARNING, "edgeai"):
        assert timed_stop(pipeline) < STOPPED
    assert closed.is_set()
    lost = pipeline.stats()["count"].delivered - len(written)
    assert f"output slow was too slow and lost {lost} results" in caplog.text


def test_at_the_end_of_a_clip_a_slow_output_gets_every_result():
    """What was computed is written, although it takes longer than stop() may take otherwise."""
    written = []

    def slow(result):
        time.sleep(0.05)
        written.append(result.seq)

    camera = {"driver": "synthetic", "size": "64x48", "frames": 30, "lossless": True}
    with Pipeline(graph(camera, outputs={"slow": Written(slow)})) as pipeline, pipeline.stream("count") as results:
        for _ in results:
            pass
    assert written == list(range(30))


def lines_of(path):
    """Return the lines of a JSON lines file, every one of them whole."""
    return [json.loads(line) for line in path.read_text().splitlines()]


# -- what raises ---------------------------------------------------------------------------------------------------


def faulted(pipeline, name):
    until(lambda: name in pipeline.faults)
    return pipeline.faults[name]


def test_a_stage_that_raises_calls_on_fault_once_and_the_other_streams_run_on():
    calls = []
    stages = {"bad": {"call": lambda frame: {}["missing"]}, "count": {"call": number}}
    with Pipeline(graph(stages=stages), on_fault=calls.append) as pipeline:
        until(lambda: pipeline.stats()["bad"].dropped.get("fault", 0) >= 5)
        assert pipeline.latest("bad").get().status is FAULT
        assert pipeline.latest("bad").get().why == "bad: KeyError: 'missing'"
        assert next(pipeline.stream("count")).stream == "count"
    assert [fault.name for fault in calls] == ["bad"]


def test_a_stage_that_calls_sys_exit_ends_nothing_but_its_own_results():
    stages = {"exits": {"call": lambda frame: sys.exit(3)}, "count": {"call": number}}
    with Pipeline(graph(stages=stages)) as pipeline:
        assert "sys.exit() was called" in str(faulted(pipeline, "exits"))
        assert next(pipeline.stream("count")).stream == "count"


def test_a_driver_that_raises_what_it_likes_is_a_device_that_fails():
    def picture(n):
        if n == 3:
            raise ZeroDivisionError("in the vendor's library")
        return black(n)

    with Pipeline(graph({"driver": Made(picture), "retry": "off"})) as pipeline:
        error = faulted(pipeline, "cam").error
        assert pipeline.wait(SOON)
    assert isinstance(error, DeviceError)
    assert isinstance(error.__cause__, ZeroDivisionError)
    assert str(error) == "cam failed: ZeroDivisionError: in the vendor's library"


def test_a_driver_that_cannot_be_opened_for_any_reason_ends_the_start_with_nothing_left_open(tmp_path):
    def broken():
        raise ZeroDivisionError("in the vendor's library")

    closed = threading.Event()
    output = Written(print, closed.set)
    with pytest.raises(DeviceError, match="cam failed: ZeroDivisionError: in the vendor's library"):
        Pipeline(graph(Made(black, broken), outputs={"log": output})).start()
    assert closed.is_set()
    assert edgeai_threads() == set()


@pytest.mark.parametrize(
    ("wrong", "described"),
    [
        (np.zeros((32, 64, 3), np.uint8), r"shape \(32, 64, 3\), uint8"),
        (np.zeros((48, 64, 3), np.float32), r"shape \(48, 64, 3\), float32"),
        (np.zeros((48, 64, 4), np.uint8), r"shape \(48, 64, 4\), uint8"),
        (None, "NoneType"),
    ],
)
def test_a_picture_of_another_size_or_type_than_announced_is_a_fault_that_says_both(wrong, described):
    with Pipeline(graph(Made(lambda n: wrong if n == 3 else black(n)))) as pipeline:
        error = faulted(pipeline, "cam").error
        until(lambda: pipeline.latest("count").get().status is FAULT)
    with pytest.raises(DeviceError, match=rf"cam announced pictures of shape \(48, 64, 3\).*delivered {described}"):
        raise error


def test_a_result_still_on_its_way_when_its_camera_fails_does_not_make_the_stream_fresh():
    computing, failed = threading.Event(), threading.Event()

    def picture(n):
        if n == 0:
            return black(n)
        assert computing.wait(SOON)
        raise OSError("unplugged")

    def slow(frame):
        computing.set()
        assert failed.wait(SOON)
        return frame.seq

    with Pipeline(graph(Made(picture), {"slow": {"call": slow}}), on_fault=failed.set) as pipeline:
        until(lambda: pipeline.stats()["slow"].delivered == 1)
        seen = pipeline.latest("slow").get()
    assert (seen.status, seen.value) == (FAULT, 0)
    assert "unplugged" in seen.why


def test_run_yields_what_there_was_and_then_raises_what_ended_it(assets, tmp_path):
    whole = (assets / "video" / "one-by-one-person-detection.mp4").read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[:200_000])
    seqs = []
    with pytest.raises(DeviceError, match="damaged or cut short"):
        seqs.extend(result.seq for result in run(str(cut), _small(assets), lossless=True, threads=1))
    assert seqs
    assert seqs == list(range(len(seqs)))


def test_results_that_are_not_finite_never_reach_a_motor_and_are_null_in_a_file(tmp_path):
    controller, port = os.openpty()
    tty.setraw(port)
    outputs = {"motors": f"serial:{os.ttyname(port)}", "log": f"jsonl:{tmp_path / 'out.jsonl'}"}
    received = threading.Event()
    stages = {"steer": {"call": lambda frame: {"steering": float("nan") if received.is_set() else 0.25}}}
    try:
        with Pipeline(graph(stages=stages, outputs=outputs)) as pipeline:
            sent = os.read(controller, 1)
            received.set()
            fault = faulted(pipeline, "motors")
        os.set_blocking(controller, False)
        with contextlib.suppress(BlockingIOError):
            sent += os.read(controller, 65536)
        sent = sent.decode()
    finally:
        os.close(controller)
        os.close(port)
    assert "steering of steer is nan, which is not sent: look at the stage that computes it" in str(fault)
    assert "0.25" in sent
    assert "nan" not in sent.lower()
    written = [line["value"]["steering"] for line in lines_of(tmp_path / "out.jsonl")]
    assert written[:1] == [0.25]
    assert written[-1] is None


def test_a_model_that_returns_nan_is_a_fault_and_no_result(assets, tmp_path):
    bad = _with_nan(assets / "models" / "mlperf_ic_resnet8_fp32.tflite", tmp_path / "bad.tflite")
    stage = {"model": str(bad), "task": "classification", "mean": 0, "std": 255, "threads": 1}
    with Pipeline(graph(stages={"classes": stage})) as pipeline:
        error = faulted(pipeline, "classes").error
        assert pipeline.latest("classes").get().status is FAULT
        assert pipeline.latest("classes").get().value is None
    with pytest.raises(ModelError, match="scores hold NaN or infinity: check the normalisation"):
        raise error


def test_a_serial_port_that_vanishes_is_a_lost_device_and_the_pipeline_runs_on():
    controller, port = os.openpty()
    tty.setraw(port)
    with Pipeline(graph(outputs={"motors": f"serial:{os.ttyname(port)}"})) as pipeline:
        assert os.read(controller, 1)
        os.close(port)
        os.close(controller)
        error = faulted(pipeline, "motors").error
        assert next(pipeline.stream("count")).stream == "count"
    assert isinstance(error, DeviceLost)
    assert "plug it back in, or look at its cable and its power" in str(error)


def test_a_serial_sensor_that_vanishes_is_a_fault_and_its_last_reading_stays():
    controller, port = os.openpty()
    tty.setraw(port)
    sensors = {"imu": {"driver": "serial_lines", "port": os.ttyname(port), "columns": ["ax:m/s2", "ay:m/s2"]}}
    with Pipeline(graph(sensors=sensors)) as pipeline:
        os.write(controller, b"half a li\n1.0,2.0\n")
        until(lambda: pipeline.latest("imu").get().status is FRESH)
        os.close(port)
        os.close(controller)
        until(lambda: pipeline.latest("imu").get().status is FAULT)
        assert pipeline.latest("imu").get().value["ay"] == 2.0


def test_a_full_disk_is_a_fault_that_says_so_and_the_other_outputs_go_on(tmp_path):
    path = tmp_path / "out.jsonl"
    with Pipeline(graph(outputs={"full": "jsonl:/dev/full", "log": f"jsonl:{path}"})) as pipeline:
        fault = faulted(pipeline, "full")
        until(lambda: len(lines_of(path)) > 3)
    assert "the disk is full: free some space or write elsewhere" in str(fault)


def test_a_disk_that_fills_keeps_whole_lines(tmp_path):
    """A process may be allowed so many bytes a file: it meets what a full disk answers."""
    path = tmp_path / "out.jsonl"
    program = f"""
import resource, signal, edgeai
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, resource.RLIM_INFINITY))
camera = {{"driver": "synthetic", "size": "64x48", "frames": 100, "lossless": True}}
outputs = {{"log": "jsonl:{path}"}}
graph = edgeai.Graph(cameras={{"cam": camera}}, stages={{"n": {{"call": lambda f: f.seq}}}}, outputs=outputs)
with edgeai.Pipeline(graph) as pipeline:
    pipeline.wait(10)
print(pipeline.faults["log"])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert "log cannot write" in done.stdout
    assert "what was written is readable" in done.stdout
    assert path.stat().st_size <= 5000
    assert [line["seq"] for line in lines_of(path)] == list(range(len(lines_of(path))))
    assert len(lines_of(path)) > 5


# -- how it is stopped ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["on_result", "on_fault", "every", "output", "call"])
def test_stop_may_be_called_from_anywhere(started, where, caplog):
    stopped = threading.Event()

    def stop(*_):
        pipeline.stop()
        stopped.set()

    def bad(frame):
        raise ValueError

    stages = {"count": {"call": stop if where == "call" else bad if where == "on_fault" else number}}
    outputs = {"own": Written(stop)} if where == "output" else None
    pipeline = Pipeline(graph(stages=stages, outputs=outputs), on_fault=stop if where == "on_fault" else None)
    if where == "on_result":
        pipeline.on_result("count", stop)
    started(pipeline)
    if where == "every":
        pipeline.every(0.01, stop)
    assert stopped.wait(SOON)
    until(lambda: not edgeai_threads())
    pipeline.stop()
    assert pipeline.finished
    assert caplog.text == ""
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_stop_before_start_and_twice_is_no_harm():
    pipeline = Pipeline(graph())
    pipeline.stop()
    pipeline.stop()
    assert pipeline.finished


def test_an_exception_in_the_with_block_stops_the_pipeline_and_is_passed_on():
    with pytest.raises(KeyError), Pipeline(graph()) as pipeline:
        raise KeyError("the program's own")
    assert pipeline.finished
    assert edgeai_threads() == set()


def test_a_reader_that_waits_for_a_result_is_released_by_stop(started, hanging):
    pipeline = started(Pipeline(graph(stages={"hangs": {"call": hanging}})))
    results, read = pipeline.stream("hangs"), []
    reader = threading.Thread(target=lambda: read.extend(results))
    reader.start()
    pipeline.stop()
    reader.join(SOON)
    assert not reader.is_alive()
    assert read == []


def test_rate_ends_with_the_pipeline():
    camera = {"driver": "synthetic", "size": "64x48", "fps": 100, "frames": 10}
    with Pipeline(graph(camera)) as pipeline:
        ticks = list(pipeline.rate(200))
    assert ticks
    assert [tick.n for tick in ticks] == sorted({tick.n for tick in ticks})


def test_a_pipeline_of_sensors_alone_ends_when_they_do(tmp_path):
    log = tmp_path / "log.csv"
    log.write_text("time,ax\n" + "".join(f"{i / 100},{i}\n" for i in range(20)))
    sensors = {"imu": {"driver": "csv_log", "path": str(log), "time_column": "time:s"}}
    stages = {"ax": {"input": "imu", "call": lambda reading: reading["ax"]}}
    with Pipeline(Graph(sensors=sensors, stages=stages)) as pipeline:
        assert pipeline.wait(SOON)
        assert pipeline.latest("ax").get().value == 19


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_python_program_with_its_outputs_flushed(number, tmp_path):
    program = f"""
import edgeai
camera = {{"driver": "synthetic", "size": "64x48", "fps": 50}}
outputs = {{"log": "jsonl:{tmp_path}/out.jsonl", "video": "video:{tmp_path}/out.mp4"}}
graph = edgeai.Graph(cameras={{"cam": camera}}, stages={{"n": {{"call": lambda frame: frame.seq}}}}, outputs=outputs)
try:
    with edgeai.Pipeline(graph) as pipeline:
        for result in pipeline.stream("n"):
            print(result.seq, flush=True)
finally:
    print("released", pipeline.stats()["n"].delivered, flush=True)
"""
    running = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    for _ in range(20):
        assert running.stdout.readline()
    running.send_signal(number)
    output, errors = running.communicate(timeout=SOON)
    assert running.returncode == {signal.SIGTERM: 128 + signal.SIGTERM, signal.SIGINT: -signal.SIGINT}[number]
    assert "Traceback" not in errors or number == signal.SIGINT
    word, delivered = output.splitlines()[-1].split()
    assert word == "released"
    assert len(lines_of(tmp_path / "out.jsonl")) == int(delivered)
    assert frames_of(tmp_path / "out.mp4") >= 20


def test_a_program_s_own_sigterm_handler_is_left_alone():
    def own(number, frame):
        pass

    before = signal.signal(signal.SIGTERM, own)
    try:
        with Pipeline(graph()):
            assert signal.getsignal(signal.SIGTERM) is own
        assert signal.getsignal(signal.SIGTERM) is own
    finally:
        signal.signal(signal.SIGTERM, before)


def frames_of(path):
    """Return how many pictures of a video can be decoded."""
    import cv2

    video = cv2.VideoCapture(str(path))
    count = 0
    while video.read()[0]:
        count += 1
    video.release()
    return count


def _small(assets):
    return str(assets / "models" / "mobilenet_v1_0.25_128_quant.tflite")


def _with_nan(model, copy):
    """Copy a float classifier of ten classes with its last bias made NaN."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(model))
    interpreter.allocate_tensors()
    (bias,) = (t["index"] for t in interpreter.get_tensor_details() if tuple(t["shape"]) == (10,))
    data, old = model.read_bytes(), interpreter.get_tensor(bias).tobytes()
    assert data.count(old) == 1
    copy.write_bytes(data.replace(old, np.full(10, np.nan, np.float32).tobytes()))
    return copy
