"""A comparison as one HTML file that asks nothing of anybody: styles and plots are inside."""

from __future__ import annotations

from html import escape

from edgeai.workbench.compare import Comparison
from edgeai.workbench.compare_plots import plots

__all__ = ["columns", "page"]

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.05rem; margin-top: 2rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; white-space: nowrap; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .8rem; text-align: right; border-bottom: 1px solid #8884; }
th { white-space: normal; vertical-align: bottom; }
th:first-child, td:first-child { text-align: left; }
svg { max-width: 100%; height: auto; }
small { opacity: .7; }
"""


def columns(found: Comparison) -> tuple[list[str], list[list[str]]]:
    """Return headings and rows of the table, a row for each model."""
    metrics = [figure.metric for figure in found.models[0].figures]
    headings = ["model", *metrics, "p50 ms", "p90", "p99", "kB", "memory MB", f"{found.metric} with the first"]
    rows = []
    for i, model in enumerate(found.models):
        job = model.measured.job
        rows.append(
            [
                model.name,
                *(f"{figure.value:.4f}" for figure in model.figures),
                *("-" if ms is None else f"{ms:.3g}" for ms in (job.p50, job.p90, job.p99)),
                f"{model.bytes / 1000:.1f}",
                "-" if model.measured.mb is None else f"{model.measured.mb:.1f}",
                f"{found.agreement[i][0]:.4f}",
            ]
        )
    return headings, rows


def page(found: Comparison) -> str:
    """Return the page. Raises PluginError where matplotlib is not installed."""
    headings, rows = columns(found)
    head = "".join(f"<th>{escape(cell)}</th>" for cell in headings)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    drawn = "".join(f'<h2>{escape(title)}</h2><div class="wide">{svg}</div>' for title, svg in plots(found))
    warned = "".join(f"<p><strong>warning:</strong> {escape(warning)}</p>" for warning in found.warnings)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Models on {escape(found.dataset)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{len(found.models)} models on {escape(found.dataset)}</h1>"
        f"<p>{found.samples} inputs. <small>{escape(found.machine)}</small></p>{warned}"
        f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
        f"{drawn}</body></html>\n"
    )
