"""`edgeai run --fault`: a fault that is tried is told when it begins, and when the device works again."""

import pytest

GRAPH = """
cameras: {front: "synthetic:64x48?fps=50"}
stages: {text: {call: "builtins:str", input: imu}}
sensors: {imu: {driver: rover, rate: 50}}
"""


@pytest.fixture
def robot(tmp_path):
    (tmp_path / "robot.yaml").write_text(GRAPH)
    return "run", "robot.yaml", "--allow-code", "--seconds", 3


def test_a_camera_that_comes_back_is_told_of_twice_and_is_no_failure_of_the_run(edgeai, robot):
    _, _, err = edgeai(*robot, "--fault", "front:unplug@0.5s,0.5s")
    assert "front lost (front was unplugged, as a fault of this test)" in err
    assert "front running" in err
    assert "edgeai: front" not in err


def test_a_camera_that_stays_away_is_a_failure_of_a_device(edgeai, robot):
    _, _, err = edgeai(*robot, "--fault", "front:unplug@0.5s")
    assert "edgeai: front was unplugged" in err


@pytest.mark.parametrize(("fault", "said"), [("front:melt@1s", "unplug"), ("frnot:stall@1s", "did you mean 'front'")])
def test_a_fault_that_is_none_is_a_mistake_of_the_command_line(edgeai, robot, fault, said):
    code, _, err = edgeai(*robot, "--fault", fault)
    assert code == 2
    assert said in err
