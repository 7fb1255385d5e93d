"""Short forms of devices: `v4l2:/dev/video0?size=640x480&fps=30`, `clip.mp4`, `rtsp://camera/stream`, `console`.

    driver                      a driver without a path
    driver:path                 the path goes to the first option that the driver adds
    driver?key=value&key=value  options after a question mark, read like YAML, percent-decoded
    path                        a file, folder, glob or device that one driver claims
    scheme://…                  a URL, handed over whole to the driver that names the scheme

After `driver:`, a URL too is taken whole, its question mark included (`stream:rtsp://camera/stream?channel=1`).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from edgeai.driver import Driver
from edgeai.graph.annotations import annotation_at, describe
from edgeai.graph.devices import Role, available, driver_class, is_driver, short_field, under
from edgeai.graph.findings import Mistake
from edgeai.graph.scalars import scalar
from edgeai.graph.words import any_of, masked, show
from edgeai.plugins import near_miss

__all__ = ["short_form"]

_SCHEME = re.compile(r"([A-Za-z][\w+.-]*):(.*)", re.DOTALL)
_QUERY = re.compile(r"(.*?)\?([A-Za-z_][\w-]*=[^&]*(?:&[A-Za-z_][\w-]*=[^&]*)*)", re.DOTALL)


def short_form(role: Role, text: str, base: Path) -> tuple[str, dict[str, Any]]:
    """Return the driver's name and its options as written. Raises Mistake when no driver takes it, or several."""
    scheme = _SCHEME.fullmatch(text)
    if scheme and is_driver(role, scheme[1]):
        return scheme[1], _options(role, driver_class(role, scheme[1]), *_split(scheme[2]))
    if scheme and scheme[2].startswith("//"):
        name, cls = _one(role, text, [(n, c) for n, c in available(role) if scheme[1].lower() in c.schemes])
        return name, _options(role, cls, text, "")
    path, query = _split(text)
    if is_driver(role, path):
        return path, _options(role, driver_class(role, path), "", query)
    if scheme and (hint := near_miss(scheme[1], [n for n, _ in available(role)])):
        raise Mistake(show(text), f"{role.noun}: a driver, or a path or URL that a driver knows", hint)
    seen = path if role.section == "outputs" else under(base, path)
    name, cls = _one(role, text, [(n, c) for n, c in available(role) if c.claims(path) or c.claims(seen)])
    return name, _options(role, cls, path, query)


def _split(text: str) -> tuple[str, str]:
    match = None if "://" in text else _QUERY.fullmatch(text)
    return (match[1], match[2]) if match else (text, "")


def _one(role: Role, text: str, claimants: list[tuple[str, type[Driver]]]) -> tuple[str, type[Driver]]:
    if len(claimants) == 1:
        return claimants[0]
    if claimants:
        names = [name for name, _ in claimants]
        raise Mistake(show(text), f"{role.noun} that one driver takes", f"say which: {any_of(f'{n}:…' for n in names)}")
    names = [name for name, _ in available(role)]
    word = re.split(r"[:?]", text)[0]
    hint = (
        near_miss(word, names)
        or f"write driver:path, with one of the drivers {', '.join(names) or '(none is installed)'}"
    )
    raise Mistake(show(text), f"{role.noun}: a driver, or a path or URL that a driver knows", hint)


def _options(role: Role, cls: type[Driver], path: str, query: str) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if path:
        field = short_field(role, cls)
        if field is None:
            raise Mistake(f"the path {show(path)}", "a driver's name alone, for this driver takes no path")
        options[field] = path
    for pair in filter(None, query.split("&")):
        key, _, value = pair.partition("=")
        if key in options:
            raise Mistake(f"{key} twice in {show(masked(query))}", "each option once")
        options[key] = _typed(cls, key, unquote(value))
    return options


def _typed(cls: type[Driver], key: str, text: str) -> Any:
    """Return a value of the query: text where the option is text, else what YAML reads."""
    return text if describe(annotation_at(cls.Options, (key,))) in ("text", "a path") else scalar(text)
