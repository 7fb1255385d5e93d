"""What a recording says of itself, once a file; and how older files are brought up to date."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from edgeai.errors import RecordingError
from edgeai.messages import Reading, Readings
from edgeai.recording.codec import decode
from edgeai.recording.format import SCHEMA_VERSION
from edgeai.schedule.events import Calibrated
from edgeai.schedule.workload import Workload

__all__ = ["MIGRATIONS", "CameraInfo", "Header", "ModelInfo", "Opening", "read_header", "read_snapshot"]


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """How a camera's pictures are stored: `raw` (exact; the camera's own JPEG where it gave one) or `jpeg:quality`."""

    store: str = "raw"
    lossless: bool = False
    rate: float | None = None

    @property
    def lossy(self) -> bool:
        """True when what is stored is not what was inferred on."""
        return self.store != "raw"


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model that ran: its stage, operating point, file name, sha256, and its card as far as it is known."""

    stage: str
    point: int
    name: str
    sha256: str
    card: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Header:
    """The run a recording is of.

    engine: `live` or `lockstep`. kind: `recording` or `look-back`; part counts the files of a rotation from 0. graph:
    the YAML that was resolved, None where parts were made in Python; base stays unsaid, paths are as written.
    policy: name and options. board: its table's name and title. utc: (time, UTC) in ns, empty in virtual time.
    """

    schema: int
    engine: str
    kind: str
    part: int
    versions: Mapping[str, str]
    machine: str
    board: str
    graph: str | None
    workload: Workload
    policy: Mapping[str, Any]
    cameras: Mapping[str, CameraInfo]
    sensors: tuple[str, ...] = ()
    models: tuple[ModelInfo, ...] = ()
    utc: tuple[tuple[int, int], ...] = ()
    board_table: Mapping[str, Any] | None = None

    @property
    def lossy(self) -> bool:
        """True when a camera's pictures were stored with losses: an exact comparison means nothing then."""
        return any(camera.lossy for camera in self.cameras.values())


@dataclass(frozen=True, slots=True)
class Opening:
    """The state a file begins with.

    t: ns. scheduler: what `edgeai.schedule.snapshot.restore` takes. pending: items (origin, seq) that wait or run; the
    messages they are made of follow at the beginning of the file. calibrated: what was measured at load, None before
    that. windows, gathered: of sensors; memories: of stages; see `edgeai.runtime.frozen`.
    """

    t: int
    scheduler: Any
    pending: tuple[tuple[str, int], ...] = ()
    calibrated: Calibrated | None = None
    windows: tuple[tuple[str, Readings], ...] = ()
    gathered: tuple[tuple[str, int, tuple[Reading, ...]], ...] = ()
    memories: Mapping[str, object] = field(default_factory=dict)


MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""From a schema version to the function that brings a header of it to the next version."""


def read_header(plain: Any) -> Header:
    """Return the header of a file, brought up to date. Raises RecordingError."""
    if not isinstance(plain, dict) or type(plain.get("schema")) is not int:
        raise RecordingError("the recording's header is damaged: try `edgeai recover`")
    if plain["schema"] > SCHEMA_VERSION:
        raise RecordingError(
            f"the recording has schema version {plain['schema']} and this edgeai reads up to {SCHEMA_VERSION}: "
            "install a newer one"
        )
    while plain["schema"] < SCHEMA_VERSION:
        migrate = MIGRATIONS.get(plain["schema"])
        if migrate is None:
            raise RecordingError(f"the recording has schema version {plain['schema']}, which never existed")
        plain = {**migrate(plain), "schema": plain["schema"] + 1}
    header: Header = decode(plain, Header)
    return header


def read_snapshot(plain: Any) -> Opening:
    """Return the state a file begins with. Raises RecordingError."""
    opening: Opening = decode({**plain, "scheduler": None} if isinstance(plain, dict) else plain, Opening)
    return replace(opening, scheduler=plain["scheduler"])
