"""What `edgeai plan` and `edgeai simulate` are asked about."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgeai.workbench.scenario import Scenario

__all__ = ["scenario_of"]


def scenario_of(
    file: Path | None, board: str | None, said: dict[str, Any], profile: Path | None, *, allow_code: bool
) -> Scenario:
    """Return the scenario of a file with what the command line says beside it. Raises ConfigError."""
    from edgeai import pilots
    from edgeai.workbench.read import read_scenario

    path = file or Path(pilots.__file__).with_name("rover.yaml")
    scenario = read_scenario(path, board, allow_code=allow_code, profile=profile)
    return scenario.with_schedule({key: value for key, value in said.items() if value is not None})
