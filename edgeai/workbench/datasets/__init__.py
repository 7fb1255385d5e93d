"""Datasets in the forms they come in: `open_dataset` finds which, and what it gives satisfies `Dataset`."""

from __future__ import annotations

from pathlib import Path

from edgeai.workbench.datasets.coco import Coco
from edgeai.workbench.datasets.labelled import Labelled, Rows, Unlabelled
from edgeai.workbench.datasets.logged import Logged
from edgeai.workbench.datasets.masks import Masks
from edgeai.workbench.datasets.mot import Mot
from edgeai.workbench.datasets.recorded import Recorded
from edgeai.workbench.datasets.sample import (
    Boxes,
    ClassName,
    Dataset,
    Flag,
    Mask,
    Points,
    Sample,
    Truth,
    refuse,
)
from edgeai.workbench.datasets.store import ARRAYS, PICTURES, Store, open_store
from edgeai.workbench.datasets.voc import Voc

__all__ = ["Boxes", "ClassName", "Dataset", "Flag", "Mask", "Points", "Sample", "Truth", "open_dataset", "refuse"]

FORMS = (
    "a COCO .json; a folder or .zip with labels.csv, with a folder for each class, with VOC .xml, with masks/, or with "
    "gt/gt.txt; without truth a folder or .zip of pictures or .npy, one .npy of many inputs, a recording (with #STAGE "
    "what that stage found is the truth) or another program's log"
)


def open_dataset(path: str | Path) -> Dataset:
    """Open the dataset at a path, its form found by looking. Raises ConfigError, which lists the forms.

    `drive.mcap#front` is one of several sources of a recording or log, `drive.mcap#objects` what a stage of a recording
    looked at, with what it found as the truth.
    """
    place, chosen = Path(path).expanduser(), ""
    if not place.exists() and "#" in place.name:
        name, _, chosen = place.name.rpartition("#")
        place = place.with_name(name) if name else place
    if not place.exists():
        raise refuse(f"{place}, which does not exist", FORMS)
    if place.is_file() and place.suffix.lower() == ".json":
        return Coco.of(place)
    if place.is_file() and place.suffix.lower() in ARRAYS:
        return _npy(place)
    dataset: Dataset | None = Recorded.of(place, chosen)
    if dataset is None and chosen:
        dataset = Logged.of(place, chosen)
    elif place.is_dir() or place.suffix.lower() == ".zip":
        dataset = _of_store(open_store(place))
    if dataset is None:
        dataset = Logged.of(place, chosen)
    if dataset is None and place.is_dir():
        dataset = _unlabelled(open_store(place))
    if dataset is None or not len(dataset):
        raise refuse(f"{place}, which holds none of what a dataset may be", FORMS)
    return dataset


def _of_store(store: Store) -> Dataset | None:
    """Return what a store is with its truth; without truth only an archive, as a folder may also be a log."""
    annotations = [name for name in store.ending(".json") if not name.startswith("record")]
    if store.path.is_dir() and len(annotations) == 1 and annotations[0] in {"labels.json", "annotations.json"}:
        return Coco.of(store.path / annotations[0])
    found = Mot.of(store) or Masks.of(store) or Voc.of(store) or Labelled.of(store)
    return found or (None if store.path.is_dir() else _unlabelled(store))


def _unlabelled(store: Store) -> Dataset | None:
    files = store.ending(*PICTURES) or store.ending(*ARRAYS)
    return Unlabelled(store.path.name, store, tuple(files)) if files else None


def _npy(path: Path) -> Dataset:
    try:
        return Rows.of(path.name, path.read_bytes())
    except OSError as error:
        raise refuse(f"{path}, which cannot be read ({error.strerror})", "a .npy file") from error
