"""How long `import edgeai` takes, when the embedded default has its first result, and memory beside a loop by hand.

    python tools/bench/startup.py

Targets: import within 0.25 s, without cv2 or a runtime; at most 40 MB more resident memory than the loop by hand.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from statistics import median

from bench import ROOT, V1_SMALL, need_assets, report

HERE = Path(__file__).parent

IMPORT = """
import time; t = time.perf_counter()
import edgeai
t = time.perf_counter() - t
import sys, json
print(json.dumps([t, [m for m in ("cv2", "ai_edge_litert", "tflite_runtime") if m in sys.modules]]))
"""
NUMPY = "import time; t = time.perf_counter(); import numpy; print(time.perf_counter() - t)"
FIRST = """
import time; t = time.monotonic_ns()
import json
from pathlib import Path
import edgeai
from edgeai import pilots
with edgeai.Pipeline.load(Path(pilots.__file__).with_name("rover.yaml")) as pipeline:
    first = next(iter(pipeline.stream("pilot")))
    print((first.published - t) / 1e9)
"""
BY_HAND = f"""
import sys; sys.path.insert(0, {str(HERE)!r})
from bench import *
cv2.setNumThreads(1)
model, images = HandWritten(V1_SMALL), pictures()
for i in range(300): model(images[i % 16])
print(memory())
"""
EDGEAI = f"""
import sys; sys.path.insert(0, {str(HERE)!r})
from bench import *
from cameras import *
from edgeai import Pipeline
images = pictures()
with Pipeline(graph(Memory(images, 300), V1_SMALL, threads=1)) as pipeline, pipeline.stream("objects") as results:
    for result in results: pass
    print(memory())
"""


def output(code: str) -> str:
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return run.stdout.strip().splitlines()[-1]


def main() -> None:
    need_assets()
    imports = [json.loads(output(IMPORT)) for _ in range(7)]
    numpy = median(float(output(NUMPY)) for _ in range(5))
    first = median(float(output(FIRST)) for _ in range(3))
    hand = median(float(output(BY_HAND)) for _ in range(3))
    ours = median(float(output(EDGEAI)) for _ in range(3))
    report(
        f"startup ({V1_SMALL.stem})",
        [
            {
                "import edgeai s": median(t for t, _ in imports),
                "import numpy s": numpy,
                "imports besides": ", ".join(imports[0][1]) or "none",
                "first result s": first,
                "by hand MB": hand,
                "edgeai MB": ours,
                "added MB": ours - hand,
            }
        ],
    )


if __name__ == "__main__":
    main()
