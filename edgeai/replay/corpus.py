"""Many recordings replayed: worker processes here, or a Dask cluster; what was done is not done again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType
from typing import Any

from rich.table import Table

from edgeai.driver import vendor
from edgeai.errors import ConfigError, EdgeAIError, Problem

__all__ = ["Corpus", "Outcome", "recordings_in", "run_corpus"]

TRIES = 3
"""Times a recording is tried whose worker was lost: a worker that ran out of memory beside others may do it alone."""

_LOOK = 0.5
"""Seconds between two looks at whether a cluster still has workers."""

Progress = Callable[[int, int, str], None]
"""Told how many recordings are done, of how many, and the last one's name."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a recording: `passed`, `changed` or `error`; its differences, worst latency (s), digest, or why."""

    path: str
    sha256: str
    state: str
    differences: int = 0
    first: str = ""
    worst_latency: float = 0.0
    digest: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Corpus:
    """The outcomes of a corpus, by path; every recording that was given is there."""

    outcomes: tuple[Outcome, ...]

    @property
    def code(self) -> int:
        """0 the same, 1 different, 5 when one could not be read."""
        states = {outcome.state for outcome in self.outcomes}
        return 5 if "error" in states else 1 if "changed" in states else 0

    def plain(self) -> list[dict[str, Any]]:
        """Return the outcomes for JSON."""
        return [asdict(outcome) for outcome in self.outcomes]

    def table(self) -> Table:
        """Return a table with a line a recording, and the sums."""
        drawn = Table(header_style="bold", box=None, pad_edge=False, show_footer=True)
        counts = {state: sum(o.state == state for o in self.outcomes) for state in ("passed", "changed", "error")}
        drawn.add_column("recording", ", ".join(f"{n} {state}" for state, n in counts.items()))
        drawn.add_column("outcome")
        drawn.add_column("differences", justify="right")
        worst = max((o.worst_latency for o in self.outcomes), default=0.0)
        drawn.add_column("worst latency", f"{worst * 1e3:.1f} ms", justify="right")
        drawn.add_column("first", overflow="fold")
        for o in self.outcomes:
            latency = f"{o.worst_latency * 1e3:.1f} ms" if o.worst_latency else "-"
            drawn.add_row(Path(o.path).name, o.state, str(o.differences), latency, o.first or o.why)
        return drawn


def recordings_in(folder: Path) -> list[Path]:
    """Return the recordings below a folder, by name."""
    return sorted(folder.rglob("*.mcap"))


def run_corpus(
    paths: Sequence[Path],
    options: Mapping[str, Any] | None = None,
    *,
    jobs: int = 1,
    scheduler: str | None = None,
    patience: float = 30.0,
    state: Path | None = None,
    progress: Progress = lambda done, of, name: None,
) -> Corpus:
    """Replay recordings with the options of `replay`, in worker processes or on a Dask cluster (`scheduler`).

    patience: seconds after which a cluster without any worker is given up. state: a file in which outcomes are kept by
    the recording's hash and the options, and looked up. A lost worker's recording is tried again, at last by itself;
    none is left out. Raises ConfigError where no cluster answers, PluginError where Dask is not installed.
    """
    options = dict(options or {})
    known = _known(state, options)
    hashes = {path: _sha256(path) for path in paths}
    found = {path: replace(known[key], path=str(path)) for path, key in hashes.items() if key in known}
    left = [path for path in paths if path not in found]
    run = _on_cluster(scheduler, patience) if scheduler else lambda todo: _in_processes(todo, jobs)
    for path, outcome in run([(path, hashes[path], options) for path in left]):
        found[path] = outcome
        if state is not None:
            _remember(state, options, outcome)
        progress(len(found), len(paths), path.name)
    return Corpus(tuple(found[path] for path in paths))


def replay_one(path: Path, sha256: str, options: Mapping[str, Any]) -> Outcome:
    """Replay one recording; whatever fails is its outcome."""
    from edgeai.replay.run import replay

    try:
        done = replay(path, **options)
        comparison = done.compare()
        worst = max((r.latency for r in done.results or done.past.results), default=0.0)
        first = "" if comparison.first is None else str(comparison.first)
        state = "passed" if comparison.same else "changed"
        return Outcome(str(path), sha256, state, len(comparison.differences), first, worst, done.digest)
    except EdgeAIError as error:
        return Outcome(str(path), sha256, "error", why=str(error))
    except Exception as error:  # noqa: BLE001 - one recording's bug must not end the others
        return Outcome(str(path), sha256, "error", why=f"{type(error).__name__}: {error}")


Todo = tuple[Path, str, Mapping[str, Any]]


def _in_processes(todo: Iterable[Todo], jobs: int) -> Iterator[tuple[Path, Outcome]]:
    """Yield outcomes as they come; after a lost worker, what is left is tried by fewer at a time."""
    left = list(todo)
    for attempt in range(TRIES):
        if not left:
            return
        workers = max(1, jobs if attempt == 0 else 1)
        failed: list[Todo] = []
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            running = {pool.submit(replay_one, *each): each for each in left}
            for future in as_completed(running):
                each = running[future]
                try:
                    yield each[0], future.result()
                except BrokenProcessPool:
                    failed.append(each)
        left = failed
    for path, sha256, _ in left:
        yield path, Outcome(str(path), sha256, "error", why=f"its worker was lost {TRIES} times")


def _on_cluster(scheduler: str, patience: float) -> Callable[[Iterable[Todo]], Iterator[tuple[Path, Outcome]]]:
    def run(todo: Iterable[Todo]) -> Iterator[tuple[Path, Outcome]]:
        distributed = vendor("distributed", "cluster")
        try:
            client = distributed.Client(scheduler)
        except (OSError, ValueError) as error:
            why = Problem("cluster", f"{scheduler} ({error})", "the address of a running Dask scheduler")
            raise ConfigError(why) from error
        with client:
            yield from _as_they_come(distributed, client, todo, patience)

    return run


def _as_they_come(
    distributed: ModuleType, client: Any, todo: Iterable[Todo], patience: float
) -> Iterator[tuple[Path, Outcome]]:
    """Yield outcomes as they come. Dask hands a lost worker's work to another, and waits where there is none."""
    left = {client.submit(replay_one, *each, pure=False): each for each in todo}
    alone, why = 0.0, f"for {patience:g} s the cluster had no worker: start some (`dask worker …`) and replay again"
    try:
        while left and alone < patience:
            try:
                for future in distributed.wait(list(left), timeout=_LOOK, return_when="FIRST_COMPLETED").done:
                    outcome = _outcome(future, left[future])
                    path, _, _ = left.pop(future)
                    yield path, outcome
                alone = 0.0
            except TimeoutError:
                alone = 0.0 if client.nthreads() else alone + _LOOK
    except (CancelledError, OSError) as error:
        why = f"the cluster's scheduler was lost: {str(error).splitlines()[0]}"
    for path, sha256, _ in left.values():
        yield path, Outcome(str(path), sha256, "error", why=why)


def _outcome(future: Any, each: Todo) -> Outcome:
    """Return what a worker found. Raises TimeoutError where it was lost with its worker, and is found anew."""
    error = future.exception(timeout=_LOOK)
    if error is None:
        outcome: Outcome = future.result(timeout=_LOOK)
        return outcome
    return Outcome(str(each[0]), each[1], "error", why=f"the cluster could not run it: {error}")


# -- what was done before ------------------------------------------------------------------------------------------


def _known(state: Path | None, options: Mapping[str, Any]) -> dict[str, Outcome]:
    """Return earlier outcomes with these options by hash; errors are tried again, a torn last line is passed over."""
    known = {}
    for line in state.read_text(encoding="utf-8").splitlines() if state is not None and state.exists() else ():
        try:
            told = json.loads(line)
            outcome = Outcome(**told["outcome"])
        except (ValueError, KeyError, TypeError):
            continue
        if told["options"] == _key(options) and outcome.state != "error":
            known[outcome.sha256] = outcome
    return known


def _remember(state: Path, options: Mapping[str, Any], outcome: Outcome) -> None:
    with state.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"options": _key(options), "outcome": asdict(outcome)}) + "\n")


def _key(options: Mapping[str, Any]) -> str:
    return json.dumps(options, sort_keys=True, default=str)


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return f"unreadable:{path}"
