"""The pytest plug-in: the fixture `replay`, and the option `--update-golden`.

    def test_the_hall(replay):
        run = replay("hall.mcap", graph="rover.yaml", mode="recompute", board="pi4", faults=["front:stall@5s,1s"])
        assert run.output("objects").matches("hall.golden", iou=0.9)
        assert run.latency("front", "objects").p95 < 0.1
        assert run.missed_deadlines("objects") == 0

Names of files are taken from the test's folder. edgeai is imported when the fixture is used, not before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from edgeai.testing.outcome import Outcome

__all__ = ["replay"]

_OUTCOMES = pytest.StashKey[list[Any]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that writes goldens anew."""
    group = parser.getgroup("edgeai", "recordings replayed")
    group.addoption("--update-golden", action="store_true", help="write goldens anew, and say what changed")


@pytest.fixture
def replay(request: pytest.FixtureRequest) -> Iterator[Callable[..., Outcome]]:
    """Return what replays a recording: a path, and graph, mode, board, schedule, models, numerics, faults by name."""
    from edgeai.replay.run import replay as run
    from edgeai.testing.faults import Faults
    from edgeai.testing.outcome import Outcome

    folder = Path(request.path).parent
    update = bool(request.config.getoption("--update-golden"))
    outcomes: list[Outcome] = []
    request.node.stash[_OUTCOMES] = outcomes

    def make(path: str, *, graph: str | None = None, faults: Sequence[str] = (), **options: Any) -> Outcome:
        recording = folder / path
        if faults:
            options["disturb"] = Faults.parse(*faults)
        done = run(recording, graph=None if graph is None else folder / graph, **options)
        outcomes.append(Outcome(done, folder, update=update))
        return outcomes[-1]

    yield make
    if update:
        for outcome in outcomes:
            print(*outcome.said, sep="\n")  # noqa: T201 - what changed is what was asked for


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Any:
    """Add the reports of what does not match to a failure's text."""
    report = yield
    said = [text for outcome in item.stash.get(_OUTCOMES, []) for text in outcome.said]
    if report.when == "call" and report.failed and said:
        report.sections.append(("edgeai", "\n".join(said)))
    return report
