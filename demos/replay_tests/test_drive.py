"""What the rover did on a recorded drive, it shall do again."""


def test_the_scheduler_decides_as_it_did(replay):
    assert replay("drive.mcap").decisions.diff() == ""


def test_the_pilot_steers_as_it_did(replay):
    run = replay("drive.mcap", graph="rover.yaml", mode="recorded")
    assert run.output("pilot").matches("drive.golden", tolerance=0.02)


def test_a_result_is_never_old(replay):
    run = replay("drive.mcap")
    assert run.latency("front", "pilot").p95 < 0.05
    assert run.missed_deadlines("pilot") == 0


def test_on_a_board_that_browns_out_nothing_is_late_for_long(replay):
    run = replay("drive.mcap", graph="rover.yaml", faults=["brown-out@4s,1s,3"])
    assert run.missed_deadlines("pilot") <= 5


def test_a_camera_that_is_lost_stops_the_pilot(replay):
    run = replay("drive.mcap", graph="rover.yaml", faults=["front:unplug@5s"])
    assert [fault.name for fault in run.faults] == ["front"]
    assert run.stopped_within(0.2)
