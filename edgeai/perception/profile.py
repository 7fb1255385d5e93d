"""What models cost on one machine, as measured: durations, memory and energy by model and threads, in a YAML file.

`edgeai profile` writes such files; a graph names one (`schedule: {profile: rover.yaml}`), and then nothing is measured
at load. A model is known by the hash of its bytes, for a file of the same name may hold another.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from statistics import quantiles
from typing import Annotated, Any, ClassVar, Literal

import yaml
from pydantic import Field, TypeAdapter, ValidationError

from edgeai.errors import ConfigError, Problem
from edgeai.messages import Measures, PowerBasis
from edgeai.perception.card import PlainLoader
from edgeai.perception.options import Numerics

__all__ = [
    "SCHEMA",
    "MachineProfile",
    "Measured",
    "ModelProfile",
    "Quantiles",
    "load_profile",
    "runtime_version",
    "save_profile",
]

SCHEMA = 1
"""Version of the file's form."""

MAX_BYTES = 1 << 20
_STRICT: Mapping[str, Any] = {"extra": "forbid"}
_FEWEST_FOR_P99, _FEWEST_FOR_P999 = 100, 1000
"""Runs below which a quantile is not known: one run is to lie above it."""
_PACKAGES = {"litert": "ai-edge-litert", "tflite_runtime": "tflite-runtime"}

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantiles:
    """A distribution of durations in ms; None for a quantile that too few runs were made to know."""

    least: Positive
    mean: Positive
    p50: Positive
    p90: Positive
    p95: Positive
    p99: Positive | None = None
    p999: Positive | None = None
    most: Positive

    __pydantic_config__: ClassVar[Mapping[str, Any]] = _STRICT

    @classmethod
    def of(cls, times: Sequence[int], *, cautious: bool = True) -> Quantiles:
        """Return the distribution of two or more durations in ns.

        cautious: leave out quantiles that so few runs do not tell; else p99 is estimated from whatever there is.
        """
        ms = sorted(t / 1e6 for t in times)
        cuts = quantiles(ms, n=1000, method="inclusive")
        return cls(
            least=_rounded(ms[0]),
            mean=_rounded(math.fsum(ms) / len(ms)),
            p50=_rounded(cuts[499]),
            p90=_rounded(cuts[899]),
            p95=_rounded(cuts[949]),
            p99=_rounded(cuts[989]) if len(ms) >= _FEWEST_FOR_P99 or not cautious else None,
            p999=_rounded(cuts[998]) if len(ms) >= _FEWEST_FOR_P999 else None,
            most=_rounded(ms[-1]),
        )

    def ns(self) -> tuple[int, int, int, int, int]:
        """Return p50, p90, p95, p99 and p999 in ns, 0 for one that is not known: what the scheduler takes."""
        known = (self.p50, self.p90, self.p95, self.p99 or 0.0, self.p999 or 0.0)
        p50, p90, p95, p99, p999 = (round(ms * 1e6) for ms in known)
        return p50, p90, p95, p99, p999


def _rounded(ms: float) -> float:
    """Keep the microsecond's tenth, which is beyond any repetition, and nothing at 0."""
    return max(1e-4, round(ms, 4))


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A model on a number of threads.

    job: preprocessing, invocation and decoding, as a lane runs them; invoke: the invocation alone. runs: how many were
    measured. mb: anonymous memory (MB) a fresh process gains by the model's bytes, its interpreter and three runs.
    watts: above idle while it runs without a pause; mj: millijoules a job, above idle; None where nobody knows.
    """

    threads: Annotated[int, Field(ge=1, le=64)]
    runs: Count
    job: Quantiles
    invoke: Quantiles
    mb: float | None = None
    watts: float | None = None
    mj: float | None = None
    basis: PowerBasis = "modelled"

    __pydantic_config__: ClassVar[Mapping[str, Any]] = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelProfile:
    """A model: the hash of its bytes, its input, its card's accuracy, and a row for each number of threads."""

    name: str
    sha256: str
    input: str
    numerics: Numerics = "default"
    accuracy: float | None = None
    metric: str = ""
    rows: Annotated[tuple[Measured, ...], Field(min_length=1)]

    __pydantic_config__: ClassVar[Mapping[str, Any]] = _STRICT

    def at(self, threads: int) -> Measured | None:
        """Return the row of a number of threads, None where it was not measured."""
        return next((row for row in self.rows if row.threads == threads), None)

    def best(self, most: int = 64) -> Measured | None:
        """Return the row with the least median duration on up to `most` threads, None where there is none."""
        return min((row for row in self.rows if row.threads <= most), key=lambda row: row.job.p50, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineProfile:
    """What was measured on one machine.

    board: the name of its table; machine and cores: what it says it is. date: ISO 8601, UTC. frame: size of the picture
    every job began with. idle: watts with nothing running, and its basis; measures: what the meter lies in.
    warnings: what disturbed the measurement.
    """

    schema: Literal[1] = 1
    board: str
    machine: str
    cores: Count
    date: str
    runtime: str
    version: str
    frame: str
    meter: str = ""
    measures: Measures = "board"
    idle: float | None = None
    basis: PowerBasis = "modelled"
    warnings: tuple[str, ...] = ()
    models: tuple[ModelProfile, ...]

    __pydantic_config__: ClassVar[Mapping[str, Any]] = _STRICT

    def find(self, sha256: str, numerics: Numerics = "default") -> ModelProfile | None:
        """Return a model by the hash of its bytes and the kernels it runs with, None where it was not measured."""
        found = (model for model in self.models if (model.sha256, model.numerics) == (sha256, numerics))
        return next(found, None)


def runtime_version(name: str) -> str:
    """Return the version of a runtime, such as `litert`; empty where it is not installed as a package."""
    try:
        return metadata.version(_PACKAGES[name.partition("+")[0]])
    except (KeyError, metadata.PackageNotFoundError):
        return ""


def save_profile(profile: MachineProfile, path: str | Path) -> None:
    """Write a profile as YAML. Raises ConfigError where the file cannot be written."""
    text = yaml.safe_dump(
        _without_none(asdict(profile)), sort_keys=False, allow_unicode=True, width=120, default_flow_style=None
    )
    try:
        Path(path).write_text(f"# Written by `edgeai profile`. Durations in ms, memory in MB, energy in mJ.\n{text}")
    except OSError as error:
        expected = "a file in a folder that exists and may be written"
        raise ConfigError(Problem("profile", f"{path} ({error.strerror})", expected)) from error


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    return [_without_none(item) for item in value] if isinstance(value, list | tuple) else value


def load_profile(path: str | Path) -> MachineProfile:
    """Read a profile. Raises ConfigError that names the file and the key."""
    path = Path(path)
    document = _document(path)
    try:
        return TypeAdapter(MachineProfile).validate_python(document)
    except ValidationError as error:
        raise ConfigError(*(_problem(path, mistake) for mistake in error.errors(include_url=False)[:5])) from None


def _document(path: Path) -> dict[str, Any]:
    expected = "a file written by `edgeai profile`"
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        document = {} if len(content) > MAX_BYTES else yaml.load(content, PlainLoader)  # noqa: S506 - it is a safe loader
    except OSError as error:
        raise ConfigError(Problem("profile", f"{path}, which cannot be read ({error.strerror})", expected)) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        text = " ".join(str(error).split())[:160] or type(error).__name__
        raise ConfigError(Problem("profile", f"no YAML ({text})", expected, str(path))) from error
    if not isinstance(document, dict) or "schema" not in document:
        raise ConfigError(Problem("profile", "no profile of a machine", expected, str(path)))
    if document["schema"] != SCHEMA:
        hint = "measure anew with `edgeai profile`, or use the edgeai that wrote it"
        raise ConfigError(Problem("schema", repr(document["schema"])[:20], f"{SCHEMA}", str(path), hint=hint))
    return document


def _problem(path: Path, mistake: Any) -> Problem:
    where = ".".join(str(part) for part in mistake["loc"])
    missing = mistake["type"] == "missing"
    found = "nothing" if missing else repr(mistake["input"])[:80]
    expected = "a value" if missing else mistake["msg"][0].lower() + mistake["msg"][1:]
    return Problem(where, found, expected, str(path), hint="write it anew with `edgeai profile`")
