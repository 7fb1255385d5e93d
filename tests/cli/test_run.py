"""`edgeai run`, as a stranger uses it: what it writes, how it ends, and what it says to bad input."""

import itertools
import json
import random
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SOON = 20.0
"""Seconds that a run of a moment may take on a busy machine."""
CAMERA = "synthetic:64x48?fps=50"


@pytest.fixture
def detector(assets):
    return str(assets / "models" / "coco_ssd_mobilenet_v1_quant.tflite")


@pytest.fixture
def classifier(assets):
    return str(assets / "models" / "mobilenet_v1_0.25_128_quant.tflite")


@pytest.fixture
def clip(assets):
    return str(assets / "video" / "one-by-one-person-detection.mp4")


def start(*arguments, **options):
    """Start the command line as a process of its own."""
    command = [
        sys.executable,
        "-c",
        "from edgeai.cli import main; main()",
        "run",
        "--threads",
        "1",
        *map(str, arguments),
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def lines_of(path):
    """Return the lines of a JSON lines file, every one of them whole."""
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def until(condition):
    """Wait until something is so."""
    give_up = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < give_up, "it did not happen in time"
        time.sleep(0.01)


def frames_of(path):
    """Return how many pictures of a video can be decoded."""
    import cv2

    video = cv2.VideoCapture(str(path))
    count = sum(1 for _ in itertools.takewhile(lambda _: video.grab(), itertools.count()))
    video.release()
    return count


# -- what it writes ------------------------------------------------------------------------------------------------


def test_it_finds_the_people_of_a_clip_and_writes_a_line_a_result(edgeai, clip, detector):
    """Somebody walks through the picture from about frame 50 of the clip on."""
    code, out, _ = edgeai(
        "run", "--source", clip, "--model", detector, "--output", "jsonl:out.jsonl", "--lossless", "--frames", 110
    )
    assert (code, out) == (0, "")
    lines = lines_of("out.jsonl")
    assert [line["seq"] for line in lines] == list(range(110))
    for before, line in itertools.pairwise(lines):
        assert line["stream"] == "results"
        assert line["stamp"] > before["stamp"]
        assert [mark for _, mark, _ in line["ledger"]] == [
            "captured", "arrived", "started", "preprocessed", "invoked", "decoded", "published",
        ]  # fmt: skip
        times = [t for _, _, t in line["ledger"]]
        assert times == sorted(times)
        assert line["latency"] == pytest.approx(times[-1] / 1e9)
    found = [detection for line in lines for detection in line["detections"]]
    for detection in found:
        left, top, right, bottom = detection["box"]
        assert left < right
        assert top < bottom
        assert 0 < (left + right) / 2 < 768
        assert 0 < (top + bottom) / 2 < 432
        assert 0 < detection["score"] <= 1
    with_people = [line["seq"] for line in lines if any(d["label"] == "person" for d in line["detections"])]
    assert len(with_people) > 20


def test_frames_seconds_and_quiet(edgeai, classifier):
    _, _, err = edgeai("run", "--source", CAMERA, "--model", classifier, "--output", "jsonl:a.jsonl", "--frames", 7)
    assert 0 < len(lines_of("a.jsonl")) <= 7
    assert re.search(r"results .* 7 ", err)
    code, out, err = edgeai(
        "run", "--source", CAMERA, "--model", classifier, "--output", "jsonl:b.jsonl", "--seconds", 0.5, "-q"
    )
    assert (code, out, err) == (0, "", "")
    assert 1 <= len(lines_of("b.jsonl")) <= 26


def test_lossless_gives_every_frame_and_the_summary_says_so(edgeai, clip, classifier):
    source = f"{Path(clip).parent / 'bottle-detection.mp4'}"
    code, _, err = edgeai("run", "--source", source, "--model", classifier, "--output", "jsonl:out.jsonl", "--lossless")
    lines = lines_of("out.jsonl")
    assert code == 0
    assert [line["seq"] for line in lines] == list(range(frames_of(source)))
    assert f"{len(lines)}" in err
    assert "none" in err


def test_a_run_without_stages_says_what_was_captured(edgeai, tmp_path):
    cameras = f"cameras: {{front: '{CAMERA}&lossless=true'}}"
    (tmp_path / "send.yaml").write_text(f"{cameras}\noutputs: {{seen: 'jsonl:seen.jsonl'}}\n")
    code, _, err = edgeai("run", "send.yaml", "--frames", 5)
    assert code == 0
    assert "front: 5 captures, 0 lost" in err
    assert "latency" not in err


def test_a_port_of_another_device_is_found_missing_with_its_line(edgeai, tmp_path):
    lines = ["cameras: {front: synthetic}", "sensors: {gps: 'nmea:/dev/ttyS0'}", "outputs: {out: 'serial:sensor:gsp'}"]
    (tmp_path / "robot.yaml").write_text("\n".join(lines))
    code, _, err = edgeai("check", "robot.yaml")
    assert code == 2
    assert "robot.yaml:3: outputs.out.port: found 'sensor:gsp'" in err
    assert "did you mean 'sensor:gps'?" in err
    (tmp_path / "robot.yaml").write_text("\n".join([lines[0], "sensors: {gps: 'nmea:sensor:wheels'}"]))
    assert "robot.yaml:2: sensors.gps.port: found 'sensor:wheels'" in edgeai("check", "robot.yaml")[2]


def test_results_on_standard_output_are_json_and_nothing_else(edgeai, classifier):
    code, out, err = edgeai("run", "--source", CAMERA, "--model", classifier, "--output", "jsonl:-", "--frames", 3)
    assert code == 0
    seqs = [json.loads(line)["seq"] for line in out.splitlines()]
    assert 1 <= len(seqs) <= 3  # a busy machine lets a newer frame supersede one
    assert seqs == sorted(set(seqs))
    assert "latency" in err


def test_several_outputs_of_one_kind_are_each_written(edgeai, classifier):
    outputs = ["--output", "jsonl:a.jsonl", "--output", "jsonl:b.jsonl", "--output", "video:c.mp4"]
    assert edgeai("run", "--source", CAMERA, "--model", classifier, "--frames", 9, *outputs)[0] == 0
    assert Path("a.jsonl").read_bytes() == Path("b.jsonl").read_bytes()
    assert frames_of("c.mp4") >= 9


# -- how it ends ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_order_with_files_complete(number, tmp_path, clip, detector):
    log, video = tmp_path / "out.jsonl", tmp_path / "out.mp4"
    running = start("--source", clip, "--model", detector, "--output", f"jsonl:{log}", "--output", f"video:{video}")
    until(lambda: log.exists() and log.read_text().count("\n") > 8)
    began = time.monotonic()
    running.send_signal(number)
    out, err = running.communicate(timeout=SOON)
    assert time.monotonic() - began < 4
    assert (running.returncode, out) == (0, "")
    assert "Traceback" not in err
    assert "abandoned" not in err
    lines = lines_of(log)
    assert [line["seq"] for line in lines] == sorted({line["seq"] for line in lines})
    assert frames_of(video) >= len(lines)


def test_a_signal_ends_it_although_a_function_hangs(tmp_path, classifier):
    (tmp_path / "mine.py").write_text("import time\ndef stuck(result):\n    time.sleep(1000)\n")
    stages = {"results": {"model": classifier}, "stuck": {"input": "results", "call": "mine:stuck"}}
    outputs = {"log": {"driver": "jsonl", "path": str(tmp_path / "out.jsonl"), "stages": ["results"]}}
    graph = {"cameras": {"cam": CAMERA}, "stages": stages, "outputs": outputs}
    (tmp_path / "g.yaml").write_text(json.dumps(graph))
    command = [
        sys.executable,
        "-c",
        "from edgeai.cli import main; main()",
        "run",
        str(tmp_path / "g.yaml"),
        "--allow-code",
    ]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until(lambda: (tmp_path / "out.jsonl").exists() and (tmp_path / "out.jsonl").read_text().count("\n") > 0)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=SOON)
    assert running.returncode == 0
    assert "thread edgeai-lane-0 did not end in time and is abandoned" in err
    assert "Traceback" not in err
    assert lines_of(tmp_path / "out.jsonl")


@pytest.mark.parametrize("output", ["jsonl:-", "console"])
def test_a_reader_that_leaves_ends_it_quietly(output, clip, classifier):
    """As in `edgeai run ... | head -1`."""
    running = start("--source", clip, "--model", classifier, "--output", output, "--quiet")
    first = running.stdout.readline()
    running.stdout.close()
    err = running.stderr.read()
    assert running.wait(SOON) == 0
    assert "results" in first
    assert [line for line in err.splitlines() if not line.startswith("INFO: Created")] == []
    running.stderr.close()


def test_a_reader_that_pauses_does_not_hold_it_up(classifier):
    """Lines that nobody takes are dropped; those that are read are whole."""
    source = "synthetic:64x48?fps=200"
    running = start("--source", source, "--model", classifier, "--output", "jsonl:-", "--seconds", "2", "--quiet")
    assert select.select([running.stdout], [], [], SOON)[0]
    out, _ = running.communicate(timeout=SOON)
    assert running.returncode == 0
    assert all(json.loads(line) for line in out.splitlines())


# -- bad input: configuration, exit code 2 -------------------------------------------------------------------------

CONFIG = {
    "an unknown driver": (["--source", "vl42:/dev/video0"], "did you mean 'v4l2'?"),
    "an unknown option": (["--source", "synthetic?sise=64x48"], "did you mean 'size'?"),
    "a value that is none": (["--source", "synthetic?fps=many"], "fps"),
    "an empty source": (["--source", ""], "cameras.camera"),
    "a model that is not there": (["--model", "mobilnet.tflite"], "found no file 'mobilnet.tflite'"),
    "an empty model": (["--model", ""], "stages.results.model"),
    "an unknown output": (["--output", "jsnol"], "did you mean 'jsonl'?"),
    "an output without its path": (["--output", "jsonl"], "outputs.jsonl: found path: nothing"),
    "a video of no known kind": (["--output", "video:out.txt"], "a file that ends in .mp4"),
    "a deadline that is none": (["--deadline", "soon"], "stages.results.deadline: found 'soon'"),
    "a rate below zero": (["--rate", "-5"], "stages.results.rate"),
    "threads that are none": (["--threads", "many"], "stages.results.threads: found 'many'"),
    "a score beyond one": (["--score", "7"], "stages.results.score: found 7.0"),
    "unknown numerics": (["--numerics", "exact"], "stages.results.numerics"),
    "a latency that is none": (["--added-latency", "x"], "--added-latency: found 'x', expected a duration"),
    "frames below one": (["--frames", "0"], "--frames"),
    "an option that is none": (["--modle", "x"], "--modle"),
}


@pytest.mark.parametrize("arguments", CONFIG.values(), ids=CONFIG)
def test_a_wrong_option_is_a_sentence_and_exit_code_2(arguments, edgeai, classifier):
    wrong, sentence = arguments
    defaults = {"--source": CAMERA, "--model": classifier} | {"--frames": "1"}
    for option in wrong[::2]:
        defaults.pop(option, None)
    code, out, err = edgeai("run", *itertools.chain(*defaults.items()), *wrong)
    assert (code, out) == (2, "")
    assert sentence in err


GRAPHS = {
    "no file": (None, "no such file"),
    "no YAML": ("stages: [", "g.yaml:1"),
    "nothing": ("", "g.yaml"),
    "an unknown key": ("cameras: {a: synthetic}\nstagse: {}\n", "g.yaml:2: stagse: found an unknown key"),
    "an unknown stage": (
        "cameras: {a: synthetic}\nstages:\n  b: {input: a, model: M}\n  c: {input: bb, model: M}\n",
        "g.yaml:4: stages.c.input",
    ),
    "code": ("cameras: {a: synthetic}\nstages: {b: {call: 'os:getcwd'}}\n", "--allow-code"),
}


@pytest.mark.parametrize("graph", GRAPHS.values(), ids=GRAPHS)
def test_a_wrong_graph_is_a_sentence_with_file_and_line_and_exit_code_2(graph, edgeai, classifier):
    text, sentence = graph
    if text is not None:
        Path("g.yaml").write_text(text.replace("M", classifier))
    code, _, err = edgeai("run", "g.yaml", "--frames", 1)
    assert code == 2
    assert sentence in err


def test_all_mistakes_are_told_at_once(edgeai, classifier):
    code, _, err = edgeai(
        "run", "--source", "synthetic?fps=many", "--model", classifier, "--deadline", "soon", "--score", 7
    )
    assert code == 2
    assert len(err.splitlines()) == 3
    assert all(line.startswith("edgeai: ") for line in err.splitlines())


def test_labels_that_are_too_few_for_the_model_are_told(edgeai, classifier):
    Path("labels.txt").write_text("cat\ndog\n")
    Path("g.yaml").write_text(
        f"cameras: {{a: 'synthetic?frames=3'}}\nstages: {{b: {{model: {classifier}, labels: labels.txt}}}}\n"
    )
    code, _, err = edgeai("run", "g.yaml")
    assert code in (2, 4)
    assert "2 labels" in err
    assert "1001" in err


# -- bad input: devices, exit code 3 -------------------------------------------------------------------------------


def test_a_device_that_is_not_there_is_a_sentence_and_exit_code_3(edgeai, classifier):
    Path("text.mp4").write_text("hello")
    Path("empty.mp4").touch()
    Path("photos").mkdir()
    for source, sentence in {
        "nofile.mp4": "the video 'nofile.mp4' does not exist: correct its path",
        "text.mp4": "holds no video that can be read",
        "empty.mp4": "holds no video that can be read",
        "photos": "no picture at 'photos'",
        "v4l2:/dev/video99": "there is no camera at /dev/video99: plug it in",
        "rtsp://127.0.0.1:9/none": "127.0.0.1:9",
    }.items():
        code, _, err = edgeai("run", "--source", source, "--model", classifier)
        assert (code, len(err.splitlines())) == (3, 1), source
        assert sentence in err


def test_an_output_that_cannot_be_opened_is_a_sentence_and_exit_code_3(edgeai, classifier):
    Path("folder").mkdir()
    for output, sentence in {
        "jsonl:nowhere/out.jsonl": "create it (mkdir -p",
        "jsonl:folder": "it is a folder: give the name of a file in it",
        "video:nowhere/out.mp4": "create it (mkdir -p",
        "serial:/dev/ttyNONE": "finds no serial port /dev/ttyNONE: plug it in or correct `port`",
    }.items():
        code, _, err = edgeai("run", "--source", CAMERA, "--model", classifier, "--output", output)
        assert (code, len(err.splitlines())) == (3, 1), output
        assert sentence in err


def test_a_clip_that_was_cut_gives_what_it_holds_and_exit_code_3(edgeai, clip, classifier):
    Path("cut.mp4").write_bytes(Path(clip).read_bytes()[:200_000])
    arguments = ["--output", "jsonl:out.jsonl", "--output", "video:out.mp4", "--lossless", "--quiet"]
    code, _, err = edgeai("run", "--source", "cut.mp4", "--model", classifier, *arguments)
    assert code == 3
    assert "'cut.mp4' ends after" in err
    lines = lines_of("out.jsonl")
    assert [line["seq"] for line in lines] == list(range(len(lines)))
    assert len(lines) > 20
    assert frames_of("out.mp4") == len(lines)


def test_when_nobody_gets_the_results_any_more_it_ends(edgeai, classifier):
    """A camera without end, and a full disk."""
    code, _, err = edgeai("run", "--source", CAMERA, "--model", classifier, "--output", "jsonl:/dev/full", "--quiet")
    assert code == 3
    assert err == (
        "edgeai: jsonl cannot write /dev/full: the disk is full: free some space or write elsewhere; "
        "what was written is readable"
    )


def test_a_full_disk_does_not_end_the_other_outputs(edgeai, classifier):
    outputs = ["--output", "jsonl:/dev/full", "--output", "jsonl:out.jsonl"]
    code, _, err = edgeai(
        "run", "--source", CAMERA, "--model", classifier, *outputs, "--frames", 12, "--lossless", "-q"
    )
    assert code == 3
    assert "the disk is full" in err
    assert len(lines_of("out.jsonl")) == 12


# -- bad input: models, exit code 4 --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("mobilenet_v1_0.25_128_quant_edgetpu", "it was compiled for an Edge TPU"),
        ("model_invoking_error", "it needs the custom operation"),
        ("person_detect_int8", "its quantization parameters are not valid"),
    ],
)
def test_a_model_that_no_runtime_loads_is_a_sentence_and_exit_code_4(name, sentence, edgeai, assets):
    code, _, err = edgeai("run", "--source", CAMERA, "--model", assets / "models" / f"{name}.tflite")
    assert (code, len(err.splitlines())) == (4, 1)
    assert sentence in err


def test_a_damaged_model_is_a_sentence_and_exit_code_4(edgeai, classifier):
    whole = Path(classifier).read_bytes()
    chance = random.Random(7)
    damaged = bytearray(whole)
    for _ in range(200):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    for data in (b"", b"hello", whole[:4000], whole[: len(whole) // 2], bytes(damaged)):
        Path("m.tflite").write_bytes(data)
        code, _, err = edgeai("run", "--source", CAMERA, "--model", "m.tflite", "--frames", 1)
        assert (code, len(err.splitlines())) == (4, 1), data[:8]
        assert "m.tflite" in err


# -- a function that raises: exit code 1 ---------------------------------------------------------------------------


def test_a_function_that_raises_is_a_sentence_and_exit_code_1(edgeai, monkeypatch):
    Path("raising_stage.py").write_text("def f(frame):\n    return {}['missing']\n")
    Path("g.yaml").write_text("cameras: {a: 'synthetic?frames=3'}\nstages: {b: {call: 'raising_stage:f'}}\n")
    code, _, err = edgeai("run", "g.yaml", "--allow-code", "--quiet")
    assert (code, err) == (1, "edgeai: b: KeyError: 'missing'")
