"""Pictures with a class for each pixel: masks of the same name, as PNG, in a folder of their own."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

import cv2
import numpy as np

from edgeai.workbench.datasets.sample import Mask, Sample, refuse
from edgeai.workbench.datasets.store import PICTURES, Store, load_input

__all__ = ["Masks"]

FOLDERS = ("masks", "SegmentationClass")


@dataclass(frozen=True, slots=True, eq=False)
class Masks:
    """Pictures, each with a gray or palette PNG whose values are classes; 255 counts for nothing."""

    name: str
    store: Store
    pairs: tuple[tuple[str, str], ...]
    classes: None = None

    @classmethod
    def of(cls, store: Store) -> Masks | None:
        """Pair the pictures of a store with its masks, None where it has no folder of masks. Raises ConfigError."""
        masks = [name for name in store.ending(".png") if PurePosixPath(name).parent.name in FOLDERS]
        if not masks:
            return None
        pictures = {PurePosixPath(p).stem: p for p in store.ending(*PICTURES) if p not in masks}
        missing = [mask for mask in masks if PurePosixPath(mask).stem not in pictures]
        if missing:
            raise refuse(f"{missing[0]} without a picture of that name", "a picture for each mask")
        return cls(store.path.name, store, tuple((pictures[PurePosixPath(mask).stem], mask) for mask in masks))

    def __len__(self) -> int:
        return len(self.pairs)

    def __iter__(self) -> Iterator[Sample]:
        for number, (picture, mask) in enumerate(self.pairs):
            yield Sample(picture, functools.partial(load_input, self.store, picture, number), self._mask(mask))

    def _mask(self, name: str) -> Mask:
        content = self.store.read(name)
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED) if content else None
        if image is None:
            raise refuse(f"{name}, which is damaged or no PNG", "masks that can be decoded")
        if image.ndim != 2:
            image = _indices(content, name)
        return Mask(image)


def _indices(content: bytes, name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Return the class of each pixel of a mask in the colours of Pascal VOC, which OpenCV gives as colours.

    Colour c of the palette has, from its top bit down, the bits of c dealt to red, green and blue in turn.
    """
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    known = {_colour(c): c for c in range(256)}
    packed = image[..., 2].astype(np.int64) << 16 | image[..., 1].astype(np.int64) << 8 | image[..., 0]
    colours, where = np.unique(packed, return_inverse=True)
    unknown = [int(colour) for colour in colours if int(colour) not in known]
    if unknown:
        raise refuse(f"{name} with the colour #{unknown[0]:06x}", "a gray mask, or the palette of Pascal VOC")
    return np.array([known[int(colour)] for colour in colours], np.uint8)[where].reshape(packed.shape)


def _colour(class_id: int) -> int:
    red = green = blue = 0
    for bit in range(8):
        red |= (class_id >> (3 * bit) & 1) << (7 - bit)
        green |= (class_id >> (3 * bit + 1) & 1) << (7 - bit)
        blue |= (class_id >> (3 * bit + 2) & 1) << (7 - bit)
    return red << 16 | green << 8 | blue
