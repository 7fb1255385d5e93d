"""The command line says what it can do: on one screen, quickly, with an example of everything."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgeai import cli
from edgeai.cli import app
from edgeai.cli.commands import COMMANDS
from edgeai.errors import ConfigError

NAMES = [row.name for row in COMMANDS]


def run(*arguments, **environment):
    return CliRunner().invoke(app, arguments, env=environment)


def complete(words, part):
    """Return what bash is offered after words, for a part of a word."""
    line = " ".join(["edgeai", *words, part])
    environment = {"_EDGEAI_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words) + 1)}
    return run(**environment).output.split()


def test_the_help_fits_on_a_screen_and_lists_every_module_of_commands():
    lines = run("--help").output.splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 80
    listed = [match[1] for line in lines if (match := re.search(r"^.{17}(\w+)  +", line))]
    assert listed[-len(NAMES) :] == NAMES
    folder = Path(cli.__file__).parent
    assert all((folder / f"{name}.py").is_file() for name in NAMES)


def test_the_help_imports_neither_numpy_nor_rich_nor_a_command():
    code = (
        "import sys; sys.argv = ['edgeai', '--help']\nfrom edgeai.cli import main\n"
        "heavy = ('numpy', 'rich', 'cv2', 'edgeai.cli.run')\n"
        "try: main()\nexcept SystemExit: print([module for module in heavy if module in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_an_example_and_the_common_options(name):
    shown = run(name, "--help").output
    if name == "models":
        shown = run("models", "pull", "--help").output
    assert f"edgeai {name} " in shown[shown.index("Example") :]
    assert "--quiet" in shown
    assert "--no-color" in shown


def test_exit_codes_are_documented():
    assert "Exit codes: 0 done, 2" in run("--help").output


@pytest.mark.parametrize(
    ("words", "part", "offered"),
    [
        ([], "rec", {"record", "recover"}),
        (["simulate", "--policy"], "acc", {"accuracy-floor"}),
        (["simulate", "--board"], "pi", {"pi4", "pi5"}),
        (["quantize", "--recipe"], "int4", {"int4-weights"}),
        (["run", "--source"], "syn", {"synthetic:"}),
        (["run", "--model"], "pilot_l", {"pilot_large"}),
        (["models"], "li", {"list"}),
    ],
)
def test_the_shell_is_offered_commands_and_names(words, part, offered):
    assert set(complete(words, part)) == offered


def test_a_misspelt_command_or_option_is_a_usage_error():
    assert run("recrod").exit_code == 2
    assert run("info", "--jsno", "x").exit_code == 2
    assert run().exit_code == 2


def test_a_place_that_cannot_be_written_is_refused_before_the_work(tmp_path):
    (tmp_path / "run.mcap").write_bytes(b"")
    for words in (
        ["report", str(tmp_path / "run.mcap"), "-o"],
        ["trace", str(tmp_path / "run.mcap"), "-o"],
        ["run", "--trace"],
    ):
        for place in (tmp_path, tmp_path / "nowhere" / "file"):
            error = run(*words, str(place)).exception
            assert isinstance(error, ConfigError)
            assert "expected a file in a folder that exists" in str(error)


def test_no_color_and_quiet_are_taken_by_every_command(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    done = run("boards", "--no-color", "--quiet", "--json", FORCE_COLOR="1")
    assert "pi4" in {board["name"] for board in json.loads(done.output)}
    assert "\x1b[3" not in run("boards", "pi4", "--no-color", FORCE_COLOR="1").output
