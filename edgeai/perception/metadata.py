"""What a model file says of itself: TFLite metadata, and label files packed behind the model.

Formats: tflite-support's metadata_schema.fbs, held in a buffer of the model; label files in a zip archive appended to
the file, with or without metadata that speaks of them.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass

from edgeai.errors import ModelError
from edgeai.messages import Colour
from edgeai.perception.flatfile import METADATA_SCHEMA, DamagedError, Table, verify
from edgeai.perception.labels import MAX_BYTES, Labels, decode_labels
from edgeai.perception.options import PerChannel
from edgeai.perception.ultralytics import read_dictionary

__all__ = ["Metadata", "read_metadata"]

_NORMALISATION = 1
_IMAGE, _BOXES = 2, 3
_AXIS_LABELS, _VALUE_LABELS = 2, 3
_COLOURS: dict[int, Colour] = {1: "rgb", 2: "gray"}
_MAX_MEMBERS = 64
_DICTIONARIES = ("temp_meta.txt", "metadata.json")
_ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError)
"""What zipfile raises for archives that are damaged, encrypted or packed in ways it does not know."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What was found; None where the file says nothing.

    `missing` is the name of a label file that the metadata speaks of and that is not there, else empty.
    """

    labels: Labels | None = None
    mean: PerChannel | None = None
    std: PerChannel | None = None
    colour: Colour | None = None
    task: str | None = None
    missing: str = ""


def read_metadata(content: bytes, metadata: bytes) -> Metadata:
    """Read the metadata buffer and the packed label file of a model file.

    Raises ModelError when the metadata is damaged, when its values are not usable, or when the packed label file is.
    """
    try:
        model = verify(metadata, METADATA_SCHEMA, "ModelMetadata", b"M001") if metadata else None
    except DamagedError as error:
        raise ModelError(f"its TFLite metadata is damaged ({error}): fetch or convert it again") from error
    graphs = model.tables(3) if model else []
    inputs = graphs[0].tables(2) if graphs else []
    outputs = graphs[0].tables(3) if graphs else []
    image = next((tensor for tensor in inputs if _content_type(tensor) == _IMAGE), inputs[0] if inputs else None)
    mean, std = _normalisation(image)
    named = _label_files(outputs)
    members = _members(content)
    missing = named[0] if named and not members.keys() & set(named) else ""
    labels, task = (None, None) if missing else _packed(content, members, named)
    return Metadata(labels, mean, std, _colour(image), task or _task(outputs), missing)


def _content_type(tensor: Table) -> int:
    content = tensor.table(3)
    return content.number(0, "B") if content else 0


def _colour(image: Table | None) -> Colour | None:
    content = image.table(3) if image else None
    properties = content.table(1) if content and content.number(0, "B") == _IMAGE else None
    return _COLOURS.get(properties.number(0, "b")) if properties else None


def _normalisation(image: Table | None) -> tuple[PerChannel | None, PerChannel | None]:
    for unit in image.tables(4) if image else []:
        options = unit.table(1)
        if unit.number(0, "B") == _NORMALISATION and options is not None:
            return _per_channel(options.numbers(0, "f"), "mean"), _per_channel(options.numbers(1, "f"), "std")
    return None, None


def _per_channel(values: tuple[float, ...], what: str) -> PerChannel | None:
    if not values:
        return None
    if len(values) == 1:
        return values[0]
    if len(values) == 3:
        return values[0], values[1], values[2]
    raise ModelError(f"its metadata gives {len(values)} values of {what}, not 1 or 3: say `{what}` in the options")


def _task(outputs: list[Table]) -> str | None:
    if any(_content_type(output) == _BOXES for output in outputs):
        return "detection"
    named = [file.number(2, "b") for output in outputs for file in output.tables(6)]
    return "classification" if len(outputs) == 1 and _AXIS_LABELS in named else None


def _label_files(outputs: list[Table]) -> list[str]:
    """Return the names of the label files that the metadata speaks of; of translations the first is the default."""
    files = [file for output in outputs for file in output.tables(6)]
    return [file.text(0) for file in files if file.number(2, "b") in {_AXIS_LABELS, _VALUE_LABELS}]


def _members(content: bytes) -> dict[str, zipfile.ZipInfo]:
    """List the files packed behind the model."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {member.filename: member for member in archive.infolist()[:_MAX_MEMBERS]}
    except _ZIP_ERRORS as error:
        raise ModelError(f"the archive packed in it is damaged ({error}): fetch the file again") from error


def _packed(content: bytes, members: dict[str, zipfile.ZipInfo], named: list[str]) -> tuple[Labels | None, str | None]:
    """Return labels and task from the file that the metadata names, else the only one whose own name fits.

    Ultralytics' exporter packs its dictionary under several names, one of them of the type meant for labels.
    """
    likely = [name for name in members if "label" in name.lower() and name.lower().endswith(".txt")]
    chosen = next((name for name in named if name in members), None) or (likely[0] if len(likely) == 1 else None)
    chosen = chosen or next((name for name in _DICTIONARIES if name in members), None)
    if chosen is None:
        return None, None
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive, archive.open(members[chosen]) as file:
            text = file.read(MAX_BYTES + 1)
    except _ZIP_ERRORS as error:
        raise ModelError(
            f"the label file packed in it cannot be read ({error}): fetch it again, or say `labels: <file>`"
        ) from error
    if text.lstrip().startswith(b"{"):
        return read_dictionary(text, f"the packed dictionary {chosen}")
    return decode_labels(text, f"the packed label file {chosen}"), None
