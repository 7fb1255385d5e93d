"""The commands, in groups, as `edgeai --help` lists them: a row each, and its module is imported when it is run."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["COMMANDS", "Row"]


@dataclass(frozen=True, slots=True)
class Row:
    """A command: its name, which is that of its module in edgeai/cli, too, its group, and what it does."""

    name: str
    group: str
    says: str


COMMANDS = tuple(
    Row(name, group, says)
    for group, rows in {
        "Run": {
            "run": "a graph, a model on a camera, or a simulated rover",
            "check": "say all that is wrong with a graph; opens no device",
            "graph": "draw a graph, as a tree or a flow chart",
            "schema": "print the JSON schema of graphs, for an editor",
        },
        "Record, replay": {
            "record": "run, and record what was consumed, decided and found",
            "replay": "run a recording again, and compare",
            "recover": "make a whole file of a torn recording",
            "export": "take pictures, results or a video out of a recording",
        },
        "Look": {
            "info": "what is in a recording",
            "report": "the story of a recording, as one page",
            "trace": "what ran when, for ui.perfetto.dev",
        },
        "Models": {
            "models": "by name: list, pull, verify, info, add",
            "quantize": "make a ladder of quantized variants",
            "evaluate": "measure on a dataset how right models are",
            "compare": "side by side: accuracy, latency, size, agreement",
            "profile": "measure how long models take on this machine",
        },
        "Board and power": {
            "devices": "what can be used here, and what is missing",
            "doctor": "examine this machine, and say what would mend it",
            "boards": "what is known of boards, and which this is",
            "plan": "what a pipeline can do on a board, at what price",
            "simulate": "hours on a board in seconds: heat, battery, slowdowns",
        },
    }.items()
    for name, says in rows.items()
)
