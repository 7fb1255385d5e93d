"""Make a ladder of `edgeai/power/ladders` from a CSV of MLPerf Inference results.

    .venv/bin/python tools/make_board_tables.py RESULTS.csv LADDER.yaml --title "TFLite 2.4.1 (ruy)"

Takes the quantized models (`...-quantized`, `..._uint8`), in the order of their median latency, and the columns a
scheduler needs. The CSV's numbers are copied as they are; energy is `mJ_marginal`, (active - idle) power / throughput.
"""

from __future__ import annotations

import argparse
import csv
import statistics
from pathlib import Path

COLUMNS = {
    "top1": "acc_top1",
    "min_ms": "min_ms",
    "mean_ms": "mean_ms",
    "p50_ms": "p50_ms",
    "p90_ms": "p90_ms",
    "p95_ms": "p95_ms",
    "p99_ms": "p99_ms",
    "p999_ms": "p999_ms",
    "max_ms": "max_ms",
    "mj": "mJ_marginal",
}
SOURCE = "mlcommons/inference_results_v1.0, open/Krai, Raspberry Pi 4, image classification, Apache-2.0"
CONDITIONS = (
    "600 s a model, fan on; threads are not stated and taken as 4, as the latencies suggest; top-1 over 50 000 images; "
    "energy at the wall above 4.2 W of idle with supply, fans and an idle Coral"
)


def is_quantized(model: str) -> bool:
    return model.endswith("_uint8") or (model.endswith("-quantized") and not model.endswith("-non-quantized"))


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if is_quantized(row["model"])]
    return sorted(rows, key=lambda row: float(row["p50_ms"]))


def render(rows: list[dict[str, str]], title: str, board: str, threads: int) -> str:
    head = [
        "# Made by tools/make_board_tables.py; do not edit.",
        f"board: {board}",
        f'title: "{title}"',
        f'source: "{SOURCE}"',
        f'conditions: "{CONDITIONS}"',
        f"threads: {threads}",
        f"columns: [{', '.join(COLUMNS)}]",
        "rungs:",
    ]
    body = [f"  {row['model']}: [{', '.join(row[column] for column in COLUMNS.values())}]" for row in rows]
    return "\n".join([*head, *body, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("ladder", type=Path)
    parser.add_argument("--title", required=True, help="runtime and version")
    parser.add_argument("--board", default="pi4")
    parser.add_argument("--threads", type=int, default=4)
    arguments = parser.parse_args()
    rows = read_rows(arguments.results)
    arguments.ladder.write_text(render(rows, arguments.title, arguments.board, arguments.threads))
    watts = [float(row["mJ_marginal"]) / float(row["mean_ms"]) for row in rows]
    spread = f"{min(watts):.2f} to {max(watts):.2f}, median {statistics.median(watts):.2f}"
    print(f"{arguments.ladder}: {len(rows)} models, {spread} W above idle while busy")


if __name__ == "__main__":
    main()
