"""From a schedule to its policy, on a board that need not be this machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import cast

from edgeai import plugins
from edgeai.errors import ConfigError, Problem
from edgeai.graph.spec import ScheduleSpec
from edgeai.power.boards import Board
from edgeai.schedule.policy import Policy

__all__ = ["make_policy", "policy_options"]


def policy_options(name: str) -> set[str]:
    """Return what a policy takes of a schedule."""
    cls = plugins.find("policies", name)
    return {field.name for field in fields(cls)} if is_dataclass(cls) else set()


def make_policy(schedule: ScheduleSpec, board: Board, problem: Callable[..., Problem]) -> Policy:
    """Return the policy with what the schedule asks of it. Raises ConfigError for a budget below the board's idling.

    `problem` makes a Problem at a path of the document, as `Graph.problem` does.
    """
    known, idle = policy_options(schedule.policy), board.idle.value
    asked = {name: value for name, value in schedule.asked().items() if name in known}
    if asked.get("budget", idle + 1.0) <= idle:
        expected = f"more watts than the board takes when idle, {idle:g} W"
        found = f"{asked['budget']:g} W"
        raise ConfigError(problem(("schedule", "budget"), found, expected, f"the board is a {board.title}"))
    return cast(Policy, plugins.find("policies", schedule.policy)(**asked))
