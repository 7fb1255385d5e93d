"""What `edgeai check` finds out of a graph's models on this machine."""

from __future__ import annotations

from edgeai.assemble import assemble
from edgeai.clock import SystemClock
from edgeai.graph import Graph

__all__ = ["check"]


def check(graph: Graph) -> list[str]:
    """Load and time every model of a graph, and return a line on each: what it is for, who decodes it, what it takes.

    With a profile nothing is timed. Opens no device. Raises what starting would: a ladder that is none, rates and
    deadlines that cannot be kept, a budget below idling as ConfigError; ModelError, PluginError.
    """
    assembled = assemble(graph, SystemClock(), measure=True)
    programs = assembled.assembly.programs
    programs.load_all()
    took = {(profile.stage, profile.point): profile.p50 / 1e6 for profile in assembled.profiles}
    models = [
        f"{stage}: {model.name}: {model.task} by {model.decoder}, input {'x'.join(map(str, model.input.shape))}"
        f" {model.input.dtype}, {model.runtime}, {took[stage, point]:.3g} ms on"
        f" {model.threads} thread{'s' if model.threads > 1 else ''}"
        for (stage, point), model in programs.models.items()
    ]
    shared = [
        f"{', '.join(stage for stage, _ in group.members)}: one {programs.models[group.members[0]].name}, {group.told}"
        for group in assembled.batchings
    ]
    return models + shared
