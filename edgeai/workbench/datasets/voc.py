"""Pascal VOC: one XML file a picture with the boxes of its objects."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from xml.etree import ElementTree

import numpy as np

from edgeai.workbench.datasets.sample import Boxes, Sample, refuse
from edgeai.workbench.datasets.store import PICTURES, Store, load_input, read_text

__all__ = ["Voc"]

_CORNERS = ("xmin", "ymin", "xmax", "ymax")


@dataclass(frozen=True, slots=True, eq=False)
class Voc:
    """Pictures with the boxes of their objects; `difficult` ones neither have to be found nor count as wrong.

    Pixels count from 1 in VOC and both corners are inside: the box covers xmin - 1 to xmax.
    """

    name: str
    store: Store
    pairs: tuple[tuple[str, Boxes], ...]
    classes: tuple[str, ...]

    @classmethod
    def of(cls, store: Store) -> Voc | None:
        """Read all annotations of a store, None where it has none. Raises ConfigError."""
        files = store.ending(".xml")
        if not files:
            return None
        roots = [(file, _parse(store, file)) for file in files]
        labels = sorted({item.findtext("name") or "" for _, root in roots for item in root.iter("object")})
        numbers = {label: i for i, label in enumerate(labels)}
        pairs = tuple((_picture(store, file, root), _boxes(file, root, numbers)) for file, root in roots)
        return cls(store.path.name, store, pairs, tuple(labels))

    def __len__(self) -> int:
        return len(self.pairs)

    def __iter__(self) -> Iterator[Sample]:
        for number, (file, truth) in enumerate(self.pairs):
            yield Sample(file, functools.partial(load_input, self.store, file, number), truth)


def _parse(store: Store, file: str) -> ElementTree.Element:
    text = read_text(store, file)
    if re.search(r"<!(DOCTYPE|ENTITY)", text):
        raise refuse(f"{file} with a document type", "plain VOC annotations, without entities")
    try:
        return ElementTree.fromstring(text)  # noqa: S314 - see above
    except ElementTree.ParseError as error:
        raise refuse(f"{file}, which is no XML ({error})", "VOC annotations") from error


def _picture(store: Store, file: str, root: ElementTree.Element) -> str:
    stem = PurePosixPath(file).stem
    wanted = [root.findtext("filename") or "", *(stem + ending for ending in PICTURES)]
    found = next((place for name in wanted if name and (place := store.find(name, "JPEGImages", "images"))), None)
    if found is None:
        raise refuse(f"{file} without its picture", "pictures beside the annotations or in JPEGImages/")
    return found


def _boxes(file: str, root: ElementTree.Element, numbers: dict[str, int]) -> Boxes:
    box, label, crowd = [], [], []
    for item in root.iter("object"):
        try:
            corners = [float(item.findtext(f"bndbox/{corner}") or "") for corner in _CORNERS]
        except ValueError:
            raise refuse(f"an object without a whole box in {file}", ", ".join(_CORNERS)) from None
        box.append([corners[0] - 1, corners[1] - 1, corners[2], corners[3]])
        label.append(item.findtext("name") or "")
        crowd.append(item.findtext("difficult") == "1")
    table = np.array(box, np.float64).reshape(-1, 4)
    return Boxes(table, tuple(label), tuple(numbers[name] for name in label), tuple(crowd))
