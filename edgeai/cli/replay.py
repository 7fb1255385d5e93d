"""`edgeai replay`: a recording again, in virtual time, compared with what was recorded or with a golden."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeai.cli import complete, screen
from edgeai.cli.options import AllowCode, AsJson
from edgeai.errors import ConfigError, Problem

if TYPE_CHECKING:
    from edgeai.replay.compare import Comparison, Rules
    from edgeai.replay.run import Replay
    from edgeai.replay.sides import Side

__all__ = ["replay"]

_MODES = ("lossless", "recorded", "recompute")
_OUTPUTS = ("console", "jsonl", "images", "video")
"""Outputs that a replay may write to: files and the console; no device is driven."""


def replay(
    recording: Annotated[
        Path, typer.Argument(help="An MCAP file that `edgeai record` wrote, or a folder of them.", show_default=False)
    ],
    mode: Annotated[
        str,
        typer.Option(help="lossless: every frame; recorded: the jobs that ran; recompute: the scheduler's decisions."),
    ] = "recompute",
    graph: Annotated[Path | None, typer.Option(help="Another graph than the one that was recorded.")] = None,
    board: Annotated[
        str | None,
        typer.Option(help="What another board would have done (edgeai boards).", autocompletion=complete.boards),
    ] = None,
    policy: Annotated[
        str | None, typer.Option(help="What another policy would have done.", autocompletion=complete.policies)
    ] = None,
    budget: Annotated[str | None, typer.Option(help="Under another budget: 4.5W.")] = None,
    miss_rate: Annotated[str | None, typer.Option(help="With another miss rate: 1%.")] = None,
    model: Annotated[
        list[str] | None, typer.Option(help="Another ladder: objects=small.tflite,large.tflite; may be repeated.")
    ] = None,
    numerics: Annotated[
        str | None,
        typer.Option(help="reference: the same bits on every machine.", autocompletion=complete.numerics),
    ] = None,
    golden: Annotated[Path | None, typer.Option(help="Compare with this file instead of the recording.")] = None,
    update: Annotated[bool, typer.Option("--update", help="Write the golden anew, and say what changed.")] = False,
    iou: Annotated[float | None, typer.Option(help="Match boxes of this overlap instead of comparing them.")] = None,
    tolerance: Annotated[float | None, typer.Option(help="How far numbers in values may differ.")] = None,
    ignore: Annotated[
        list[str] | None, typer.Option(help="Leave a field out: '*.published', 'objects.value.*.score'.")
    ] = None,
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output", "--outputs", help="Where results go: console, jsonl:out.jsonl, video:out.mp4; may be repeated."
        ),
    ] = None,
    side_by_side: Annotated[bool, typer.Option("--compare", help="Show both runs side by side.")] = False,
    report: Annotated[
        Path | None, typer.Option(help="Write the differences: report.md, or report.xml for JUnit.")
    ] = None,
    picture: Annotated[Path | None, typer.Option(help="Write the first frame that differs as a picture.")] = None,
    as_json: AsJson = False,
    jobs: Annotated[int, typer.Option(help="Of a folder: worker processes.", min=1)] = 1,
    scheduler: Annotated[
        str | None, typer.Option(help="Of a folder: a Dask cluster, tcp://host:8786 (extra cluster).")
    ] = None,
    state: Annotated[
        Path | None, typer.Option(help="Of a folder: where outcomes are kept, so that a run can be resumed.")
    ] = None,
    allow_code: AllowCode = False,
) -> None:
    """Replay a recording and compare. Exit codes: 0 the same, 1 different, 5 unreadable.

    Example: edgeai replay drive.mcap --policy power --budget 4W --compare
    """
    from edgeai.replay.run import replay as run

    if mode not in _MODES:
        raise ConfigError(Problem("--mode", repr(mode), f"one of {', '.join(_MODES)}"))
    said = {"policy": policy, "budget": budget, "miss_rate": miss_rate}
    options: dict[str, Any] = {
        "mode": mode,
        "graph": None if graph is None else str(graph),
        "allow_code": allow_code,
        "board": board,
        "schedule": {key: value for key, value in said.items() if value is not None},
        "models": _ladders(model or []),
        "numerics": _numerics(numerics),
        "outputs": _written(output or []),
    }
    if recording.is_dir():
        raise typer.Exit(_corpus(recording, options, jobs, scheduler, state, as_json=as_json))
    done = run(recording, **options)
    rules = _rules(iou, tolerance, ignore or [])
    comparison = _updated(done, golden, rules) if update else _compared(done, golden, rules)
    if as_json:
        compared = _sides(done, board) if side_by_side else None
        typer.echo(json.dumps(_plain(done, compared), ensure_ascii=False))
    elif side_by_side:
        _show_sides(done, board)
    else:
        _show(done, comparison)
    _write_report(report, comparison, recording)
    if picture is not None and comparison.first is not None:
        _write_picture(picture, recording, comparison)
    raise typer.Exit(0 if comparison.same or update else 1)


def _corpus(
    folder: Path, options: dict[str, Any], jobs: int, scheduler: str | None, state: Path | None, *, as_json: bool
) -> int:
    """Replay a folder of recordings, and return the exit code."""
    from edgeai.replay.corpus import recordings_in, run_corpus

    paths = recordings_in(folder)
    if not paths:
        hint = f"a log of another program is recorded first: edgeai record --source log:{folder}"
        raise ConfigError(Problem("RECORDING", f"the folder {folder} without an .mcap file", "recordings", hint=hint))
    with screen.progress_bar("replaying") as progress:
        done = run_corpus(
            paths,
            options,
            jobs=jobs,
            scheduler=scheduler,
            state=state,
            progress=lambda count, of, name: progress(name, count / of),
        )
    if as_json:
        screen.print_json(done.plain())
    else:
        screen.console().print(done.table())
    return done.code


def _ladders(texts: list[str]) -> dict[str, list[str]]:
    ladders = {}
    for text in texts:
        stage, equals, files = text.partition("=")
        if not equals or not stage or not files:
            raise ConfigError(Problem("--model", repr(text), "STAGE=FILE, or STAGE=FILE,FILE for a ladder"))
        ladders[stage] = files.split(",")
    return ladders


def _numerics(text: str | None) -> Any:
    if text not in (None, "default", "reference"):
        raise ConfigError(Problem("--numerics", repr(text), "default or reference"))
    return text


def _written(texts: list[str]) -> dict[str, str]:
    for text in texts:
        if text.partition(":")[0] not in _OUTPUTS:
            raise ConfigError(Problem("--output", repr(text), f"one of {', '.join(_OUTPUTS)}: no device is driven"))
    return {f"output{number}": text for number, text in enumerate(texts)}


def _rules(iou: float | None, tolerance: float | None, ignore: list[str]) -> Rules:
    from edgeai.replay.compare import Rule, Rules

    rules = [Rule(path, ignore=True) for path in ignore]
    if tolerance is not None:
        rules.append(Rule("*.value.*", absolute=tolerance))
    if iou is not None:
        rules.append(Rule("*.value", iou=iou))
    return Rules(tuple(rules))


def _compared(done: Replay, path: Path | None, asked: Rules) -> Comparison:
    """Compare with a golden by its own rules where none are asked for; without a golden, with the recording."""
    from edgeai.replay.compare import Rules
    from edgeai.replay.golden import check_golden, load_golden

    golden = None if path is None else load_golden(path)
    rules = asked if asked.rules or golden is None else golden.rules
    if golden is not None:
        check_golden(rules, lossy=done.lossy or golden.lossy)
        return golden.compare(done.rows(), rules)
    if done.lossy and not asked.rules and done.results:
        screen.note(
            "the recording's pictures are lossy (jpeg): results will differ; --tolerance and --iou allow for it"
        )
    return done.compare(Rules((*rules.rules, *done.rules.rules)))


def _updated(done: Replay, path: Path | None, rules: Rules) -> Comparison:
    """Write a golden anew, and return what changed."""
    from edgeai.replay.golden import Golden, check_golden, load_golden, save_golden

    if path is None:
        raise ConfigError(Problem("--update", "no golden", "--golden FILE, which is to be written"))
    check_golden(rules, lossy=done.lossy)
    rows = tuple(done.rows())
    before = load_golden(path) if path.exists() else None
    golden = Golden(rows, rules, done.lossy)
    save_golden(path, golden)
    screen.note(f"{path} is written, {len(rows)} rows" + ("; it is new" if before is None else ""))
    return (before or golden).compare(rows, rules)


def _plain(done: Replay, compared: list[tuple[Side, Side]] | None = None) -> dict[str, Any]:
    rows = [(row.topic, json.loads(row.line())) for row in done.rows()]
    return {
        "mode": done.mode,
        "results": [row for topic, row in rows if topic != "decisions"],
        "decisions": [row for topic, row in rows if topic == "decisions"],
        "digest": done.digest,
        **({} if compared is None else _plain_sides(done, compared)),
    }


def _plain_sides(done: Replay, compared: list[tuple[Side, Side]]) -> dict[str, Any]:
    return {
        "stages": [{"recorded": asdict(then), "replayed": asdict(now)} for then, now in compared],
        "chosen_differently": {"items": done.divergence.differing, "of": done.divergence.items},
    }


def _show(done: Replay, comparison: Comparison) -> None:
    from edgeai.replay.report import SHOWN, table

    console = screen.console()
    console.print(table(comparison))
    for difference in comparison.differences[:SHOWN]:
        console.print(f"  {difference}", markup=False)
    if (more := len(comparison.differences) - SHOWN) > 0:
        console.print(f"  and {more} more")
    verdict = "the same" if comparison.same else f"{len(comparison.differences)} differences"
    console.print(f"{done.path.name}, {done.mode}: {verdict}; {done.digest[:16]}")


def _sides(done: Replay, board: str | None) -> list[tuple[Side, Side]]:
    """Return the figures of each stage, recorded and replayed."""
    from edgeai.power.boards import load_board
    from edgeai.replay.sides import sides

    ran_on = load_board(done.past.recording.header.board)
    runs_on = ran_on if board is None else load_board(board)
    then = sides(done.past.decisions, done.workload, ran_on)
    now = sides(done.decisions, done.workload if done.driven is None else done.driven.workload, runs_on)
    return list(zip(then, now, strict=False))


def _show_sides(done: Replay, board: str | None) -> None:
    headings = ("stage", "run", "results", "in time a second", "misses", "accuracy", "J above idle", "switches")
    drawn = screen.table(*headings, left=("stage", "run"))
    for pair in _sides(done, board):
        for name, side in zip(("recorded", "replayed"), pair, strict=True):
            drawn.add_row(
                side.stage if name == "recorded" else "",
                name,
                str(side.results),
                f"{side.rate:.2f}",
                f"{side.miss_rate:.2%}",
                f"{side.accuracy:.3f}",
                f"{side.joules:.2f}",
                str(side.switches),
            )
    screen.console().print(drawn)
    sentence = done.divergence.sentence(done.past.recording.opening.t)
    screen.console().print(f"{done.path.name}: {sentence}", markup=False, soft_wrap=True)
    for variant in done.driven.unknown if done.driven is not None else ():
        screen.console().print(f"{variant}: 10 ms a job are assumed, for the recording has none of it", markup=False)


def _write_report(path: Path | None, comparison: Comparison, recording: Path) -> None:
    from edgeai.replay.report import junit, markdown

    if path is not None:
        make = junit if path.suffix == ".xml" else markdown
        try:
            path.write_text(make(comparison, recording.name), encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"{path}: {error.strerror}: give a place that can be written") from error


def _write_picture(path: Path, recording: Path, comparison: Comparison) -> None:
    import cv2

    from edgeai.replay.picture import divergent_frame

    image = divergent_frame(recording, comparison)
    if image is not None and not cv2.imwrite(str(path), image):
        raise ConfigError(f"{path} cannot be written: give a place that can be, and a name such as first.png")
