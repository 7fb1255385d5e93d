"""Pictures or arrays, each of one class: a labels.csv beside them, or a folder for each class; or without truth."""

from __future__ import annotations

import csv
import functools
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy.typing as npt

from edgeai.workbench.datasets.sample import ClassName, Flag, Sample, Truth, refuse
from edgeai.workbench.datasets.store import ARRAYS, PICTURES, Store, load_input, read_array, read_text

__all__ = ["Labelled", "Rows", "Unlabelled"]

LABELS = "labels.csv"
_NAMES = ("label", "class", "class_name", "name")
_NUMBERS = ("class_index_0based", "class_id", "class_index", "index")
_FLAGS = ("there", "present", "anomalous", "anomaly", "positive")
_TRUE, _FALSE = {"1", "true", "yes"}, {"0", "false", "no"}


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Inputs of one class each.

    labels.csv has a column `file`, and `label` (a name), `class_id` (counted from 0, no background) or both; or a
    column `present` or `anomalous` of 0 and 1. Without it, each input's folder is its class, and classes are counted
    in the order of their names.
    """

    name: str
    store: Store
    files: tuple[str, ...]
    truths: tuple[Truth, ...]
    classes: tuple[str, ...] | None

    @classmethod
    def of(cls, store: Store) -> Labelled | None:
        """Read a store's labels, None where it has none. Raises ConfigError."""
        tables = [name for name in store.names if PurePosixPath(name).name == LABELS]
        if tables:
            return cls._of_table(store, min(tables, key=len))
        files = store.ending(*PICTURES, *ARRAYS)
        classes = sorted({PurePosixPath(name).parent.name for name in files})
        depths = {len(PurePosixPath(name).parts) for name in files}
        if len(classes) < 2 or len(depths) != 1 or min(depths) < 2:
            return None
        numbers = {name: i for i, name in enumerate(classes)}
        truths = [ClassName(numbers[folder], folder) for folder in (PurePosixPath(name).parent.name for name in files)]
        return cls(store.path.name, store, tuple(files), tuple(truths), tuple(classes))

    @classmethod
    def _of_table(cls, store: Store, table: str) -> Labelled:
        rows = list(csv.DictReader(io.StringIO(read_text(store, table))))
        if not rows or "file" not in rows[0]:
            raise refuse(f"{table} without rows or without a column `file`", "a row `file,label` for each input")
        names = sorted({row[_column(row, _NAMES)] for row in rows}) if _column(rows[0], _NAMES) else None
        files, truths = [], []
        for line, row in enumerate(rows, 2):
            here = str(PurePosixPath(table).parent)
            file = store.find(row["file"] or "", "" if here == "." else here, "images")
            if file is None:
                raise refuse(f"{row['file']!r} in line {line} of {table}, which is not there", "files that are there")
            files.append(file)
            truths.append(_truth(row, names, f"line {line} of {table}"))
        return cls(store.path.name, store, tuple(files), tuple(truths), tuple(names) if names else None)

    def __len__(self) -> int:
        return len(self.files)

    def __iter__(self) -> Iterator[Sample]:
        for number, (file, truth) in enumerate(zip(self.files, self.truths, strict=True)):
            yield Sample(file, functools.partial(load_input, self.store, file, number), truth)


def _column(row: dict[str, str], known: tuple[str, ...]) -> str:
    return next((name for name in known if name in row), "")


def _truth(row: dict[str, str], names: list[str] | None, where: str) -> Truth:
    if flag := _column(row, _FLAGS):
        said = (row[flag] or "").strip().lower()
        if said not in _TRUE | _FALSE:
            raise refuse(f"{row[flag]!r} as `{flag}` in {where}", "0 or 1")
        return Flag(said in _TRUE)
    name, number = _column(row, _NAMES), _column(row, _NUMBERS)
    if number:
        if not (row[number] or "").strip().isdecimal():
            raise refuse(f"{row[number]!r} as `{number}` in {where}", "the number of a class, counted from 0")
        return ClassName(int(row[number]), row[name] if name else None)
    if not name or names is None:
        raise refuse(f"the columns {', '.join(row)} in {where}", "`label`, `class_id`, `present` or `anomalous`")
    return ClassName(names.index(row[name]), row[name])


@dataclass(frozen=True, slots=True, eq=False)
class Unlabelled:
    """Inputs of which nothing is known: pictures, or arrays; one .npy file may hold many, the first axis counting."""

    name: str
    store: Store
    files: tuple[str, ...]
    classes: None = None

    def __len__(self) -> int:
        return len(self.files)

    def __iter__(self) -> Iterator[Sample]:
        for number, file in enumerate(self.files):
            yield Sample(file, functools.partial(load_input, self.store, file, number))


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """One .npy file of many inputs: the first axis counts them, the others are those of an input."""

    name: str
    array: npt.NDArray[Any]
    classes: None = None

    @classmethod
    def of(cls, name: str, content: bytes) -> Rows:
        """Read the file. Raises ConfigError."""
        array = read_array(content, name)
        if array.ndim < 2:
            raise refuse(f"{name} with one axis", "an array whose first axis counts the inputs")
        return cls(name, array)

    def __len__(self) -> int:
        return len(self.array)

    def __iter__(self) -> Iterator[Sample]:
        for number in range(len(self.array)):
            yield Sample(f"{self.name}[{number}]", functools.partial(self.array.__getitem__, number))
