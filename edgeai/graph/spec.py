"""What a graph says of a device, a stage and the schedule: frozen values, in seconds, hertz and watts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from edgeai.driver import Retry
from edgeai.graph.forms import Call, Channels, Columns, Deadline, Divisors, Labels, Ladder, RateRange, Threads
from edgeai.graph.steps import Crop, Gate, Sync, Track
from edgeai.graph.words import brief
from edgeai.quantities import Duration, Endpoint, Energy, Fraction, Hours, Memory, TimeOfDay, Watts

__all__ = [
    "CARD_FIELDS",
    "MODEL_FIELDS",
    "DelegateSpec",
    "DeviceSpec",
    "LiveViewSpec",
    "RecordSpec",
    "ScheduleSpec",
    "SsdSpec",
    "StageSpec",
    "floor_rate",
    "sure_score",
]

_FROZEN = ConfigDict(
    frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False, arbitrary_types_allowed=True
)


Plugin = Annotated[str, AfterValidator(lambda name: name.replace("-", "_"))]
"""A plug-in's name; a dash will do for an underscore."""


class DeviceSpec(BaseModel):
    """A camera, sensor or output: its driver and the options as they were written, short forms taken apart."""

    model_config = _FROZEN

    driver: str
    """The driver's name; for one made in Python, its class or function."""
    options: Mapping[str, Any] = Field(default={}, repr=False)
    stages: tuple[str, ...] | None = None
    """Of an output: the stages whose results, or the cameras whose frames, it gets; None for all stages, and where
    there is none for all cameras."""
    retry: Retry | None = None
    """How it is opened again when it fails; None as its driver has it."""
    isolate: Literal["process"] | None = None
    """process: of a source, that its driver runs in a process of its own."""
    given: Any = Field(default=None, repr=False)
    """The driver instance or function that was handed over in Python."""

    @property
    def summary(self) -> str:
        """The driver and its options on one line, without passwords."""
        words = [brief(key, value) for key, value in self.options.items() if value is not None]
        return f"{self.driver} ({', '.join(words)})" if words else self.driver


class SsdSpec(BaseModel):
    """How the raw heads of an SSD are read; what is left out is as in the TensorFlow Object Detection API."""

    model_config = _FROZEN

    anchors: str | None = None
    """A .npy file (n, 4) of y, x, height, width in 0..1; left out, anchors are generated."""
    strides: tuple[Annotated[int, Field(gt=0)], ...] | None = None
    """Pixels of the input between the anchors of each feature map."""
    min_scale: Annotated[float, Field(gt=0)] | None = None
    """Scale of the first feature map's anchors."""
    max_scale: Annotated[float, Field(gt=0)] | None = None
    """Scale of the last feature map's anchors."""
    aspect_ratios: tuple[Annotated[float, Field(gt=0)], ...] | None = None
    """Width over height of the anchors of each place."""
    scores: Literal["sigmoid", "softmax", "probability"] | None = None
    """What has to be applied to the heads' scores; probability: nothing."""
    background: bool | None = None
    """Whether class 0 is the background."""
    scales: tuple[float, float, float, float] | None = None
    """Divisors of the encodings of y, x, height and width."""
    nms: Literal["per-class", "agnostic"] | None = None
    """Whether boxes of different classes may overlap."""
    iou: Fraction | None = None
    """Overlap above which the weaker of two boxes goes."""
    max_detections: Annotated[int, Field(ge=1)] | None = None
    """How many are kept at most."""
    anchor_scale: Annotated[float, Field(gt=0)] | None = None
    """Of an EfficientDet: 3 for Lite0, 1, 2 and 3x, 4 for the others."""


class DelegateSpec(BaseModel):
    """An external delegate of TensorFlow Lite."""

    model_config = _FROZEN

    delegate: Annotated[str, Field(min_length=1)]
    """The path of its library."""
    options: Mapping[str, str | int | float | bool] = {}
    """Options of the delegate, which it gets as text."""


class StageSpec(BaseModel):
    """A stage: a model or a Python function, what feeds it, and what is asked of it."""

    model_config = _FROZEN

    input: str = ""
    """The camera, sensor or stage that feeds this one; may be left out when the graph has one camera."""
    model: Ladder | None = None
    """A model file, or a list of them: a ladder of variants of one task, among which the policy chooses."""
    call: Call | None = None
    """A Python function as package.module:name, called with each result (or reading, or frame); needs --allow-code."""
    deadline: Deadline | None = None
    """Time from capture to publication (seconds, or 100ms). A result that would come later is dropped before work."""
    stale: Deadline | None = None
    """The age (seconds, or 300ms) at which the newest result is too old to drive by: a fault, outputs are made safe."""
    rate: RateRange | None = None
    """Results a second: one rate (15fps), or [min, max]; left out, every frame that can be done."""
    weight: Annotated[float, Field(gt=0)] = 1.0
    """How much this stage counts beside others, when there is not enough for all."""
    threads: Threads = "auto"
    """Threads of the model: a number, or auto to measure which is fastest."""
    numerics: Literal["default", "reference"] = "default"
    """reference: kernels whose results are the same on every machine, and slower."""
    runtime: Literal["auto", "litert", "tflite_runtime"] = "auto"
    """Which library runs the model."""
    accelerator: Literal["edgetpu", "gpu", "npu"] | DelegateSpec | None = None
    """What runs the model instead of the CPU: edgetpu, gpu, npu, or {delegate: /path/lib.so, options: {...}}."""
    fallback: Literal["cpu"] | None = None
    """cpu: the CPU runs the model where its accelerator is missing or refuses it; left out, that is an error."""
    task: str | None = None
    """What the model does, where neither its metadata nor its card says so: classification, detection, regression …"""
    decoder: Plugin | None = None
    """The decoder that reads the model's outputs."""
    labels: Labels | None = None
    """A file with a label a line, or the labels themselves."""
    mean: Channels | None = None
    """Subtracted from each pixel: (pixel - mean) / std."""
    std: Divisors | None = None
    """Divides each pixel: (pixel - mean) / std."""
    colour: Literal["rgb", "bgr", "gray"] | None = None
    """Order of the channels that the model was trained with."""
    resize: Literal["stretch", "letterbox", "centre-crop"] | None = None
    """How a picture is fitted to the model's input."""
    interpolation: Literal["linear", "area", "nearest"] | None = None
    """How pixels are interpolated when a picture is resized."""
    crop_fraction: Annotated[Fraction, Field(gt=0)] | None = None
    """The part of the picture's shorter side that a centre crop keeps."""
    pad: Annotated[int, Field(ge=0, le=255, strict=True)] | None = None
    """Value of the pixels in the bars of a letterbox."""
    score: Fraction | None = None
    """Results below this score are left out."""
    top: Annotated[int, Field(ge=1, strict=True)] | None = None
    """How many classes or detections are kept, best first."""
    outputs: Columns | None = None
    """Names and units of a regression's values."""
    ssd: SsdSpec | None = None
    """How the raw heads of an SSD are read."""
    sync: Mapping[str, Sync] = {}
    """What else the function gets, after its input: the message of other sources or stages at the same time."""
    crop: Crop = None
    """What of a frame the model looks at: parts around the boxes of the stage that feeds this one."""
    gate: Gate = None
    """motion: the model looks only where something moved, and at a floor rate; in between, results are carried on."""
    track: Track = None
    """true: detections become tracks, whose numbers last and whose boxes can be asked for at any instant."""
    added_latency: Duration = 0.0
    """For experiments: the stage takes this much longer."""

    def card(self) -> dict[str, Any]:
        """Return what was said here that a model's card says otherwise."""
        said = {name: value for name in CARD_FIELDS if (value := getattr(self, name)) is not None}
        return said if self.ssd is None else {**said, "ssd": self.ssd.model_dump(exclude_unset=True)}


def sure_score(spec: StageSpec) -> float:
    """Return the score from which a detection of a tracked stage starts a track."""
    told = None if spec.track is None else spec.track.sure
    return told if told is not None else 0.5 if spec.score is None else spec.score


def floor_rate(spec: StageSpec) -> float:
    """Return how often a second the model of a gated stage looks at the least."""
    told = None if spec.gate is None else spec.gate.floor
    if told is None and spec.rate is not None and spec.rate[0] < spec.rate[1]:
        told = spec.rate[0]
    return 1.0 if told is None else told


CARD_FIELDS = (
    "task",
    "decoder",
    "labels",
    "mean",
    "std",
    "colour",
    "resize",
    "interpolation",
    "crop_fraction",
    "pad",
    "score",
    "top",
    "outputs",
    "ssd",
)
MODEL_FIELDS = ("crop", "threads", "numerics", "runtime", "accelerator", "fallback", *CARD_FIELDS)
"""What only a stage with a model can say."""


class ScheduleSpec(BaseModel):
    """How work is decided; a policy may take options of its own."""

    model_config = ConfigDict(**_FROZEN | {"extra": "allow"})

    policy: Plugin = "fixed"
    """What chooses rates and variants: the name of a policy."""
    lanes: Annotated[int, Field(ge=1, le=64, strict=True)] = 1
    """Workers that run jobs side by side, each with its share of the cores."""
    budget: Watts | None = None
    """Watts of the whole board at its input (4.5W)."""
    miss_rate: Fraction | None = None
    """The part of the offered frames that may miss their deadline (1%)."""
    accuracy: Fraction | None = None
    """The least mean accuracy of on-time results, 0 to 1."""
    hours: Hours | None = None
    """How long the battery shall last, from the start (8h, 90min)."""
    until: TimeOfDay | None = None
    """The time of day until which the battery shall last (18:30), in place of hours."""
    capacity: Energy | None = None
    """What is in the battery at the start, where no gauge tells (20Wh)."""
    reserve: Energy | None = None
    """What is to be left at the end (2Wh)."""
    profile: Annotated[str, Field(min_length=1)] | None = None
    """What the models cost, as `edgeai profile` measured it: a file; left out, they are timed when they are loaded."""
    memory: Memory | None = None
    """What the models may take together (200MB): the rest is loaded when it is wanted; left out, all are resident."""

    def asked(self) -> dict[str, Any]:
        """Return what was asked of the policy: the options that were given a value."""
        options = {name: getattr(self, name) for name in POLICY_FIELDS} | (self.model_extra or {})
        return {name: value for name, value in options.items() if value is not None}


class RecordSpec(BaseModel):
    """What is recorded, from the start of the pipeline on."""

    model_config = _FROZEN

    path: str = "run.mcap"
    """The MCAP file; one that exists is not overwritten, run-1.mcap comes next."""
    cameras: str = "raw"
    """raw: exact, with the camera's own JPEG where it delivers one; jpeg:90: smaller, lossy."""
    rotate: str | None = None
    """Begin a new file at a size (1GB) or after a time (10min)."""
    look_back: Duration | None = None
    """Keep only the last seconds, in memory, and write them on a fault or a call."""


class LiveViewSpec(BaseModel):
    """The page that shows the pipeline while it runs, with its figures and metrics."""

    model_config = _FROZEN

    address: Annotated[Endpoint, BeforeValidator(lambda value: str(value) if type(value) is int else value)] = (
        "127.0.0.1",
        8080,
    )
    """A port (8080), for this machine alone, or host and port (0.0.0.0:8080)."""
    token: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{8,}$")] | None = None
    """What others must show, letters and digits; left out, one is made and printed where others can reach the page."""


POLICY_FIELDS = ("budget", "miss_rate", "accuracy", "hours", "until", "capacity", "reserve")
"""What a schedule can ask of its policy; each policy takes some of them."""
