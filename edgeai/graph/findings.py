"""What is wrong in a document, collected while reading on."""

from __future__ import annotations

from collections.abc import Iterable

from edgeai.errors import ConfigError, Problem
from edgeai.graph.document import Document, Path
from edgeai.graph.words import dotted, keys_of

__all__ = ["Findings", "Mistake"]


class Mistake(Exception):  # noqa: N818 - it becomes part of a ConfigError
    """Something wrong with one value; `at` leads from that value to the place inside it."""

    def __init__(self, found: str, expected: str, hint: str = "", at: Path = ()) -> None:
        super().__init__(found, expected, hint, at)
        self.found, self.expected, self.hint, self.at = found, expected, hint, at


class Findings:
    """All problems of one document."""

    def __init__(self, document: Document, problems: Iterable[Problem] = ()) -> None:
        self.document = document
        self._found: list[tuple[float, Problem]] = []
        self._flawed: set[Path] = set()
        self._unread: set[str] = set()
        for problem in problems:
            self._unread.add(problem.path)
            self._keep(self._position(problem.line), problem)

    def add(self, path: Path, found: str, expected: str, hint: str = "") -> None:
        """Note a problem at a path, unless the document itself could not be read there."""
        self._flawed.add(path[:2])
        if dotted(path) in self._unread:
            return
        position = self.document.order.get(self.document.known(path), 0)
        self._keep(position, self.document.problem(path, found, expected, hint))

    def flawed(self, section: str, name: str) -> bool:
        """Say whether a device or stage has a problem already."""
        return (section, name) in self._flawed

    def mistake(self, path: Path, mistake: Mistake) -> None:
        """Note a mistake in the value at a path."""
        self.add((*path, *mistake.at), mistake.found, mistake.expected, mistake.hint)

    def foreign(self, problem: Problem, section: str, name: str) -> None:
        """Note a problem that a driver found in its options, at its place in the document."""
        path = keys_of(problem.path)
        if path[:1] != (section,):
            path = (section, name, *path)
        self.add(path, problem.found, problem.expected, problem.hint)

    def raise_any(self) -> None:
        """Raise ConfigError with every problem, in the order of the document, if there are any."""
        if self._found:
            self._found.sort(key=lambda item: item[0])
            raise ConfigError(*(problem for _, problem in self._found))

    def _keep(self, position: float, problem: Problem) -> None:
        if all(problem != other for _, other in self._found):
            self._found.append((position, problem))

    def _position(self, line: int | None) -> float:
        """Return the place just after the last value that begins on a line, or before it."""
        before = [at for path, at in self.document.order.items() if self.document.lines.get(path, 0) <= (line or 0)]
        return max(before, default=0) + 0.5
