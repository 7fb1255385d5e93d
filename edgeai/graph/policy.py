"""What a schedule asks of its policy, and what each policy takes: the fields of its dataclass."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping
from typing import Any

from edgeai import plugins
from edgeai.errors import PluginError
from edgeai.graph.asked import told
from edgeai.graph.devices import wrong_options
from edgeai.graph.findings import Findings
from edgeai.graph.sentences import unknown_key
from edgeai.graph.spec import POLICY_FIELDS, ScheduleSpec
from edgeai.graph.words import any_of, show

__all__ = ["check_policy", "policy_options", "with_changes"]


def policy_options(name: str) -> dict[str, bool]:
    """Return the options of a policy, and of each whether it has to be given. Raises PluginError."""
    cls = plugins.find("policies", name)
    fields = dataclasses.fields(cls) if dataclasses.is_dataclass(cls) else ()
    return {
        field.name: field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        for field in fields
    }


def with_changes(schedule: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a schedule says with changes to it; options that its policy does not take, unless new, go."""
    policy = str({"policy": ScheduleSpec().policy, **schedule, **changes}["policy"]).replace("-", "_")
    if policy not in plugins.names("policies"):
        return {**schedule, **changes}
    keep = set(ScheduleSpec.model_fields).difference(POLICY_FIELDS).union(policy_options(policy))
    return {**{key: value for key, value in schedule.items() if key in keep}, **changes}


def check_policy(schedule: ScheduleSpec, findings: Findings) -> None:
    """Note a policy that is unknown, options that it does not take, and those it cannot do without."""
    policy, known = schedule.policy, plugins.names("policies")
    if policy not in known:
        expected = f"one of {', '.join(known) or 'none: no policy is installed'}"
        hint = plugins.near_miss(policy, known)
        findings.add(("schedule", "policy"), f"an unknown policy {show(policy)}", expected, hint)
        return
    takes, asked = policy_options(policy), schedule.asked()
    for key in asked.keys() - takes.keys():
        _note_foreign(key, asked[key], policy, takes, findings)
    missing = [name for name, needed in takes.items() if needed and name not in asked]
    for name in missing:
        findings.add(("schedule", name), "nothing", f"a value: the policy {policy} needs one")
    if takes and not missing and not any(findings.flawed("schedule", key) for key in takes):
        mine = {key: value for key, value in asked.items() if key in takes}
        for mistake in wrong_options(plugins.find("policies", policy), mine):
            found = mistake.found if mistake.at else f"a policy {policy} that cannot be made of this"
            findings.add(("schedule", *(mistake.at or ("policy",))), found, mistake.expected, mistake.hint)


def _note_foreign(key: str, value: Any, policy: str, takes: Mapping[str, bool], findings: Findings) -> None:
    """Note an option that the policy does not take, with the policies that do."""
    others = _takers(key)
    if key not in POLICY_FIELDS and not others:
        findings.mistake(("schedule", key), unknown_key(key, [*ScheduleSpec.model_fields, *takes]))
        return
    expected = f"an option of the policy {policy}, which takes {any_of(sorted(takes), 'and')}"
    hint = f"the polic{'y' if len(others) == 1 else 'ies'} {any_of(others, 'and')} take{'s' * (len(others) == 1)} it"
    findings.add(("schedule", key), told({key: value}), expected, hint if others else "")


def _takers(key: str) -> list[str]:
    """Return the policies that take an option."""
    found = []
    for name in plugins.names("policies"):
        with contextlib.suppress(PluginError):
            if key in policy_options(name):
                found.append(name)
    return found
