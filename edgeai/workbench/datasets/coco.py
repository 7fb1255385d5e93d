"""COCO: boxes and keypoints of a JSON file, the pictures beside it or in `images/`."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from edgeai.errors import ConfigError
from edgeai.workbench.datasets.sample import Boxes, Points, Sample, Truth, refuse
from edgeai.workbench.datasets.store import Store, load_input, open_store

__all__ = ["Coco", "read_json"]

MAX_JSON = 1 << 30
_Number = Annotated[float, Field(allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)
class _Picture:
    id: int
    file_name: str


@dataclass(frozen=True, slots=True)
class _Category:
    id: int
    name: str
    keypoints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Object:
    image_id: int
    category_id: int
    bbox: tuple[_Number, _Number, _Number, _Number]
    iscrowd: int = 0
    area: _Number | None = None
    keypoints: tuple[_Number, ...] = ()


@dataclass(frozen=True, slots=True)
class _Document:
    images: tuple[_Picture, ...]
    annotations: tuple[_Object, ...]
    categories: tuple[_Category, ...]

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="ignore")


@dataclass(frozen=True, slots=True, eq=False)
class Coco:
    """Pictures with the boxes of their objects; with the keypoints of bodies where the file has them."""

    name: str
    store: Store
    document: _Document
    classes: tuple[str, ...]

    @classmethod
    def of(cls, path: Path) -> Coco:
        """Read an annotation file. Raises ConfigError."""
        document: _Document = read_json(path, TypeAdapter(_Document), "COCO annotations")
        if not document.images or not document.annotations:
            raise refuse(f"{path} without images or without annotations", "a COCO file that holds both")
        known = {category.id: category.name for category in document.categories}
        unknown = {item.category_id for item in document.annotations} - known.keys()
        if unknown:
            raise refuse(f"an object of category {min(unknown)} in {path}", "categories that the file lists")
        names = tuple(known.get(i, "???") for i in range(max(known) + 1)) if max(known) < 10_000 else ()
        return cls(path.stem, open_store(path.parent), document, names)

    def __len__(self) -> int:
        return len(self.document.images)

    def __iter__(self) -> Iterator[Sample]:
        objects: dict[int, list[_Object]] = {picture.id: [] for picture in self.document.images}
        for item in self.document.annotations:
            objects.setdefault(item.image_id, []).append(item)
        for number, picture in enumerate(self.document.images):
            yield Sample(
                picture.file_name, functools.partial(self._load, picture, number), self._truth(objects, picture)
            )

    def _load(self, picture: _Picture, number: int) -> Any:
        file = self.store.find(PurePosixPath(picture.file_name).name, "images", "")
        if file is None:
            raise refuse(f"no {picture.file_name} near {self.store.path}", "the pictures beside the JSON or in images/")
        return load_input(self.store, file, number)

    def _truth(self, objects: dict[int, list[_Object]], picture: _Picture) -> Truth:
        here = objects[picture.id]
        names = {category.id: category for category in self.document.categories}
        posed = [item for item in here if item.keypoints and not item.iscrowd]
        if posed:
            return _points(posed, names[posed[0].category_id].keypoints, picture)
        xywh = np.array([item.bbox for item in here], np.float64).reshape(-1, 4)
        return Boxes(
            np.hstack([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]]),
            tuple(names[item.category_id].name for item in here),
            tuple(item.category_id for item in here),
            tuple(bool(item.iscrowd) for item in here),
            tuple(item.area if item.area is not None else item.bbox[2] * item.bbox[3] for item in here),
        )


def _points(posed: list[_Object], names: tuple[str, ...], picture: _Picture) -> Points:
    """Return the points of bodies; errors are measured by the diagonal of a body's box."""
    try:
        table = np.array([item.keypoints for item in posed], np.float64).reshape(len(posed), -1, 3)
    except ValueError:
        raise refuse(f"keypoints of different lengths in {picture.file_name}", "x, y, v for each point") from None
    names = names if len(names) == table.shape[1] else tuple(str(i) for i in range(table.shape[1]))
    size = np.array([np.hypot(item.bbox[2], item.bbox[3]) for item in posed])
    return Points(table[:, :, :2], table[:, :, 2] > 0, size, names)


def read_json(path: Path, form: TypeAdapter[Any], what: str) -> Any:
    """Return a JSON file's content in a form. Raises ConfigError that says where it is not."""
    try:
        if path.stat().st_size > MAX_JSON:
            raise refuse(f"{path} with more than {MAX_JSON >> 30} GiB", what)
        return form.validate_python(json.loads(path.read_bytes()))
    except OSError as error:
        raise refuse(f"{path}, which cannot be read ({error.strerror})", what) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        wrong = f"a wrong `{where}`: {first['msg'].lower()}" if where else "another kind of JSON"
        raise refuse(f"{path} with {wrong}", what) from None
    except ConfigError:
        raise
    except (ValueError, RecursionError) as error:
        raise refuse(f"{path}, which is no JSON ({error})", what) from error
