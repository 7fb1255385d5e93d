"""A YAML document as plain values, with the line of every key and value.

Only plain values are read: mappings with text keys, lists, text, numbers, true and false, null. Size, depth and the
copies that aliases make are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from edgeai.errors import ConfigError, Problem
from edgeai.graph.scalars import PREFIX, READ, CoreSchema, tag_of
from edgeai.graph.words import dotted, show

__all__ = ["MAX_BYTES", "Document", "Path", "parse"]

Path = tuple[str | int, ...]

MAX_BYTES = 1_000_000
MAX_DEPTH = 40
MAX_VALUES = 50_000
"""Values in a document, those that aliases repeat counted each time."""

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True)
class Document:
    """Plain values and where they stand: `lines` maps the path of each key and list item to its line, from 1."""

    data: Any
    file: str | None = None
    lines: Mapping[Path, int] = field(default_factory=dict)
    order: Mapping[Path, int] = field(default_factory=dict)

    @classmethod
    def of(cls, data: Any) -> Document:
        """Return the document of values that were made in Python: it has an order and no lines."""
        return cls(data, order={path: i for i, path in enumerate(_walk(data, ()))})

    def known(self, path: Path) -> Path:
        """Return the longest part of a path that the document has."""
        while path and path not in self.order:
            path = path[:-1]
        return path

    def problem(self, path: Path, found: str, expected: str, hint: str = "") -> Problem:
        """Return a problem at a path, with file and line where there are any."""
        return Problem(dotted(path), found, expected, self.file, self.lines.get(self.known(path)), hint)


def _walk(data: Any, path: Path) -> Iterator[Path]:
    yield path
    if len(path) < MAX_DEPTH:
        if isinstance(data, Mapping):
            for key, value in data.items():
                yield from _walk(value, (*path, key))
        elif isinstance(data, list | tuple):
            for i, value in enumerate(data):
                yield from _walk(value, (*path, i))


class _TooMuchError(Exception):
    """The document is larger or deeper than a graph may be."""

    def __init__(self, line: int, found: str, expected: str) -> None:
        self.line, self.found, self.expected = line, found, expected


class _Loader(CoreSchema, yaml.SafeLoader):
    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            line = self.peek_event().start_mark.line + 1  # type: ignore[no-untyped-call]
            raise _TooMuchError(line, "values nested deeper", f"at most {MAX_DEPTH} levels")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


class _Reader:
    """Turns nodes into plain values; notes lines and problems on the way."""

    def __init__(self, file: str | None) -> None:
        self.file = file
        self.lines: dict[Path, int] = {}
        self.problems: list[Problem] = []
        self.count = 0

    def note(self, path: Path, node: yaml.Node, found: str, expected: str, hint: str = "") -> None:
        line = node.start_mark.line + 1
        self.problems.append(Problem(dotted(path), found, expected, self.file, line, hint))

    def value(self, node: yaml.Node, path: Path) -> Any:
        self.count += 1
        line = node.start_mark.line + 1
        if self.count > MAX_VALUES or len(path) > MAX_DEPTH:
            raise _TooMuchError(line, "aliases that repeat too much", f"a document of at most {MAX_VALUES} values")
        self.lines.setdefault(path, line)
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return self.sequence(node, path)
        return self.scalar(node, path)

    def plain(self, node: yaml.Node, path: Path, *tags: str) -> bool:
        if node.tag.removeprefix(PREFIX) in tags:
            return True
        hint = "remove the tag" if "!" in node.tag or ":" in node.tag else ""
        self.note(path, node, f"the tag {show(node.tag)}", "a plain value: text, a number, a list or a mapping", hint)
        return False

    def mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        self.plain(node, path, "map")
        result: dict[str, Any] = {}
        merged: list[yaml.Node] = []
        for key_node, value_node in node.value:
            if isinstance(key_node, yaml.ScalarNode) and key_node.value == "<<" and key_node.style is None:
                merged.append(value_node)
                continue
            key = self.key(key_node, path)
            if key is None:
                continue
            if key in result:
                first = self.lines[*path, key]
                self.note(
                    (*path, key), key_node, f"the key {show(key)} again", f"each key once (it is on line {first})"
                )
                continue
            self.lines[*path, key] = key_node.start_mark.line + 1
            result[key] = self.value(value_node, (*path, key))
        for value_node in merged:
            self.merge(value_node, path, result)
        return result

    def key(self, node: yaml.Node, path: Path) -> str | None:
        if not isinstance(node, yaml.ScalarNode):
            self.note(path, node, "a list or mapping as a key", "a name as the key")
            return None
        value = self.scalar(node, path)
        if isinstance(value, str):
            return value
        if value is not None or node.tag == PREFIX + "null":
            self.note(
                path,
                node,
                f"the key {node.value or 'null'}",
                "a name as the key",
                "put it in quotes if it is meant as text",
            )
        return None

    def merge(self, node: yaml.Node, path: Path, result: dict[str, Any]) -> None:
        """Add what `<<: *other` brings: keys that the mapping does not have itself."""
        for source in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            if not isinstance(source, yaml.MappingNode):
                self.note(path, source, "a value after <<", "the alias of a mapping, as in <<: *name")
                continue
            inner = _Reader(self.file)
            inner.count = self.count
            values = inner.value(source, path)
            self.count = inner.count
            self.problems += inner.problems
            for key, value in values.items():
                if key not in result:
                    result[key] = value
                    deep = len(path) + 1
                    self.lines |= {at: line for at, line in inner.lines.items() if at[:deep] == (*path, key)}

    def sequence(self, node: yaml.SequenceNode, path: Path) -> list[Any]:
        self.plain(node, path, "seq")
        return [self.value(item, (*path, i)) for i, item in enumerate(node.value)]

    def scalar(self, node: yaml.Node, path: Path) -> Any:
        text = str(node.value)
        if not self.plain(node, path, *READ):
            return None
        if _UNPRINTABLE.search(text):
            self.note(path, node, f"{show(text)}, with control characters", "printable text")
            return None
        tag = node.tag.removeprefix(PREFIX)
        if tag != "str" and tag_of(text) != tag and not (tag == "float" and tag_of(text) == "int"):
            self.note(path, node, f"{show(text)} tagged !!{tag}", f"a value that is {tag}", "remove the tag")
            return None
        try:
            return READ[tag](text)
        except ValueError:
            self.note(path, node, f"a number of {len(text)} digits", "a number of reasonable size")
            return None


def parse(text: str | bytes, file: str | None = None) -> tuple[Document, list[Problem]]:
    """Return the document of a YAML text, and what is wrong in it but does not prevent reading on (a key given twice).

    Raises ConfigError, with file and line, for a text that is no YAML, is too large, or nests or repeats too much.
    """
    source = _decoded(text, file)
    loader: _Loader | None = None
    try:
        loader = _Loader(source)
        node = loader.get_single_node()
        reader = _Reader(file)
        data = None if node is None else reader.value(node, ())
    except _TooMuchError as error:
        raise _syntax(file, error.line, error.found, error.expected) from None
    except yaml.reader.ReaderError as error:
        line = source.count("\n", 0, int(error.position)) + 1
        raise _syntax(file, line, f"the character {show(chr(int(error.character)))}", "printable text") from None
    except yaml.MarkedYAMLError as error:
        raise _marked(file, error) from None
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        line = loader.line + 1 if loader is not None else 1
        raise _syntax(file, line, f"text that is no YAML ({error})", "YAML") from None
    order = _in_order(data, reader.lines)
    return Document(data, file, reader.lines, order), reader.problems


def _in_order(data: Any, lines: Mapping[Path, int]) -> dict[Path, int]:
    """Order paths as they stand in the file; keys that were merged in stand where they were written."""
    paths = sorted(_walk(data, ()), key=lambda path: lines.get(path, 0))
    return {path: i for i, path in enumerate(paths)}


def _decoded(text: str | bytes, file: str | None) -> str:
    if len(text) > MAX_BYTES:
        raise _syntax(file, None, f"{len(text)} bytes", f"a document of at most {MAX_BYTES} bytes")
    if isinstance(text, str):
        return text
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise _syntax(file, line, f"the byte 0x{text[error.start]:02x}", "text in UTF-8") from None


def _marked(file: str | None, error: yaml.MarkedYAMLError) -> ConfigError:
    mark = error.problem_mark or error.context_mark
    line = None if mark is None else mark.line + 1
    began = ""
    if error.context and error.context_mark is not None and error.context_mark.line + 1 != line:
        began = f" ({error.context}, which began on line {error.context_mark.line + 1})"
    hint = "indent with spaces, not tabs" if "'\\t'" in str(error.problem) else ""
    return _syntax(file, line, f"a syntax error: {error.problem}{began}", "YAML", hint)


def _syntax(file: str | None, line: int | None, found: str, expected: str, hint: str = "") -> ConfigError:
    return ConfigError(Problem("", found, expected, file, line, hint))
