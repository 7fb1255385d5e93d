"""From a file - a graph, or a described workload - to a scenario. No device is opened, no model is run."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from edgeai.clock import NS
from edgeai.errors import ConfigError, Problem
from edgeai.graph import Graph
from edgeai.graph.document import parse
from edgeai.graph.graph import text_of
from edgeai.perception.card import read_card
from edgeai.perception.profile import load_profile
from edgeai.power.boards import Board, load_board
from edgeai.workbench.described import is_described, read_described
from edgeai.workbench.figures import Figures, Profiled, of_model, of_time
from edgeai.workbench.profiled import MeasuredFigures
from edgeai.workbench.scenario import Candidate, Scenario, SimulatedSource, SimulatedStage

__all__ = ["of_graph", "read_scenario"]

_RATE = 30.0
"""Hz taken for a source that does not say its rate without being opened: what most cameras give."""

_CALL = 1e6
"""ns taken for a Python function: nothing is known of it."""


def read_scenario(path: Path, board: str | None, *, allow_code: bool = False, profile: Path | None = None) -> Scenario:
    """Return the scenario of a YAML file on a board (without one: the profile's or the file's, else pi4).

    profile: a machine's, by which a graph's models are known; left out, the one that the graph names. Raises
    ConfigError.
    """
    text = text_of(path)
    document, _ = parse(text, str(path))
    if is_described(document.data):
        if profile is not None:
            expected = "none beside a described workload, which brings its own figures"
            raise ConfigError(Problem("--profile", str(profile), expected))
        return read_described(text, str(path), board)
    graph = Graph.parse(text, base=path.parent, allow_code=allow_code, file=str(path))
    profile = profile or graph.profile
    if profile is None:
        return of_graph(graph, load_board(board or "pi4"))
    measured = load_profile(profile)
    if board is not None and load_board(board).name != measured.board:
        found = f"{board}, beside a profile measured on {measured.board}"
        raise ConfigError(Problem("--board", found, "the board of the profile, or none"))
    its = load_board(measured.board)
    return of_graph(graph, its, MeasuredFigures(measured, its))


def of_graph(graph: Graph, board: Board, profiled: Profiled | None = None) -> Scenario:
    """Return the scenario of a graph: the rates its sources announce, its models' figures on the board.

    Raises ModelError for a model of which nothing can be known.
    """
    fed = {spec.input for spec in graph.stages.values()}
    sources = [_source(graph, name) for name in (*graph.cameras, *graph.sensors) if name in fed]
    stages = tuple(_stage(graph, name, board, profiled) for name in graph.order())
    name = Path(graph.file).stem if graph.file else "pipeline"
    return Scenario(name, board, tuple(sources), stages, graph.schedule, graph.problem)


def _source(graph: Graph, name: str) -> SimulatedSource:
    section = "cameras" if name in graph.cameras else "sensors"
    options = graph.driver(section, name).options
    rate = getattr(options, "fps", None) or getattr(options, "rate", None)
    if isinstance(rate, int | float) and rate > 0:
        return SimulatedSource(name, float(rate))
    return SimulatedSource(name, _RATE, assumed=True)


def _stage(graph: Graph, name: str, board: Board, profiled: Profiled | None) -> SimulatedStage:
    spec = graph.stages[name]
    root = graph.stages[graph.chain(name)[1]]
    threads = None if spec.threads == "auto" else spec.threads
    added = spec.added_latency * NS
    if spec.call is not None:
        ladder: tuple[Candidate, ...] = (Candidate(name, None, functools.partial(_called, board, _CALL + added)),)
        threads = 1
    else:
        ladder = tuple(_candidate(graph.resolve(model), board, added, profiled) for model in spec.model or ())
    return SimulatedStage(
        name,
        spec.input,
        ladder,
        spec.input in graph.stages,
        None if root.deadline is None else round(root.deadline * NS),
        spec.rate,
        spec.weight,
        threads,
    )


def _called(board: Board, ns: float, threads: int) -> Figures:
    source = f"a Python function, taken for {ns / 1e6:g} ms"
    return of_time(board, threads, ns, None, None, basis="estimated", source=source)


def _candidate(path: Path, board: Board, added: float, profiled: Profiled | None) -> Candidate:
    card = read_card(path)
    accuracy: Any = card.accuracy.value if card is not None and card.accuracy is not None else None
    if accuracy is not None and not 0.0 <= accuracy <= 1.0:
        accuracy = None
    measured = profiled.threads(path) if profiled is not None else None
    return Candidate(path.stem, accuracy, functools.partial(_figures, path, board, added, profiled), measured)


def _figures(path: Path, board: Board, added: float, profiled: Profiled | None, threads: int) -> Figures:
    found = of_model(path, threads, board, profiled)
    return found.later(added) if added else found
