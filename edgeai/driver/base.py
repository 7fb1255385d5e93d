"""What all drivers have in common: options, opening and closing, vendors' libraries."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar

from edgeai.clock import Clock
from edgeai.driver.retry import Retry
from edgeai.errors import DeviceError, PluginError, Problem
from edgeai.messages import Device

if TYPE_CHECKING:
    from typing import Self

__all__ = ["Driver", "DriverOptions", "vendor"]


@dataclass(frozen=True, kw_only=True)
class DriverOptions:
    """What a graph may say of a driver: a frozen dataclass of keyword fields, checked before any device opens.

    The first field a driver adds takes the path of its short form (`v4l2:/dev/video0`).
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}


def vendor(module: str, extra: str) -> ModuleType:
    """Import a vendor's library inside a driver.

    Raises PluginError that names the extra which installs it, with the cause kept.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise PluginError(
            f"{module} cannot be imported ({error}); install it with: pip install 'edgeai[{extra}]'"
        ) from error


class Driver(ABC):
    """A device the runtime opens, uses and closes, from one thread at a time."""

    Options: ClassVar[type[DriverOptions]] = DriverOptions
    suffixes: ClassVar[tuple[str, ...]] = ()
    """File endings by which a bare path names this driver (`clip.mp4`)."""
    schemes: ClassVar[tuple[str, ...]] = ()
    """URL schemes that name this driver whole (`rtsp`), besides its own name."""
    retry: Retry = Retry()
    """How it is opened again when it fails, unless the graph says otherwise; drivers of files say NEVER_AGAIN."""

    def __init__(self, name: str, options: Any) -> None:
        """Keep name and options; touch no device."""
        self.name = name
        self.options = options
        self._is_open = False

    @property
    def counts(self) -> tuple[int, int]:
        """What it has delivered or taken so far, and what went by it."""
        return 0, 0

    @classmethod
    def claims(cls, path: str) -> bool:
        """Say whether a bare path, without a scheme, names something for this driver."""
        return path.lower().endswith(cls.suffixes) if cls.suffixes else False

    @classmethod
    def devices(cls) -> list[Device]:
        """List what this driver could open here, and for the rest what is missing."""
        return []

    def check(self) -> list[Problem]:
        """List what is wrong with the options as far as can be known without opening anything."""
        return []

    def attach(self, peers: Mapping[str, Driver]) -> None:  # noqa: B027 - most drivers need none
        """Look up other drivers of the pipeline by name, before any is opened; most need none."""

    def open(self, clock: Clock) -> None:
        """Open the device; `clock` is the pipeline's. Raises DeviceError, PluginError."""
        if not self._is_open:
            self._clock = clock
            self._is_open = True
            try:
                self._open()
            except BaseException:
                self.close()
                raise

    def reopen(self, clock: Clock) -> None:
        """Open the device again after a failure. Raises DeviceError, PluginError."""
        self.close()
        self.open(clock)

    def anew(self) -> Self:
        """Return another driver of the same device, not open, to go on in place of this one, which hangs in a call.

        Raises TypeError when the class is made of something else than name and options: it overrides this.
        """
        made = type(self)(self.name, self.options)
        made.retry = self.retry
        return made

    def close(self) -> None:
        """Close the device; may be called twice."""
        if self._is_open:
            self._is_open = False
            self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _require_open(self) -> None:
        if not self._is_open:
            raise DeviceError(f"{self.name} is not open: open it before use, and do not use it after close")

    @abstractmethod
    def _open(self) -> None:
        """Acquire the device. Called by `open`, once. A raise is followed by `_close`."""

    @abstractmethod
    def _close(self) -> None:
        """Release whatever `_open` acquired, even half of it. Called by `close`."""
