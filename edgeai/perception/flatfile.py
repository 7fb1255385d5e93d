"""Reading flatbuffers by slot number, with every offset checked.

The runtimes parse a model file without checking it, so a damaged one would end the process. `verify` follows every
offset of a file that its schema knows before a runtime sees it; `Table` reads fields afterwards.
Format: https://flatbuffers.dev/internals (root offset, tables with vtables, vectors with a length in front).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Final

__all__ = ["METADATA_SCHEMA", "MODEL_SCHEMA", "DamagedError", "Schema", "Table", "root", "verify"]

_U16: Final = struct.Struct("<H").unpack_from
_I32: Final = struct.Struct("<i").unpack_from
_U32: Final = struct.Struct("<I").unpack_from


class DamagedError(ValueError):
    """The bytes are not a sound flatbuffer; the text says where."""


class Table:
    """A table at a position of a buffer. Each reader takes a slot and returns the default when it is absent.

    Every read is checked against the buffer's end and raises DamagedError beyond it.
    """

    __slots__ = ("_fields", "_vtable", "buffer", "position")

    def __init__(self, buffer: bytes, position: int) -> None:
        self.buffer = buffer
        self.position = position
        self._vtable = position - _read(_I32, buffer, position)
        length = _read(_U16, buffer, self._vtable)
        if length < 4 or length % 2 or self._vtable + length > len(buffer):
            raise DamagedError(f"the table at byte {position} has no sound vtable")
        inline = _read(_U16, buffer, self._vtable + 2)
        if inline < 4 or position + inline > len(buffer):
            raise DamagedError(f"the table at byte {position} reaches beyond the end of the file")
        self._fields = struct.unpack_from(f"<{length // 2 - 2}H", buffer, self._vtable + 4)
        if any(inline <= field or 0 < field < 4 for field in self._fields):
            raise DamagedError(f"a field of the table at byte {position} lies outside the table")

    def at(self, slot: int) -> int:
        """Return the position of a field, 0 when it is absent."""
        fields = self._fields
        return self.position + fields[slot] if slot < len(fields) and fields[slot] else 0

    def number(self, slot: int, form: str = "i", default: int = 0) -> int:
        """Return an integer field; `form` is its struct format character."""
        position = self.at(slot)
        return int(_read(struct.Struct("<" + form).unpack_from, self.buffer, position)) if position else default

    def target(self, slot: int) -> int:
        """Return the position that an offset field leads to, 0 when it is absent."""
        position = self.at(slot)
        return _follow(self.buffer, position) if position else 0

    def table(self, slot: int) -> Table | None:
        """Return a sub-table."""
        position = self.target(slot)
        return Table(self.buffer, position) if position else None

    def tables(self, slot: int) -> list[Table]:
        """Return a vector of tables."""
        start, count = self._vector(slot, 4)
        return [Table(self.buffer, _follow(self.buffer, start + 4 * i)) for i in range(count)]

    def numbers(self, slot: int, form: str = "i") -> tuple[float, ...]:
        """Return a vector of numbers."""
        start, count = self._vector(slot, struct.calcsize("<" + form))
        return struct.unpack_from(f"<{count}{form}", self.buffer, start)

    def integers(self, slot: int, form: str = "i") -> tuple[int, ...]:
        """Return a vector of integers."""
        return tuple(int(value) for value in self.numbers(slot, form))

    def data(self, slot: int) -> bytes:
        """Return a vector of bytes."""
        start, count = self._vector(slot, 1)
        return self.buffer[start : start + count]

    def size(self, slot: int) -> int:
        """Return the length of a vector of bytes."""
        return self._vector(slot, 1)[1]

    def text(self, slot: int) -> str:
        """Return a string."""
        return self.data(slot).decode("utf-8", "replace")

    def _vector(self, slot: int, size: int) -> tuple[int, int]:
        position = self.target(slot)
        if not position:
            return 0, 0
        return position + 4, _vector_length(self.buffer, position, size)


def _read(read: object, buffer: bytes, position: int) -> int:
    if position < 0:
        raise DamagedError("an offset leads before the beginning of the file")
    try:
        return read(buffer, position)[0]  # type: ignore[operator, no-any-return]
    except struct.error:
        raise DamagedError("an offset leads beyond the end of the file: it is truncated or damaged") from None


def _follow(buffer: bytes, position: int) -> int:
    return position + _read(_U32, buffer, position)


def _vector_length(buffer: bytes, position: int, size: int) -> int:
    count = _read(_U32, buffer, position)
    if position + 4 + count * size > len(buffer):
        raise DamagedError("a list reaches beyond the end of the file: it is truncated or damaged")
    return count


def root(buffer: bytes, identifier: bytes) -> Table:
    """Return the root table of a buffer that bears `identifier`. Raises DamagedError."""
    if buffer[4:8] != identifier:
        raise DamagedError(f"it does not bear the mark {identifier.decode()} of its format")
    return Table(buffer, _follow(buffer, 0))


Schema = Mapping[str, Mapping[int, str]]
"""Table name -> slot -> kind: `N` a scalar of N bytes, `[N]` a list of such, `text`, `[text]`, a table's name,
`[name]`, or `slot?a=name,b=name` a union whose type is in `slot` (other types are tables of scalars)."""

MODEL_SCHEMA: Final[Schema] = {
    "Model": {
        0: "4",
        1: "[OperatorCode]",
        2: "[SubGraph]",
        3: "text",
        4: "[Buffer]",
        5: "[4]",
        6: "[Metadata]",
        7: "[SignatureDef]",
    },
    "OperatorCode": {0: "1", 1: "text", 2: "4", 3: "4"},
    "SubGraph": {0: "[Tensor]", 1: "[4]", 2: "[4]", 3: "[Operator]", 4: "text"},
    "Tensor": {
        0: "[4]",
        1: "1",
        2: "4",
        3: "text",
        4: "Quantization",
        5: "1",
        6: "Sparsity",
        7: "[4]",
        8: "1",
        9: "[VariantSubType]",
    },
    "Quantization": {0: "[4]", 1: "[4]", 2: "[4]", 3: "[8]", 4: "1", 5: "4?1=CustomQuantization", 6: "4"},
    "CustomQuantization": {0: "[1]"},
    "VariantSubType": {0: "[4]", 1: "1", 2: "1"},
    "Sparsity": {0: "[4]", 1: "[4]", 2: "[Dimension]"},
    "Dimension": {
        0: "1",
        1: "4",
        2: "1",
        3: "2?1=Int32s,2=Uint16s,3=Uint8s",
        4: "1",
        5: "4?1=Int32s,2=Uint16s,3=Uint8s",
    },
    "Int32s": {0: "[4]"},
    "Uint16s": {0: "[2]"},
    "Uint8s": {0: "[1]"},
    "Operator": {
        0: "4",
        1: "[4]",
        2: "[4]",
        3: "1",
        4: "3?3=ConcatEmbeddings,17=Int32s,30=Int32s,111=Names,115=Floats",
        5: "[1]",
        6: "1",
        7: "[1]",
        8: "[4]",
        9: "8",
        10: "8",
        11: "1",
        12: "11?21=Composite",
    },
    "ConcatEmbeddings": {0: "4", 1: "[4]", 2: "[4]"},
    "Names": {0: "text", 1: "text"},
    "Floats": {0: "[4]"},
    "Composite": {0: "text", 1: "4", 2: "[1]", 3: "1", 4: "4"},
    "Buffer": {0: "[1]", 1: "8", 2: "8"},
    "Metadata": {0: "text", 1: "4"},
    "SignatureDef": {0: "[TensorMap]", 1: "[TensorMap]", 2: "text", 4: "4"},
    "TensorMap": {0: "text", 1: "4"},
}
"""Source: tensorflow/compiler/mlir/lite/schema/schema.fbs."""

METADATA_SCHEMA: Final[Schema] = {
    "ModelMetadata": {0: "text", 1: "text", 2: "text", 3: "[SubGraphMetadata]", 6: "[AssociatedFile]"},
    "SubGraphMetadata": {0: "text", 2: "[TensorMetadata]", 3: "[TensorMetadata]", 4: "[AssociatedFile]"},
    "TensorMetadata": {0: "text", 1: "text", 3: "Content", 4: "[ProcessUnit]", 6: "[AssociatedFile]"},
    "Content": {0: "1", 1: "0?2=ImageProperties"},
    "ImageProperties": {0: "1"},
    "ProcessUnit": {0: "1", 1: "0?1=Normalization"},
    "Normalization": {0: "[4]", 1: "[4]"},
    "AssociatedFile": {0: "text", 1: "text", 2: "1", 3: "text"},
}
"""Source: tflite-support, metadata_schema.fbs."""


def verify(buffer: bytes, schema: Schema, name: str, identifier: bytes) -> Table:
    """Follow every offset that `schema` knows from the root table `name`, and return that table.

    Each table is visited once as each kind, so that the work is bounded by the size of the file. Raises DamagedError.
    """
    top = root(buffer, identifier)
    waiting = [(name, top.position)]
    seen = set(waiting)
    while waiting:
        kind, position = waiting.pop()
        table = Table(buffer, position)
        for slot, field in schema.get(kind, {}).items():
            if not table.at(slot):
                continue
            for found in _children(table, slot, field):
                if found not in seen:
                    seen.add(found)
                    waiting.append(found)
    return top


def _children(table: Table, slot: int, field: str) -> list[tuple[str, int]]:
    """Check one field and return the (kind, position) of tables it leads to."""
    buffer = table.buffer
    if field.isdigit():
        if table.at(slot) + int(field) > len(buffer):
            raise DamagedError("a number reaches beyond the end of the file: it is truncated or damaged")
        return []
    if "?" in field:
        tag, _, choices = field.partition("?")
        names = dict(choice.split("=") for choice in choices.split(","))
        return [(names.get(str(table.number(int(tag), "B")), "scalars"), table.target(slot))]
    if not field.startswith("["):
        target = table.target(slot)
        return _text(buffer, target) if field == "text" else [(field, target)]
    inner = field[1:-1]
    start = table.target(slot)
    count = _vector_length(buffer, start, int(inner) if inner.isdigit() else 4)
    if inner.isdigit():
        return []
    targets = [_follow(buffer, start + 4 + 4 * i) for i in range(count)]
    if inner == "text":
        for target in targets:
            _text(buffer, target)
        return []
    return [(inner, target) for target in targets]


def _text(buffer: bytes, position: int) -> list[tuple[str, int]]:
    _vector_length(buffer, position, 1)
    return []
