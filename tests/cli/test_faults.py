"""`edgeai run --fault`: a fault that is tried is told when it begins, and when the device works again."""

import sys

import pytest

from edgeai import cli

GRAPH = """
cameras: {front: "synthetic:64x48?fps=50"}
stages: {text: {call: "builtins:str", input: imu}}
sensors: {imu: {driver: rover, rate: 50}}
"""


@pytest.fixture
def edgeai(tmp_path, monkeypatch, capfd):
    """Run the command line in a folder with a graph; return exit code and standard error."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "robot.yaml").write_text(GRAPH)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["edgeai", *map(str, arguments)])
        try:
            cli.main()
        except SystemExit as end:
            return end.code or 0, capfd.readouterr().err
        return 0, capfd.readouterr().err

    return call


@pytest.fixture
def robot():
    return "run", "robot.yaml", "--allow-code", "--seconds", 3


def test_a_camera_that_comes_back_is_told_of_twice_and_is_no_failure_of_the_run(edgeai, robot):
    _, err = edgeai(*robot, "--fault", "front:unplug@0.5s,0.5s")
    assert "front lost (front was unplugged, as a fault of this test)" in err
    assert "front running" in err
    assert "edgeai: front" not in err


def test_a_camera_that_stays_away_is_a_failure_of_a_device(edgeai, robot):
    _, err = edgeai(*robot, "--fault", "front:unplug@0.5s")
    assert "edgeai: front was unplugged" in err


@pytest.mark.parametrize(("fault", "said"), [("front:melt@1s", "unplug"), ("frnot:stall@1s", "did you mean 'front'")])
def test_a_fault_that_is_none_is_a_mistake_of_the_command_line(edgeai, robot, fault, said):
    code, err = edgeai(*robot, "--fault", fault)
    assert code == 2
    assert said in err
