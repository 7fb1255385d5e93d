"""How the end of a program reaches the pipelines that still run.

It ends by SIGTERM, by the interpreter's exit, or its main thread has died. What runs is held weakly:
to be guarded keeps no pipeline alive.
"""

from __future__ import annotations

import atexit
import signal
import threading
import weakref
from collections.abc import Callable
from types import FrameType
from typing import Protocol
from weakref import WeakSet

from edgeai.errors import EdgeAIError

__all__ = ["Guarded", "Holder", "MainThread", "as_exception", "guard", "release"]


class Guarded(Protocol):
    """A pipeline that runs."""

    def end_by(self, error: BaseException) -> None:
        """Make everything safe at once, because of `error`, and stop."""


_running: WeakSet[Guarded] = WeakSet()


def guard(running: Guarded) -> None:
    """Look after a pipeline from now on. In the main thread, SIGTERM then ends its `with` block like Ctrl-C.

    A program's own handler is left alone; only the main thread may set one.
    """
    _running.add(running)
    is_ours = signal.getsignal(signal.SIGTERM) in (signal.SIG_DFL, _terminate)
    if is_ours and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _terminate)


def release(running: Guarded) -> None:
    """Look after it no more; the default handler comes back once no pipeline runs.

    After a stop on another thread it does so when the main thread stops, too.
    """
    _running.discard(running)
    is_ours = signal.getsignal(signal.SIGTERM) is _terminate
    if is_ours and not _running and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def as_exception(error: BaseException) -> Exception:
    """Return what ended a program, SystemExit and KeyboardInterrupt too, as the error of a fault."""
    if isinstance(error, Exception):
        return error
    ended = EdgeAIError(f"the program was ended by {type(error).__name__}{f' ({error})' if str(error) else ''}")
    ended.__cause__ = error
    return ended


class Holder:
    """Notices that nobody holds a pipeline any more that still runs. Watched by the watchdog.

    A finalizer may run on any thread, with any lock held: it only sets a flag, and the watchdog does the rest.
    """

    def __init__(self, left: Callable[[], None]) -> None:
        self._left = left
        self._gone = False
        self._close: Callable[[], object] = lambda: None

    def follow(self, pipeline: object, close: Callable[[], object]) -> Callable[[], object]:
        """Notice the end of this object, and call `close` last; returns what ends the watch."""
        self._close = close
        finalizer = weakref.finalize(pipeline, self._note)
        finalizer.atexit = False
        return finalizer.detach

    def check(self, now: int) -> None:
        """Say so once."""
        if self._gone:
            self._gone = False
            self._left()
            self._close()

    def forgive(self, ns: int) -> None:
        """Time plays no part."""

    def _note(self) -> None:
        self._gone = True


class MainThread:
    """Notices that the main thread has died while a pipeline that it started runs on. Watched by the watchdog."""

    def __init__(self, died: Callable[[Exception], None]) -> None:
        self._died = died
        self._matters = threading.current_thread() is threading.main_thread()

    def check(self, now: int) -> None:
        """Say so once."""
        if self._matters and not threading.main_thread().is_alive():
            self._matters = False
            self._died(EdgeAIError("the main thread has ended while its pipeline runs: nobody is in control any more"))

    def forgive(self, ns: int) -> None:
        """Time plays no part."""


def _terminate(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


@atexit.register
def _at_exit() -> None:
    error = EdgeAIError("the program ends while its pipeline runs: use it in a `with` block, or call stop()")
    for running in list(_running):
        running.end_by(error)
