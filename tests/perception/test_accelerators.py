"""Accelerators through the seam: external delegates made here in C, LiteRT's CompiledModel, and what is missing."""

import logging
import shutil
import subprocess

import numpy as np
import pytest

from edgeai.errors import ConfigError, DeviceNotFound, ModelError
from edgeai.graph import Graph
from edgeai.graph.files import find_model
from edgeai.perception.model import Model
from edgeai.perception.options import DelegateOptions, ModelOptions
from edgeai.perception.runtimes import accelerators, choose_runtime
from edgeai.perception.runtimes.compiled import Compiled

# The layout of TfLiteDelegate as in tensorflow/lite/core/c/common.h. It takes no operation; the CPU runs them all.
SOURCE = r"""
#include <stdint.h>
#include <stdio.h>
#include <string.h>
typedef struct Delegate {
    void *data;
    int (*prepare)(void *context, struct Delegate *delegate);
    void *from_buffer, *to_buffer, *free_buffer;
    int64_t flags;
    void *builder;
} Delegate;
static int fails;
static char log_path[512];
static int prepare(void *context, Delegate *delegate) {
    if (log_path[0]) { FILE *f = fopen(log_path, "w"); fputs("prepared", f); fclose(f); }
    return fails ? 2 : 0;
}
static Delegate it = {0, prepare, 0, 0, 0, 0, 0};
Delegate *tflite_plugin_create_delegate(char **keys, char **values, size_t n, void (*report)(const char *)) {
    fails = 0; log_path[0] = 0;
    for (size_t i = 0; i < n; i++) {
        if (!strcmp(keys[i], "absent")) { report("no chip answers"); return 0; }
        if (!strcmp(keys[i], "fails")) fails = 1;
        if (!strcmp(keys[i], "log")) strncpy(log_path, values[i], sizeof log_path - 1);
    }
    return &it;
}
void tflite_plugin_destroy_delegate(Delegate *delegate) {}
"""


def compiled(folder, source):
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no C compiler to make a delegate with")
    (folder / "delegate.c").write_text(source)
    library = folder / "libdelegate.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, folder / "delegate.c"], check=True)
    return library


@pytest.fixture
def library(tmp_path):
    return compiled(tmp_path, SOURCE)


@pytest.fixture
def pilot(tmp_path):
    return find_model("pilot_small", tmp_path)


PICTURE = np.arange(60 * 80 * 3, dtype=np.uint32).astype(np.uint8).reshape(60, 80, 3)


def load(pilot, library, fallback=None, **options):
    delegate = DelegateOptions(delegate=str(library), options=options)
    return Model.load(pilot, ModelOptions(accelerator=delegate, fallback=fallback))


def test_an_external_delegate_is_given_its_options_and_asked_to_take_the_model(pilot, library, tmp_path):
    model = load(pilot, library, log=str(tmp_path / "log"))
    assert (tmp_path / "log").read_text() == "prepared"
    assert model.runtime == "litert+libdelegate.so"
    assert model(PICTURE).as_dict() == Model.load(pilot)(PICTURE).as_dict()
    assert model.with_threads(2)(PICTURE).as_dict() == model(PICTURE).as_dict()


def test_a_delegate_without_its_device_says_what_the_delegate_says(pilot, library):
    with pytest.raises(DeviceNotFound, match=r"no chip answers.*fallback: cpu"):
        load(pilot, library, absent=1)


def test_a_delegate_that_refuses_the_model_is_an_error_or_the_cpu_takes_over_and_says_so(pilot, library, caplog):
    with pytest.raises(ModelError):
        load(pilot, library, fails=1)
    with caplog.at_level(logging.WARNING, "edgeai"):
        model = load(pilot, library, fallback="cpu", fails=1)
    assert "the CPU runs the model instead" in caplog.text
    assert model.runtime == "litert"
    assert model(PICTURE).as_dict() == Model.load(pilot)(PICTURE).as_dict()


def test_a_library_that_is_no_delegate_is_no_delegate(pilot, tmp_path):
    library = compiled(tmp_path, "int nothing(void) { return 0; }")
    with pytest.raises(ModelError, match="has no tflite_plugin_create_delegate"):
        load(pilot, library)


@pytest.mark.parametrize("content", [None, b"", b"no library"])
def test_a_path_without_a_library_is_not_found(pilot, tmp_path, content):
    path = tmp_path / "gone.so"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DeviceNotFound, match="correct the path"):
        load(pilot, path)


def test_an_edge_tpu_that_is_not_here_names_what_installs_it_and_falls_back_only_when_told(pilot, caplog):
    if accelerators._loads(accelerators.EDGETPU):
        pytest.skip("libedgetpu is installed here")
    with pytest.raises(DeviceNotFound, match=r"libedgetpu1-std.*fallback: cpu"):
        Model.load(pilot, ModelOptions(accelerator="edgetpu"))
    with caplog.at_level(logging.WARNING, "edgeai"):
        assert Model.load(pilot, ModelOptions(accelerator="edgetpu", fallback="cpu")).runtime == "litert"
    assert "libedgetpu" in caplog.text


def test_a_model_compiled_for_the_edge_tpu_cannot_fall_back(assets):
    path = assets / "models" / "mobilenet_v1_0.25_128_quant_edgetpu.tflite"
    with pytest.raises(ModelError, match="accelerator: edgetpu"):
        Model.load(path)
    if not accelerators._loads(accelerators.EDGETPU):
        with pytest.raises(ModelError, match="compiled for an Edge TPU"):
            Model.load(path, ModelOptions(accelerator="edgetpu", fallback="cpu"))


def test_reference_kernels_have_no_accelerator(pilot):
    with pytest.raises(ModelError, match="CPU alone"):
        Model.load(pilot, ModelOptions(accelerator="gpu", numerics="reference"))


def test_tflite_runtime_has_no_gpu(pilot):
    with pytest.raises(ModelError, match="cannot use the accelerator 'gpu'"):
        Model.load(pilot, ModelOptions(accelerator="gpu", runtime="tflite_runtime"))


@pytest.mark.parametrize("name", ["automl_traffic_model", "hello_world_sine_int8", "coco_ssd_mobilenet_v1_quant"])
def test_a_compiled_model_gives_what_the_interpreter_gives(assets, name):
    """On the CPU, where both can be had: the order of tensors, their quantization, and the copies to and fro."""
    path = assets / "models" / f"{name}.tflite"
    content = path.read_bytes()
    mine = Compiled("cpu").open(content, 1, "default")
    theirs = choose_runtime("litert").open(content, 1, "default")
    assert mine.inputs == theirs.inputs
    assert [info.shape for info in mine.outputs] == [info.shape for info in theirs.outputs] or "ssd" in name
    random = np.random.default_rng(1)
    for i, info in enumerate(mine.inputs):
        values = random.integers(0, 100, info.shape).astype(info.dtype)
        mine.input(i)[...] = values
        theirs.input(i)[...] = values
    mine.invoke()
    theirs.invoke()
    for i, info in enumerate(mine.outputs):
        np.testing.assert_allclose(mine.output(i).ravel(), theirs.output(i).ravel(), atol=1, err_msg=info.name)


def test_a_graph_says_what_runs_a_model():
    stage = {
        "model": "pilot_small",
        "accelerator": {"delegate": "./lib/x.so", "options": {"cache": "1"}},
        "fallback": "cpu",
    }
    graph = Graph(cameras={"front": "synthetic:64x48"}, stages={"pilot": stage}, base="/robot")
    assert graph.runs_on("pilot")["accelerator"] == {"delegate": "/robot/lib/x.so", "options": {"cache": "1"}}
    again = Graph.parse(graph.to_yaml(), base="/robot")
    assert again.stages == graph.stages
    for wrong in ("tpu", {"options": {}}, {"delegate": ""}, 3):
        with pytest.raises(ConfigError, match="accelerator"):
            Graph(cameras={"front": "synthetic:64x48"}, stages={"pilot": {**stage, "accelerator": wrong}})


def test_an_edge_tpu_is_recognised_by_its_usb_numbers(tmp_path):
    device = tmp_path / "sys/bus/usb/devices/2-1"
    device.mkdir(parents=True)
    for name, value in {"idVendor": "18d1", "idProduct": "9302", "busnum": "2", "devnum": "7"}.items():
        (device / name).write_text(value + "\n")
    found = accelerators.devices(str(tmp_path))[0]
    assert "USB" in found.description
    assert "dev/bus/usb/002/007" in found.description
    assert found.missing
