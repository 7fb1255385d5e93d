"""The pipeline as data: what a YAML file, or Python, says of devices, stages and the schedule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel, ConfigDict, PrivateAttr

from edgeai.driver import Camera, Driver
from edgeai.errors import ConfigError, Problem
from edgeai.graph.build import make
from edgeai.graph.calls import find_function
from edgeai.graph.checks import Parts, check, default_input, needs
from edgeai.graph.device_reader import as_lossless, read_devices
from edgeai.graph.devices import ROLES
from edgeai.graph.document import MAX_BYTES, Document, parse
from edgeai.graph.files import find_input, find_model, neighbours, with_families
from edgeai.graph.findings import Findings, Mistake
from edgeai.graph.reader import check_shape, read_live_view, read_record, read_schedule, read_stages
from edgeai.graph.spec import DeviceSpec, LiveViewSpec, RecordSpec, ScheduleSpec, StageSpec
from edgeai.graph.words import keys_of
from edgeai.plugins import near_miss

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Graph", "text_of"]


class Graph(BaseModel):
    """A pipeline as data, checked as far as can be without opening a device or a model. Frozen.

    Devices and stages are given as in YAML: a short form or a mapping. In Python a device may also be a driver
    instance, an output and a stage's `call` a function. Without `meters`, a live pipeline reads those of its machine.

    Relative paths of inputs (clips, models, labels, modules of functions) are taken from `base`, the folder of the YAML
    file (in Python: the current folder); paths of outputs from the current folder.

    Raises ConfigError with every problem, in document order.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    cameras: Mapping[str, DeviceSpec] = {}
    sensors: Mapping[str, DeviceSpec] = {}
    meters: Mapping[str, DeviceSpec] | None = None
    stages: Mapping[str, StageSpec] = {}
    outputs: Mapping[str, DeviceSpec] = {}
    schedule: ScheduleSpec = ScheduleSpec()
    record: RecordSpec | None = None
    live_view: LiveViewSpec | None = None

    _document: Document = PrivateAttr(default=Document(None))
    _base: Path = PrivateAttr(default=Path())

    def __init__(
        self,
        *,
        cameras: Mapping[str, Any] | None = None,
        sensors: Mapping[str, Any] | None = None,
        meters: Mapping[str, Any] | None = None,
        stages: Mapping[str, Any] | None = None,
        outputs: Mapping[str, Any] | None = None,
        schedule: Mapping[str, Any] | ScheduleSpec | None = None,
        record: Mapping[str, Any] | RecordSpec | None = None,
        live_view: Mapping[str, Any] | LiveViewSpec | str | int | None = None,
        base: str | Path = "",
    ) -> None:
        given = {
            "cameras": cameras,
            "sensors": sensors,
            "meters": meters,
            "stages": stages,
            "outputs": outputs,
            "schedule": schedule,
            "record": record,
            "live_view": live_view,
        }
        document = Document.of({key: value for key, value in given.items() if value is not None})
        super().__init__(**_read(document, Path(base), code=True))
        self._document, self._base = document, Path(base)

    @classmethod
    def load(cls, path: str | Path, *, allow_code: bool = False) -> Graph:
        """Return the graph of a YAML file. Functions it names are imported only with `allow_code`.

        Raises ConfigError with file and line of every problem.
        """
        path = Path(path)
        return cls.parse(text_of(path), base=path.parent, allow_code=allow_code, file=str(path))

    @classmethod
    def parse(
        cls, text: str | bytes, *, base: str | Path = "", allow_code: bool = False, file: str | None = None
    ) -> Graph:
        """Return the graph of a YAML text, as `load` does; `file` is its name in messages."""
        document, problems = parse(text, file)
        parts = _read(document, Path(base), code=allow_code, problems=problems)
        graph = cls.model_construct(**parts)
        graph._document, graph._base = document, Path(base)
        return graph

    @classmethod
    def simple(
        cls,
        source: Any,
        model: Any,
        *,
        lossless: bool = False,
        outputs: Mapping[str, Any] | None = None,
        **stage: Any,
    ) -> Graph:
        """Return the graph of one camera and one model; `stage` is anything else that a stage takes.

        The camera is called `camera`, the stage `results`. lossless: every frame of a file, as fast as it is consumed.
        """
        camera = as_lossless(source) if lossless else source
        return cls(cameras={"camera": camera}, stages={"results": {"model": model, **stage}}, outputs=outputs)

    @staticmethod
    def check_live_view(said: Mapping[str, Any]) -> LiveViewSpec:
        """Return where a live view is to be served. Raises ConfigError."""
        document = Document.of({"live_view": dict(said)})
        findings = Findings(document)
        spec = read_live_view(document.data, findings)
        findings.raise_any()
        return spec or LiveViewSpec()

    @property
    def base(self) -> Path:
        """The folder from which relative paths of inputs are taken."""
        return self._base

    @property
    def file(self) -> str | None:
        """The YAML file this graph was loaded from."""
        return self._document.file

    def problem(self, path: tuple[str | int, ...], found: str, expected: str, hint: str = "") -> Problem:
        """Return a problem with the value at a path (`("stages", "objects", "rate")`), with its file and line."""
        return self._document.problem(path, found, expected, hint)

    def located(self, error: ConfigError) -> ConfigError:
        """Return the error of a driver with the file and line of each problem."""
        told = [self.problem(keys_of(p.path), p.found, p.expected, p.hint) for p in error.problems]
        return ConfigError(*told) if told else error

    def order(self) -> tuple[str, ...]:
        """Return the stages, each after the stage that feeds it."""
        return tuple(sorted(self.stages, key=lambda name: len(self.chain(name))))

    def chain(self, stage: str) -> tuple[str, ...]:
        """Return what leads to a stage and the stage: (source, root stage, ..., stage)."""
        chain = [stage]
        while chain[0] in self.stages:
            chain.insert(0, self.stages[chain[0]].input)
        return tuple(chain)

    def taken_by(self, output: str) -> tuple[str, ...]:
        """Return the stages and cameras of which an output gets results and frames."""
        return tuple(self.outputs[output].stages or self.stages or self.cameras)

    def needs(self, stage: str) -> frozenset[str]:
        """Return every source and stage that a stage's results depend on."""
        return frozenset(needs(self.stages, stage))

    def outputs_of(self, stage: str) -> tuple[str, ...]:
        """Return the outputs that get a stage's results."""
        return tuple(name for name, spec in self.outputs.items() if spec.stages is None or stage in spec.stages)

    def resolve(self, model: str) -> Path:
        """Return the file of a model that a stage names. Raises ConfigError when it has gone since the check."""
        try:
            return find_model(model, self._base)
        except Mistake as mistake:
            raise ConfigError(self.problem(("stages",), mistake.found, mistake.expected, mistake.hint)) from None

    @property
    def profile(self) -> Path | None:
        """The file that says what the models cost, None where none is named."""
        named = self.schedule.profile
        return None if named is None else find_input(named, self._base)

    def card(self, stage: str) -> dict[str, Any]:
        """Return what a stage says that a model's card says otherwise, with the paths of files resolved.

        A tracker is given what is doubtful, too.
        """
        spec = self.stages[stage]
        card = spec.card() if spec.track is None else {**spec.card(), "score": spec.track.doubtful}
        if isinstance(card.get("labels"), str):
            card["labels"] = str(find_input(card["labels"], self._base))
        if card.get("ssd", {}).get("anchors"):
            card["ssd"] = {**card["ssd"], "anchors": str(find_input(card["ssd"]["anchors"], self._base))}
        return card

    def runs_on(self, stage: str) -> dict[str, Any]:
        """Return what a stage says of what runs its model: numerics, runtime, accelerator, fallback."""
        said = self.stages[stage].model_dump(include={"numerics", "runtime", "accelerator", "fallback"})
        if isinstance(said["accelerator"], dict):
            library = str(said["accelerator"]["delegate"])
            # A bare name is the dynamic linker's to find.
            place = find_input(library, self._base).absolute() if "/" in library else library
            said["accelerator"] = {**said["accelerator"], "delegate": str(place)}
        return said

    def function(self, stage: str) -> Callable[[Any], Any]:
        """Return the function of a stage with a `call`; it was imported when the graph was checked."""
        call = self.stages[stage].call
        if call is None:
            raise ConfigError(self.problem(("stages", stage), "no call", "a stage with a call"))
        return find_function(call, self._base)

    def driver(self, section: str, name: str) -> Driver:
        """Return the driver of a device in `cameras`, `sensors`, `meters` or `outputs`, not yet open.

        A driver that was handed over in Python takes the graph's name; a function becomes an output that calls it.
        """
        return make(ROLES[section], name, self._devices(section)[name], self._base)

    @property
    def lossless(self) -> bool:
        """Whether a camera waits for what consumes it."""
        return any(cast(Camera, self.driver("cameras", name)).lossless for name in self.cameras)

    def names(self) -> list[str]:
        """Return the names of all devices and stages."""
        return [*self.cameras, *self.sensors, *(self.meters or {}), *self.stages, *self.outputs]

    def history(self, sensor: str) -> float:
        """Return how many seconds of a sensor's readings are kept."""
        return float(self.driver("sensors", sensor).options.history)

    def _devices(self, section: str) -> Mapping[str, DeviceSpec]:
        devices: Mapping[str, DeviceSpec] | None = getattr(self, section)
        return devices or {}

    @staticmethod
    def json_schema() -> dict[str, Any]:
        """Return the JSON schema (draft 2020-12) of a graph's YAML, with the options of every installed driver."""
        from edgeai.graph.schema import json_schema

        return json_schema()

    def to_text(self) -> str:
        """Return the graph as a small tree for the terminal."""
        from edgeai.graph.text import to_text

        return to_text(self)

    def to_mermaid(self) -> str:
        """Return the graph as a Mermaid flow chart."""
        from edgeai.graph.mermaid import to_mermaid

        return to_mermaid(self)

    def to_yaml(self) -> str:
        """Return the graph as YAML that `load` reads back, paths and passwords as they were written.

        Raises ConfigError when it holds drivers or functions that were made in Python and have no name to import.
        """
        from edgeai.graph.dump import to_yaml

        return to_yaml(self)


def _read(document: Document, base: Path, *, code: bool, problems: Iterable[Problem] = ()) -> dict[str, Any]:
    findings = Findings(document, problems)
    data = document.data
    check_shape(data, findings)
    devices = {name: read_devices(name, data, base, findings) for name in ROLES}
    stages = {name: with_families(spec) for name, spec in read_stages(data, findings).items()}
    parts = Parts(data, devices, stages, read_schedule(data, findings), base, code)
    single = {"record": read_record(data, findings), "live_view": read_live_view(data, findings)}
    check(parts, findings)
    findings.raise_any()
    said = isinstance(data, Mapping) and data.get("meters") is not None
    meters = devices["meters"] if said else None
    return {**devices, "meters": meters, "stages": _with_inputs(parts), "schedule": parts.schedule, **single}


def _with_inputs(parts: Parts) -> dict[str, StageSpec]:
    return {
        name: spec if spec.input else spec.model_copy(update={"input": default_input(parts)})
        for name, spec in parts.stages.items()
    }


def text_of(path: Path) -> bytes:
    """Return what a YAML file holds. Raises ConfigError."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except IsADirectoryError:
        found, hint = "a folder", "name the YAML file in it"
    except FileNotFoundError:
        found, hint = "no such file", near_miss(path.name, neighbours(path.parent))
    except (OSError, ValueError) as error:
        found, hint = f"a file that cannot be read ({getattr(error, 'strerror', None) or error})", ""
    raise ConfigError(Problem("", found, "a graph in a YAML file", str(path), None, hint))
