"""What the page's buttons do. A command is a name and a JSON object; nothing in it is a path or code."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from edgeai import plugins
from edgeai.errors import ConfigError, EdgeAIError
from edgeai.graph import RecordSpec
from edgeai.graph.policy import policy_options
from edgeai.observe.observed import Observed
from edgeai.observe.requests import Answer, as_json

__all__ = ["obey", "offers"]

_MOST_WATTS = 10_000.0


def obey(pipeline: Observed, name: str, body: bytes) -> Answer:
    """Carry out a command and say what came of it: 200, 400 with a sentence, 404 for a command there is none of."""
    command = _COMMANDS.get(name)
    if command is None:
        return as_json({"error": f"no command {name[:40]!r}; there are: {', '.join(_COMMANDS)}"}, 404)
    try:
        asked = json.loads(body or b"{}")
        if not isinstance(asked, dict):
            raise ConfigError("a command is a JSON object")
        command(pipeline, asked)
    except (ValueError, RecursionError, EdgeAIError) as error:
        text = str(error) if isinstance(error, EdgeAIError) else f"a command is a JSON object, this is none: {error}"
        return as_json({"error": text}, 400)
    return as_json({"done": name})


def offers(pipeline: Observed) -> dict[str, Any]:
    """Return what may be commanded: policies by name, and whether each keeps to a budget."""
    return {"policies": {name: "budget" in policy_options(name) for name in plugins.names("policies")}}


def _pause(pipeline: Observed, asked: Mapping[str, Any]) -> None:
    _take(asked)
    pipeline.pause()


def _resume(pipeline: Observed, asked: Mapping[str, Any]) -> None:
    _take(asked)
    pipeline.resume()


def _record(pipeline: Observed, asked: Mapping[str, Any]) -> None:
    """Record from now on, where and how the graph says; a page does not name files on the robot."""
    _take(asked)
    spec = pipeline.graph.record or RecordSpec()
    pipeline.record(spec.path, cameras=spec.cameras, rotate=spec.rotate)


def _stop_recording(pipeline: Observed, asked: Mapping[str, Any]) -> None:
    _take(asked)
    pipeline.stop_recording()


def _schedule(pipeline: Observed, asked: Mapping[str, Any]) -> None:
    """Change policy and budget; a budget that the new policy does not keep to goes with the old one."""
    changed = _take(asked, "policy", "budget")
    if not changed:
        raise ConfigError("say what to change: policy, budget")
    policy = changed.get("policy", pipeline.schedule.policy)
    if not isinstance(policy, str) or policy not in plugins.names("policies"):
        raise ConfigError(f"no policy {str(policy)[:40]!r}; there are: {', '.join(plugins.names('policies'))}")
    budget = changed.get("budget")
    if budget is not None and not _is_watts(budget):
        raise ConfigError("a budget is a number of watts above 0, or null for none")
    if "budget" in policy_options(policy):
        pipeline.configure(**changed)
    elif budget is not None:
        raise ConfigError(f"the policy {policy} keeps to no budget: choose power first")
    else:
        pipeline.configure(policy=policy)


_COMMANDS: Mapping[str, Callable[[Observed, Mapping[str, Any]], None]] = {
    "pause": _pause,
    "resume": _resume,
    "record": _record,
    "stop-recording": _stop_recording,
    "schedule": _schedule,
}


def _take(asked: Mapping[str, Any], *known: str) -> dict[str, Any]:
    strange = sorted(asked.keys() - set(known))
    if strange:
        raise ConfigError(
            f"nothing is known of {strange[0][:40]!r} here; there are: {', '.join(known) or 'no options'}"
        )
    return dict(asked)


def _is_watts(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and 0 < value <= _MOST_WATTS
