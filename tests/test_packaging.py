"""What is installed is what is in the tree, and `import edgeai` stays light."""

import configparser
import re
import subprocess
import sys
from pathlib import Path

import pytest

import edgeai

ROOT = Path(__file__).resolve().parents[1]


def packages_in(folder, prefix):
    return {
        ".".join((prefix, *path.parent.relative_to(folder).parts))
        for path in folder.rglob("__init__.py")
        if "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def setup_cfg():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    return config


def test_the_package_list_is_the_tree(setup_cfg):
    listed = set(setup_cfg["options"]["packages"].split())
    drivers = ROOT / "drivers" / "edgeai_drivers"
    assert listed == packages_in(ROOT / "edgeai", "edgeai") | packages_in(drivers, "edgeai_drivers")


def test_every_data_file_is_listed(setup_cfg):
    patterns = {key: [p.strip() for p in value.split(",")] for key, value in setup_cfg["options.package_data"].items()}
    for path in [*(ROOT / "edgeai").rglob("*"), *(ROOT / "drivers" / "edgeai_drivers").rglob("*")]:
        if path.is_file() and path.suffix not in {".py", ".pyc"}:
            root = ROOT if ROOT / "edgeai" in path.parents else ROOT / "drivers"
            package = ".".join(path.relative_to(root).parent.parts)
            assert any(path.match(pattern) for pattern in patterns.get(package, [])), path


def test_import_edgeai_brings_neither_cv2_nor_a_runtime_nor_pydantic():
    heavy = ("cv2", "ai_edge_litert", "tflite_runtime", "pydantic", "rich")
    code = f"import edgeai, sys; print([m for m in {heavy} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_a_pipeline_can_be_described_before_pictures_and_models_are_imported():
    code = "import sys, edgeai; edgeai.Pipeline; print([m for m in ('cv2', 'ai_edge_litert') if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_every_exported_name_is_there():
    for name in edgeai.__all__:
        assert getattr(edgeai, name) is not None
    with pytest.raises(AttributeError):
        _ = edgeai.nothing


def test_the_changelog_names_the_version():
    assert re.search(rf"^## {re.escape(edgeai.__version__)}\b", (ROOT / "CHANGELOG.md").read_text(), re.M)
