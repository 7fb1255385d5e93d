"""`edgeai models`: what zoos offer, what of it is here, and what a model is made of."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeai.cli import screen
from edgeai.cli.lazily import SETTINGS
from edgeai.cli.options import AsJson
from edgeai.errors import ConfigError, ModelError, Problem

if TYPE_CHECKING:
    from edgeai.workbench.describe import Description
    from edgeai.workbench.zoo.trust import Trusted
    from edgeai.zoo import Shelf

__all__ = ["app"]

app = typer.Typer(
    name="models",
    help="Models by name: list, pull, verify, info, add.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings=SETTINGS,
)


@app.command("list")
def list_(
    update: Annotated[bool, typer.Option("--update", help="Fetch the zoos' manifests first.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the families of all zoos: task, variants, accuracy, licence, and which variants are here (●).

    Example: edgeai models list --update
    """
    from edgeai.workbench.zoo import trust
    from edgeai.workbench.zoo.cached import shelves
    from edgeai.workbench.zoo.manifests import refresh

    zoos = trust.load()
    for zoo in zoos if update else ():
        refresh(zoo)
    shown = shelves(zoos)
    if as_json:
        screen.print_json([row for shelf in shown for row in _rows(shelf)])
    else:
        _print_list(shown)


def _rows(shelf: Shelf) -> list[dict[str, Any]]:
    rows = []
    for family in shelf.manifest.families:
        variants = [{**asdict(each), "here": shelf.has(family, each)} for each in family.variants]
        rows.append({"zoo": shelf.manifest.zoo, **asdict(family), "variants": variants})
    return rows


def _print_list(shown: tuple[Shelf, ...]) -> None:
    headings = ("", "model", "task", "accuracy", "metric", "kB", "licence", "zoo")
    left = [heading for heading in headings if heading not in ("accuracy", "kB")]
    table = screen.table(*headings, left=left, whole=("model",))
    for shelf in shown:
        for family in shelf.manifest.families:
            for each in family.variants:
                figure = each.accuracy
                table.add_row(
                    "●" if shelf.has(family, each) else "",
                    f"{family.name}/{each.name}",
                    family.task,
                    "-" if figure is None else f"{figure.value:g}",
                    "" if figure is None else figure.metric,
                    f"{each.bytes / 1e3:.0f}",
                    family.licence,
                    shelf.manifest.zoo,
                )
    screen.console().print(table)


@app.command()
def pull(
    names: Annotated[list[str], typer.Argument(metavar="NAME…", help="Families, or family/variant.")],
) -> None:
    """Fetch models into the cache, resumed where it broke off, and verified before anything can use them.

    A graph then names them: `model: zoo:FAMILY` (the ladder of its variants) or `model: zoo:FAMILY/VARIANT`.

    Example: edgeai models pull objects
    """
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    from edgeai.workbench.zoo import trust
    from edgeai.workbench.zoo.pull import pull as fetch

    zoos = trust.load()
    _refresh_or_warn(zoos)
    console = screen.console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, transient=True, disable=screen.quiet() or not console.is_terminal) as bar:
        tasks: dict[str, Any] = {}

        def show(what: str, whole: int, here: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=whole)
            bar.update(tasks[what], completed=here)

        for name in names:
            for path in fetch(name, zoos, watch=show):
                typer.echo(str(path))


def _refresh_or_warn(zoos: tuple[Trusted, ...]) -> None:
    """Fetch the manifests; a zoo that cannot be reached is used as it was known."""
    from edgeai.workbench.zoo.manifests import known, refresh

    for zoo in zoos:
        try:
            refresh(zoo)
        except ModelError as error:
            known(zoo)
            screen.note(f"edgeai: the manifest at hand is used: {error}")


@app.command()
def verify(as_json: AsJson = False) -> None:
    """Hash every model in the cache again, and verify every manifest; exit code 4 when something is not as it was.

    Example: edgeai models verify
    """
    from edgeai.workbench.zoo import trust
    from edgeai.workbench.zoo.cached import verify as look

    verdicts = look(trust.load())
    if as_json:
        screen.print_json([{"name": verdict.name, "wrong": verdict.wrong or None} for verdict in verdicts])
    for verdict in () if as_json else verdicts:
        typer.echo(f"{verdict.name}: {verdict.wrong or 'good'}")
    bad = [verdict.name for verdict in verdicts if verdict.wrong]
    if bad:
        raise ModelError(f"{', '.join(bad)} cannot be used as they are: `edgeai models pull` fetches them again")


@app.command()
def info(
    name: Annotated[str, typer.Argument(metavar="MODEL", help="A model file, zoo:family/variant, or family/variant.")],
    as_json: AsJson = False,
) -> None:
    """Show a model's tensors, operations, memory, multiply-accumulates, and estimated time on each board.

    Example: edgeai models info detector.tflite
    """
    from edgeai.workbench.describe import describe

    described = [describe(path) for path in _files(name)]
    if as_json:
        screen.print_json([{**asdict(each), "path": str(each.path)} for each in described])
        return
    for each in described:
        _print_info(each)


def _files(name: str) -> list[Path]:
    from edgeai.graph.files import find_model, ladder
    from edgeai.graph.findings import Mistake
    from edgeai.zoo import SCHEME

    try:
        if Path(name).expanduser().is_file() or (not name.startswith(SCHEME) and "/" not in name):
            return [find_model(name, Path())]
        return [find_model(member, Path()) for member in ladder(SCHEME + name.removeprefix(SCHEME))]
    except Mistake as mistake:
        raise ConfigError(Problem("MODEL", mistake.found, mistake.expected, hint=mistake.hint)) from None


def _print_info(model: Description) -> None:
    console = screen.console()
    console.print(f"[bold]{model.name}[/bold]  {model.path}", soft_wrap=True)
    console.print(f"sha256 {model.sha256}", soft_wrap=True)
    for heading, tensors in (("in", model.inputs), ("out", model.outputs)):
        for tensor in tensors:
            scale = f"  scale {tensor.scale:.6g}, zero point {tensor.zero_point}" if tensor.scale else ""
            console.print(
                f"{heading:4}{tensor.name}  {tensor.dtype} {list(tensor.shape)}{scale}", soft_wrap=True, markup=False
            )
    console.print("ops ", ", ".join(f"{count} {kind}" for kind, count in model.operations.items()), soft_wrap=True)
    console.print(
        f"{model.bytes / 1e3:.0f} kB file, {model.weights / 1e3:.0f} kB weights, at least "
        f"{model.activations / 1e3:.0f} kB activations, {model.macs / 1e6:.3g} M multiply-accumulates",
        soft_wrap=True,
    )
    table = screen.table("board", "estimated ms, all cores", left=("board",))
    for board, ms in model.boards.items():
        table.add_row(board, f"{ms:.2g}" if ms < 100 else f"{ms:.0f}")
    if model.boards:
        console.print(table)
        console.print(
            f"estimated: {model.source}; another architecture may take half or twice as long\n", soft_wrap=True
        )


@app.command()
def add(
    what: Annotated[str, typer.Argument(metavar="ZOO|FAMILY", help="A zoo's address; with models, a family's name.")],
    models: Annotated[
        list[Path] | None, typer.Argument(metavar="[MODEL…]", help="Model files with their cards, cheapest first.")
    ] = None,
    key: Annotated[str | None, typer.Option(help="The zoo's public key, as its owner publishes it.")] = None,
    to: Annotated[Path | None, typer.Option(help="The folder of your zoo; it is made if it is not there.")] = None,
    sign: Annotated[Path | None, typer.Option(help="Your private key, from `edgeai models keygen`.")] = None,
) -> None:
    """Add a zoo to those you trust (ZOO --key KEY), or models to a zoo of your own (FAMILY MODEL… --to --sign).

    A zoo's key is told by its owner on another way than the zoo. The same key again adds a mirror of the same zoo.

    Example: edgeai models add https://models.example.org/zoo --key ed25519:…
    """
    if models:
        _publish(what, models, to, sign)
    else:
        _trust(what, key)


def _publish(family: str, models: list[Path], to: Path | None, sign: Path | None) -> None:
    from edgeai.workbench.zoo.keys import load_private, public_of
    from edgeai.workbench.zoo.publish import publish

    if to is None or sign is None:
        raise ConfigError(Problem("--to" if to is None else "--sign", "nothing", "your zoo's folder and your key"))
    private = load_private(sign)
    manifest = publish(to, family, models, private)
    typer.echo(f"{to}: edition {manifest.serial} of {manifest.zoo}, signed; others add it with")
    typer.echo(f"edgeai models add ADDRESS --key {public_of(private)}")


def _trust(address: str, key: str | None) -> None:
    from edgeai.workbench.zoo import trust
    from edgeai.workbench.zoo.keys import read_public
    from edgeai.workbench.zoo.manifests import refresh
    from edgeai.workbench.zoo.mirror import located

    if key is None:
        raise ConfigError(Problem("--key", "nothing", "the zoo's public key, as its owner publishes it: ed25519:…"))
    read_public(key)
    place = located(address)
    refresh(trust.Trusted(key.strip(), (place,)))
    trust.store(trust.trust(trust.load(), key, place))
    typer.echo(f"{place} is trusted by its key; `edgeai models list` tells what it has")


@app.command()
def keygen(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the private key goes; keep it to yourself.")],
) -> None:
    """Make a key to sign a zoo of your own with, and print its public half.

    Example: edgeai models keygen zoo.pem
    """
    from edgeai.workbench.zoo.keys import generate

    typer.echo(generate(file))
