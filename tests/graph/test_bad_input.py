"""Every mistake in a graph is named by file, line and path, with what was found and what was expected."""

from __future__ import annotations

import pytest

from edgeai.errors import ConfigError
from edgeai.graph import Graph

GOOD = """\
cameras: {front: clip.mp4}
stages:
  objects: {model: detector.tflite}
"""


def section(text: str) -> str:
    return GOOD + text


def stage(text: str) -> str:
    """A graph whose fourth line holds keys of its only stage."""
    return f"cameras: {{front: clip.mp4}}\nstages:\n  objects:\n    {text}\n    model: detector.tflite\n"


def test_all_mistakes_are_named_at_once_in_document_order(wrong):
    lines = wrong("""\
        schedule: {policy: fixd, miss_rate: 400%}
        outputs:
          log: {driver: jsonl, stages: [objcts]}
        stages:
          objects: {input: frnt, modle: detector.tflite, deadline: 100 miles, weight: 0}
        cameras:
          front: {driver: video, path: clip.mp4, rotate: 45}
    """)
    assert [line.partition(": found")[0] for line in lines] == [
        "rover.yaml:1: schedule.policy",
        "rover.yaml:1: schedule.miss_rate",
        "rover.yaml:3: outputs.log.path",
        "rover.yaml:3: outputs.log.stages",
        "rover.yaml:5: stages.objects.input",
        "rover.yaml:5: stages.objects.modle",
        "rover.yaml:5: stages.objects.deadline",
        "rover.yaml:5: stages.objects.weight",
        "rover.yaml:7: cameras.front.rotate",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "deadline: 100 miles",
            "4: stages.objects.deadline: found '100 miles', expected a duration above zero: seconds, or",
        ),
        ("deadline: 0", "4: stages.objects.deadline: found 0, expected a deadline above zero, such as 100ms"),
        ("rate: [15fps, 2fps]", "found ['15fps', '2fps'], expected [min, max] with min not above max"),
        ("rate: fast", "found 'fast', expected a rate such as 15fps, or a range [min, max]"),
        ("rate: 0", "found 0, expected a rate such as 15fps"),
        ("rate: [1, 2, 3]", "found [1, 2, 3], expected a rate such as 15fps, or a range [min, max]"),
        ("threads: many", "found 'many', expected auto, or a number of threads from 1 to 64"),
        ("threads: true", "found true, expected auto, or a number of threads"),
        ("weight: 0", "found 0, expected a number above 0"),
        ("weight: heavy", "found 'heavy', expected a number"),
        ("numerics: refrence", "found 'refrence', expected default or reference; did you mean 'reference'?"),
        ("runtime: tensorrt", "found 'tensorrt', expected auto, litert or tflite_runtime"),
        ("resize: [1]", "found [1], expected stretch, letterbox or centre-crop"),
        ("score: 2", "found 2, expected a fraction: a number from 0 to 1"),
        ("top: 0", "found 0, expected a number of at least 1"),
        ("top: 2.5", "found 2.5, expected a whole number"),
        ("std: 0", "found 0, expected a number other than zero"),
        ("mean: [1, 2]", "found [1, 2], expected a number, or a list of three"),
        ("ssd: {nms: none, iuo: 0.5}", "stages.objects.ssd.iuo: found an unknown key"),
        ("task: 3", "found 3, expected text; put it in quotes"),
        (
            "labels: lables.txt",
            "or a list of labels; did you mean 'labels.txt'?",
        ),
        ("decoder: regresion", "found an unknown decoder 'regresion'"),
        ("dedline: 1s", "stages.objects.dedline: found an unknown key, expected one of input, model, call, deadline"),
        ("dedline: 1s", "did you mean 'deadline'?"),
        (
            "input: frnt",
            "found 'frnt', expected a camera, sensor or stage: front; did you mean 'front'?",
        ),
        ("call: 'os:getcwd'", "stages.objects: found both model and call, expected one of them"),
        ("added_latency: -1", "found -1, expected a duration: seconds, or text such as 100ms"),
    ],
)
def test_a_wrong_value_of_a_stage_is_named_with_what_it_should_be(wrong, text, expected):
    lines = wrong(stage(text))
    assert any(expected in line for line in lines), lines
    assert all(line.startswith(("rover.yaml:3: ", "rover.yaml:4: ")) for line in lines)


@pytest.mark.parametrize(
    ("device", "expected"),
    [
        (
            "v4l:/dev/video0",
            "a driver, or a path or URL that a driver knows; did you mean 'v4l2'?",
        ),
        ("clip.xyz", "write driver:path, with one of the drivers images, "),
        ("gopher://camera/1", "found 'gopher://camera/1', expected a camera"),
        (
            "{driver: vidoe, path: clip.mp4}",
            "cameras.side.driver: found an unknown driver 'vidoe', expected a camera driver: ",
        ),
        ("{driver: vidoe, path: clip.mp4}", "did you mean 'video'?"),
        ("{driver: serial_lines, port: x}", "found an unknown driver 'serial_lines'"),
        ("{driver: serial_lines, port: x}", "it is a sensor: name it under sensors"),
        ("{driver: 3}", "cameras.side.driver: found 3, expected a camera: a driver with its path"),
        (
            "{path: clip.mp4}",
            "cameras.side: found no driver, expected a camera: a driver with its path, such as v4l2:/dev/video0",
        ),
        ("", "cameras.side: found no driver"),
        ("[clip.mp4]", "cameras.side: found ['clip.mp4'], expected a camera"),
        ("{driver: video}", "cameras.side.path: found nothing, expected the file; this key is required"),
        ("{driver: video, path: clip.mp4, lop: true}", "cameras.side.lop: found an unknown key, expected one of"),
        ("{driver: video, path: clip.mp4, lop: true}", "did you mean 'loop'?"),
        ("{driver: video, path: clip.mp4, loop: maybe}", "cameras.side.loop: found 'maybe', expected true or false"),
        ("{driver: video, path: 7}", "cameras.side.path: found 7, expected text; put it in quotes"),
        ("{driver: video, path: clip.mp4, rotate: 45}", "cameras.side.rotate: found 45, expected 0, 90, 180 or 270"),
        ("{driver: video, path: clip.mp4, flip: horizontl}", "did you mean 'horizontal'?"),
        (
            "{driver: video, path: clip.mp4, crop: [1, 2, 3]}",
            "cameras.side.crop: found [1, 2, 3], expected a list of 4 whole numbers",
        ),
        (
            "{driver: video, path: clip.mp4, crop: [1, 2, 3, x]}",
            "cameras.side.crop[3]: found 'x', expected a whole number",
        ),
        ("{driver: video, path: c.mp4, intrinsics: 5}", "expected a mapping with fx, fy, cx, cy and distortion"),
        (
            "{driver: video, path: c.mp4, intrinsics: {fx: 1, fy: 1, cx: 1, cy: a, k1: 1}}",
            "intrinsics.cy: found 'a', expected a number",
        ),
        (
            "{driver: video, path: c.mp4, intrinsics: {fx: 1, fy: 1, cx: 1, cy: a, k1: 1}}",
            "intrinsics.k1: found an unknown key",
        ),
        (
            "{driver: v4l2, path: /dev/video0, size: 640by480}",
            "cameras.side.size: found '640by480', expected a size: [width, height] in",
        ),
        (
            "{driver: v4l2, path: /dev/video0, fps: -3}",
            "cameras.side.fps: found -3, expected a rate: a number per second",
        ),
        (
            "clip.mp4?rotate=45&lop=1",
            "cameras.side: found rotate: 45, in 'clip.mp4?rotate=45&lop=1', expected 0, 90, 180 or 270",
        ),
        ("clip.mp4?rotate=45&lop=1", "cameras.side: found lop: an unknown key, in 'clip.mp4?rotate=45&lop=1'"),
        ("clip.mp4?loop=1&loop=0", "found loop twice in 'loop=1&loop=0', expected each option once"),
    ],
)
def test_a_wrong_camera_is_named_with_what_it_should_be(wrong, device, expected):
    lines = wrong(
        f"cameras:\n  front: clip.mp4\n  side: {device}\nstages:\n  objects: {{input: front, model: detector.tflite}}\n"
    )
    assert any(expected in line for line in lines), lines
    assert all(line.startswith("rover.yaml:3: ") for line in lines), lines


def test_what_a_driver_finds_in_its_own_options_gets_its_line(wrong):
    lines = wrong("""\
        cameras:
          front:
            driver: v4l2
            path: /dev/video0
            fourcc: MOTION
        stages: {objects: {model: detector.tflite}}
    """)
    assert lines == [
        "rover.yaml:5: cameras.front.fourcc: found 'MOTION', expected four characters such as MJPG or YUYV"
    ]


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (
            "{driver: jsonl, path: o.jsonl, stages: [objcts]}",
            "outputs.log.stages: found an unknown stage 'objcts', expected stages: objects",
        ),
        (
            "{driver: jsonl, path: o.jsonl, stages: 3}",
            "outputs.log.stages: found 3, expected a stage, or a list of stages",
        ),
        ("jsonl:o.jsonl?stages=objcts", "found an unknown stage 'objcts'"),
        ("console:out.txt?rate=3", "outputs.log"),
        ("o.exe", "found 'o.exe', expected an output: a driver, or a path or URL that a driver knows"),
    ],
)
def test_a_wrong_output_is_named_with_what_it_should_be(wrong, output, expected):
    lines = wrong(section(f"outputs:\n  log: {output}\n"))
    assert any(expected in line for line in lines), lines
    assert all(line.startswith("rover.yaml:5: ") for line in lines), lines


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("{policy: fixd}", "schedule.policy: found an unknown policy 'fixd', expected one of "),
        ("{policy: fixd}", "did you mean 'fixed'?"),
        (
            "{polcy: fixed}",
            "schedule.polcy: found an unknown key, expected one of policy, lanes, budget, miss_rate",
        ),
        ("{budget: 4.5A}", "schedule.budget: found '4.5A', expected a power: watts, or text such as 4.5W, 800mW"),
        ("{miss_rate: 400%}", "found '400%', expected a fraction: a number from 0 to 1, or text such as 1%"),
        ("{policy: battery}", "expected either hours, from the start, or until, a time of day"),
        (
            "{policy: battery, hours: 2h, until: 18:30}",
            "expected either hours, from the start, or until, a time of day",
        ),
        ("{policy: battery, until: 25:00}", "schedule.until: found '25:00', expected a time of day"),
        ("{policy: battery, hours: 2h, capacity: 20W}", "found '20W', expected an energy: watt-hours"),
        (
            "{policy: latency, budget: 4W}",
            "schedule.budget: found budget 4 W, expected an option of the policy latency, which takes miss_rate; "
            "the policies freshness and power take it",
        ),
        (
            "{until: 18:30}",
            "schedule.until: found until 18:30, expected an option of the policy fixed, which takes none; the policy "
            "battery takes it",
        ),
        ("{policy: power}", "schedule.budget: found nothing, expected a value: the policy power needs one"),
        ("{policy: power, bugdet: 4W}", "schedule.bugdet: found an unknown key"),
        ("{lanes: 0}", "schedule.lanes: found 0, expected a number of at least 1"),
        ("fixed", "schedule: found 'fixed', expected a mapping of keys to values"),
    ],
)
def test_a_wrong_schedule_is_named_with_what_it_should_be(wrong, schedule, expected):
    lines = wrong(section(f"schedule: {schedule}\n"))
    assert any(expected in line for line in lines), lines
    assert all(line.startswith("rover.yaml:4: ") for line in lines), lines


def test_a_missing_model_names_the_one_that_is_near(wrong):
    (line,) = wrong(
        "cameras: {front: clip.mp4}\nstages:\n  objects:\n    model: [detector.tflite, detector_smal.tflite]\n"
    )
    assert line == (
        "rover.yaml:4: stages.objects.model[1]: found no file 'detector_smal.tflite', expected a model file; "
        "did you mean 'detector_small.tflite'?"
    )


def test_a_missing_model_names_what_is_there_when_nothing_is_near(wrong):
    (line,) = wrong("cameras: {front: clip.mp4}\nstages: {objects: {model: yolo.tflite}}\n")
    assert "there are: detector.tflite, detector_small.tflite" in line
    (line,) = wrong("cameras: {front: clip.mp4}\nstages: {objects: {model: models/yolo.tflite}}\n")
    assert "there is no folder" in line


def test_a_model_given_twice_in_a_ladder_is_refused(wrong):
    (line,) = wrong("cameras: {front: clip.mp4}\nstages: {objects: {model: [detector.tflite, detector.tflite]}}\n")
    assert "expected each model of the ladder once" in line


def test_a_misspelt_section_is_named(wrong):
    lines = wrong("camreas: {front: clip.mp4}\nstages: {objects: {model: detector.tflite}}\n")
    assert any("camreas: found an unknown key" in line and "did you mean 'cameras'?" in line for line in lines)


@pytest.mark.parametrize("text", ["", "cameras:\nstages:\n", "{}"])
def test_an_empty_graph_says_what_it_needs(wrong, text):
    lines = wrong(text)
    assert len(lines) == 2
    assert "cameras: found nothing, expected at least one camera or sensor" in lines[0]
    assert "stages: found nothing, expected at least one stage" in lines[1]


@pytest.mark.parametrize("text", ["- a\n- b\n", "hello", "3"])
def test_a_document_that_is_no_mapping_is_named(wrong, text):
    (line,) = wrong(text)
    assert "expected a mapping with cameras, stages and outputs" in line


def test_a_section_that_is_no_mapping_is_named(wrong):
    (line,) = wrong("cameras: [clip.mp4]\nstages: {a: {input: front, call: 'os:getcwd'}}\n", allow_code=True)[:1]
    assert line == "rover.yaml:1: cameras: found ['clip.mp4'], expected a mapping of names to cameras"


def test_a_stage_without_input_must_say_which_camera_when_there_are_several(wrong):
    (line,) = wrong("cameras: {front: clip.mp4, rear: clip.mp4}\nstages:\n  objects: {model: detector.tflite}\n")
    assert line == (
        "rover.yaml:3: stages.objects.input: found nothing, expected the input: front or rear; "
        "it may be left out only when there is one camera"
    )


def test_a_stage_needs_a_model_or_a_call(wrong):
    (line,) = wrong("cameras: {front: clip.mp4}\nstages: {objects: {deadline: 1s}}\n")
    assert (
        "found neither model nor call, expected one of them: model (a file) or call (package.module:function)" in line
    )


def test_stages_that_feed_each_other_in_a_circle_are_named_once(wrong):
    stages = [f"  {name}: {{input: {feed}, call: 'math:floor'}}\n" for name, feed in ("ab", "ba", "cc")]
    lines = wrong(section("".join(stages)), allow_code=True)
    assert lines == [
        "rover.yaml:4: stages.a.input: found a circle: b -> a -> b, expected a chain that begins at a camera or sensor",
        "rover.yaml:6: stages.c.input: found a circle: c -> c, expected a chain that begins at a camera or sensor",
    ]


def test_a_stage_fed_by_a_stage_inherits_rate_and_deadline(wrong):
    lines = wrong(
        section("  next: {input: objects, model: [detector.tflite, detector_small.tflite], rate: 3, deadline: 1s}\n")
    )
    assert [line.partition(", expected")[0] for line in lines] == [
        "rover.yaml:4: stages.next.model: found a ladder of 2 models on a stage fed by a stage",
        "rover.yaml:4: stages.next.rate: found a rate on a stage fed by a stage",
        "rover.yaml:4: stages.next.deadline: found a deadline on a stage fed by a stage",
    ]
    assert "this stage follows 'objects'" in lines[1]


def test_cameras_sensors_and_stages_share_their_names(wrong):
    (line,) = wrong("cameras: {front: clip.mp4}\nstages: {front: {model: detector.tflite}}\n")
    assert "stages.front: found the name 'front' again (it is under cameras), expected a name of its own" in line


@pytest.mark.parametrize("name", ["'3d'", "'a b'", "'a/b'", "größe", "''"])
def test_a_name_is_letters_digits_and_dashes(wrong, name):
    (line,) = wrong(f"cameras: {{front: clip.mp4}}\nstages:\n  {name}: {{model: detector.tflite}}\n")
    assert "expected a name: a letter, then letters, digits, _ or -" in line
    assert line.startswith("rover.yaml:3: ")


def test_options_of_a_model_are_refused_on_a_function(wrong):
    (line,) = wrong(section("  f: {input: objects, call: 'math:floor', threads: 2}\n"), allow_code=True)
    assert (
        "stages.f.threads: found threads on a stage that calls a function, expected threads only beside model" in line
    )


def test_code_in_a_file_needs_permission(wrong):
    (line,) = wrong(section("  f: {input: objects, call: 'math:floor'}\n"))
    assert "stages.f.call: found the function 'math:floor', expected no code, for code is not allowed" in line
    assert "pass --allow-code if you trust this file" in line


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("math:flor", "found no 'flor' in math, expected a function; did you mean 'floor'?"),
        ("math:pi", "expected a function"),
        ("no_such_module_here:f", "there is no module 'no_such_module_here': install it, or put it beside the graph"),
        ("broken:f", "found a module that cannot be imported, broken (ZeroDivisionError: division by zero)"),
        ("floor", "found 'floor', expected a function as package.module:name"),
        ("math:floor()", "expected a function as package.module:name"),
    ],
)
def test_a_function_must_be_importable(wrong, folder, monkeypatch, call, expected):
    monkeypatch.setattr("sys.path", ["", *__import__("sys").path])
    (folder / "broken.py").write_text("1 / 0\n")
    (line,) = wrong(section(f"  f: {{input: objects, call: '{call}'}}\n"), allow_code=True)
    assert expected in line


@pytest.mark.parametrize(
    "url",
    [
        "rtsq://me:hunter2@camera/1",
        "rtsq://me:hun/ter2@camera/1",
        "rtsq://camera/1?password=hunter2",
        "x:y?token=hunter2&a=b",
    ],
)
def test_passwords_are_not_repeated_in_messages(wrong, url):
    (line,) = wrong(f"cameras: {{front: '{url}'}}\nstages: {{objects: {{model: detector.tflite}}}}\n")
    assert "***" in line
    assert "ter2" not in line


def test_a_model_that_is_the_root_folder():
    with pytest.raises(ConfigError, match="the folder '/'"):
        Graph(cameras={"front": "clip.mp4"}, stages={"s": {"model": "/"}})
