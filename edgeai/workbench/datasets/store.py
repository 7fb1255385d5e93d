"""Files by name, in a folder or in a zip archive."""

from __future__ import annotations

import io
import re
import zipfile
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeai.messages import Frame
from edgeai.recording.foreign import Damaged, decode
from edgeai.workbench.datasets.sample import Input, refuse

__all__ = ["ARRAYS", "PICTURES", "Store", "load_input", "natural", "open_store", "read_array", "read_text"]

PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".ppm", ".pgm")
ARRAYS = (".npy",)
MAX_FILE = 256 << 20
"""Bytes of one file, unpacked: larger ones are no picture, or a zip bomb."""


class Store(ABC):
    """Files by their names, with `/` between folders."""

    def __init__(self, path: Path, names: list[str]) -> None:
        self.path = path
        self.names = tuple(sorted(names, key=natural))

    @abstractmethod
    def read(self, name: str) -> bytes:
        """Return a file's bytes. Raises ConfigError."""

    def ending(self, *endings: str) -> list[str]:
        """Return the names with one of these endings, in natural order."""
        return [name for name in self.names if name.lower().endswith(endings)]

    def find(self, name: str, *folders: str) -> str | None:
        """Return the file of that name in the first of these folders that has it, else the only one anywhere."""
        known = set(self.names)
        for folder in folders:
            if (candidate := f"{folder}/{name}".lstrip("/")) in known:
                return candidate
        found = [other for other in self.names if other == name or other.endswith(f"/{name}")]
        return found[0] if len(found) == 1 else None


class _Folder(Store):
    def __init__(self, path: Path) -> None:
        files = (item.relative_to(path) for item in path.rglob("*") if item.is_file())
        super().__init__(path, [item.as_posix() for item in files if not any(p.startswith(".") for p in item.parts)])

    def read(self, name: str) -> bytes:
        place = self.path / name
        try:
            if place.stat().st_size > MAX_FILE:
                raise refuse(f"{place} with more than {MAX_FILE >> 20} MiB", "pictures and arrays of a usual size")
            return place.read_bytes()
        except OSError as error:
            raise refuse(f"{place}, which cannot be read ({error.strerror})", "files that can be read") from error


class _Zip(Store):
    def __init__(self, path: Path) -> None:
        self._archive = zipfile.ZipFile(path)
        names = [name for name in self._archive.namelist() if not name.endswith("/")]
        super().__init__(path, [name for name in names if not name.startswith((".", "__MACOSX"))])

    def read(self, name: str) -> bytes:
        try:
            with self._archive.open(name) as file:
                content = file.read(MAX_FILE + 1)
        except (OSError, EOFError, RuntimeError, NotImplementedError, zipfile.BadZipFile, ValueError) as error:
            text = str(error) or type(error).__name__
            raise refuse(f"{name} in {self.path}, which cannot be unpacked ({text})", "a sound archive") from error
        if len(content) > MAX_FILE:
            raise refuse(f"{name} in {self.path} with more than {MAX_FILE >> 20} MiB", "files of a usual size")
        return content


def open_store(path: Path) -> Store:
    """Open a folder or a zip archive. Raises ConfigError."""
    if path.is_dir():
        return _Folder(path)
    try:
        return _Zip(path)
    except (OSError, zipfile.BadZipFile) as error:
        text = getattr(error, "strerror", None) or str(error)
        raise refuse(f"{path}, which cannot be opened ({text})", "a folder or a zip archive") from error


def load_input(store: Store, name: str, number: int = 0, stamp: int = 0) -> Input:
    """Return a picture as a Frame, or a .npy file's array. Raises ConfigError for one that is damaged."""
    content = store.read(name)
    if name.lower().endswith(ARRAYS):
        return read_array(content, name)
    image = decode(content)
    if isinstance(image, Damaged):
        raise refuse(f"{name} in {store.path}: {image.why}", "pictures that can be decoded")
    return Frame(name, number, stamp, image)


def read_array(content: bytes, name: str) -> npt.NDArray[Any]:
    """Return the array of a .npy file. Raises ConfigError."""
    try:
        array = np.load(io.BytesIO(content), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise refuse(f"{name}, which is no .npy file ({error})", "arrays written by numpy.save") from error
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiub" or not array.size:
        raise refuse(f"{name}, which holds no numbers", "arrays of numbers")
    return array


def read_text(store: Store, name: str) -> str:
    """Return a file's text. Raises ConfigError where it is not UTF-8."""
    try:
        return store.read(name).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refuse(f"{name} in {store.path}, which is not UTF-8", "text in UTF-8") from error


def natural(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """Return a key by which `img2` comes before `img10`."""
    parts = re.split(r"(\d+)", name.casefold())
    return [(1, int(part), "") if part.isdecimal() else (0, 0, part) for part in parts], name
