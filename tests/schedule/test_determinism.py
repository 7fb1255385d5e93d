"""Decisions are the same on every Python: nothing they rest on is added up by `sum`, whose rounding changed in 3.12."""

import ast
from pathlib import Path

import pytest

import edgeai

ROOT = Path(edgeai.__file__).parent
FILES = [path for room in ("schedule", "policies", "power") for path in sorted((ROOT / room).rglob("*.py"))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_nothing_is_added_up_by_sum(path):
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    lines = [node.lineno for node in calls if isinstance(node.func, ast.Name) and node.func.id == "sum"]
    assert not lines, "add floats with math.fsum, which rounds once; integers in a loop"


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_no_decision_rests_on_numpy(path):
    imported = {
        name
        for node in ast.walk(ast.parse(path.read_text()))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert not any(name.split(".")[0] == "numpy" for name in imported)
