"""How the workbench's pictures look: one palette that colour-blind people can read, quiet axes, labels beside lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgeai.driver import vendor
from edgeai.errors import ConfigError, Problem

__all__ = [
    "GREY",
    "INK",
    "PALETTE",
    "WARNING",
    "beside",
    "check_picture",
    "limit",
    "new_figure",
    "quiet",
    "save",
    "shades",
]

INK, GREY = "#222222", "#8a8a8a"
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#7A5195")
"""Okabe and Ito's colours, which stay apart in the three common kinds of colour blindness."""
WARNING = "#D55E00"
"""Their vermilion, kept for limits and what breaks them."""

_FORMATS = (".png", ".svg", ".pdf")


def check_picture(path: Path) -> None:
    """Refuse, before any work, a picture that could not be written. Raises ConfigError, PluginError."""
    if path.suffix.lower() not in _FORMATS:
        raise ConfigError(Problem("--output", str(path), f"a file ending in {', '.join(_FORMATS)}"))
    if not path.parent.is_dir():
        raise ConfigError(Problem("--output", str(path), f"a folder that is there; {path.parent} is not"))
    vendor("matplotlib", "plot")


def new_figure(width: float, height: float) -> Any:
    """Return an empty figure of a size in inches, drawn without a display."""
    vendor("matplotlib", "plot")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def save(figure: Any, path: Path) -> None:
    """Write a figure; its bytes depend on nothing but the picture. Raises ConfigError where that is not possible."""
    metadata = {".png": {"Software": None}, ".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
    try:
        figure.savefig(path, dpi=160, metadata=metadata[path.suffix.lower()])
    except OSError as error:
        raise ConfigError(Problem("--output", f"{path} ({error.strerror})", "a file that can be written")) from error


def quiet(axes: Any, label: str) -> None:
    """Leave of an axes what helps: its label above on the left, a faint grid, no box."""
    axes.set_title(label, loc="left", fontsize=9, color=INK, pad=4)
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.7)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color("#bbbbbb")
    axes.tick_params(length=0, labelsize=8, colors="#555555")


def beside(axes: Any, labels: list[tuple[float, str, str]], gap: float = 0.17) -> None:
    """Write labels at the right edge at their values (y, text, colour), moved apart by `gap` of the height at least."""
    low, high = axes.get_ylim()
    placed: list[float] = []
    order = sorted(labels, key=lambda label: label[0])
    for y, _, _ in order:
        at = (y - low) / (high - low)
        placed.append(max(at, placed[-1] + gap) if placed else max(0.03, at))
    excess = max(0.0, placed[-1] - 0.97) if placed else 0.0
    for (_, text, colour), at in zip(order, placed, strict=True):
        where = {"xycoords": "axes fraction", "va": "center", "ha": "left", "annotation_clip": False}
        axes.annotate(text, (1.012, at - excess), fontsize=8, color=colour, **where)


def limit(axes: Any, x: float, text: str) -> None:
    """Draw a limit on what the x axis shows, its name at its foot."""
    axes.axvline(x, color=WARNING, linewidth=1.2, linestyle=(0, (5, 3)))
    where = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points"}
    axes.annotate(text, (x, 0.02), (-4, 0), color=WARNING, ha="right", fontsize=8, **where)


def shades(n: int) -> list[Any]:
    """Return n shades from light to dark, of a scale that is read alike by all eyes (viridis)."""
    from matplotlib import colormaps

    scale = colormaps["viridis"]
    return [scale(0.97 - 0.87 * i / max(1, n - 1)) for i in range(n)]
