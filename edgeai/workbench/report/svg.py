"""Charts as SVG, made by hand: lines and shares over time that take the page's colours and stretch to its width.

Text stands beside a chart, in HTML: it keeps its size on a phone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from edgeai.workbench.report.bins import Lane

__all__ = ["ceiling", "lines", "ribbon", "shares"]

_WIDTH, _HEIGHT = 1000, 100


def ceiling(values: Sequence[float]) -> float:
    """Return a round number at or above all values: 1, 2, 2.5 or 5 times a power of ten."""
    top = max(values, default=0.0)
    if top <= 0:
        return 1.0
    power = 10.0 ** (len(f"{int(top)}") - 1 if top >= 1 else -len(f"{1 / top:.0f}"))
    return next(step * power for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 20, 50, 100) if step * power >= top)


def lines(lanes: Sequence[tuple[str, Lane]], low: float, high: float, limit: Lane | None = None) -> str:
    """Return lines (css class, figures) between two values, and a dashed limit."""
    span = (high - low) or 1.0
    drawn = [f'<path class="limit" d="{_path(limit, low, span)}"/>'] if limit is not None else []
    drawn += [f'<path class="line {style}" d="{_path(lane, low, span)}"/>' for style, lane in lanes]
    grid = "".join(f'<path class="grid" d="M0 {y}H{_WIDTH}"/>' for y in (0, _HEIGHT / 2, _HEIGHT))
    return _svg(grid + "".join(drawn))


def shares(lanes: Mapping[str, Lane], styles: Mapping[str, str]) -> str:
    """Return stacked shares, each 0 to 1, a colour a name."""
    if not lanes:
        return _svg("")
    count = len(next(iter(lanes.values())))
    width = _WIDTH / count
    drawn = []
    for i in range(count):
        y = 0.0
        for name, lane in lanes.items():
            share = lane[i]
            if share:
                box = f'x="{i * width:.2f}" y="{y:.2f}" width="{width + 0.3:.2f}" height="{share * _HEIGHT:.2f}"'
                drawn.append(f'<rect class="{styles[name]}" {box}><title>{escape(name)} {share:.0%}</title></rect>')
                y += share * _HEIGHT
    return _svg("".join(drawn))


def ribbon(parts: Sequence[tuple[str, str, float]], whole: float) -> str:
    """Return parts (css class, what it is, size) side by side, `whole` being the full width."""
    x, drawn = 0.0, []
    for style, name, size in parts:
        width = _WIDTH * size / whole if whole else 0.0
        drawn.append(
            f'<rect class="{style}" x="{x:.2f}" y="0" width="{width:.2f}" height="{_HEIGHT}">'
            f"<title>{escape(name)} {size:.2f} ms</title></rect>"
        )
        x += width
    return _svg("".join(drawn))


def _path(lane: Lane, low: float, span: float) -> str:
    """Return steps through the middles of the bins; the pen is lifted where there is no figure."""
    width = _WIDTH / len(lane)
    words, down = [], False
    for i, value in enumerate(lane):
        if value is None:
            down = False
            continue
        y = _HEIGHT * (1 - min(1.0, max(0.0, (value - low) / span)))
        words.append(f"{'L' if down else 'M'}{(i + 0.5) * width:.1f} {y:.1f}")
        if not down:
            words.append("h0.1")  # a figure alone is a dot
        down = True
    return "".join(words)


def _svg(content: str) -> str:
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" aria-hidden="true">{content}</svg>'
