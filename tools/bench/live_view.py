"""Measure what the live view costs the pipeline it shows, with nobody, one and four looking on.

.venv/bin/python tools/bench/live_view.py [--seconds 10] [--rounds 3] [--browser]

The pipeline runs in a process of its own, an int8 model on a synthetic camera of 640x480 at 30 fps; readers run in
another and take MJPEG and the figures as a page does. Runs alternate; what is printed are medians over the rounds.
"""

from __future__ import annotations

import argparse
import http.client
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import edgeai
from edgeai import Graph, Pipeline
from edgeai.observe.exposition import written
from edgeai.observe.metrics import metrics
from edgeai.observe.process import memory

PILOTS = Path(edgeai.__file__).parent / "pilots"
WARM = 2.0


def graph(streams=1):
    """Return so many cameras, each with a model."""
    names = [f"cam{i}" for i in range(streams)]
    return Graph(
        cameras=dict.fromkeys(names, "synthetic:?size=640x480&fps=30"),
        stages={
            f"pilot{i}": {"input": name, "model": str(PILOTS / "pilot_large.tflite"), "threads": 1}
            for i, name in enumerate(names)
        },
    )


def serve(seconds, view):
    """Run the pipeline; print what it took between the first and the last moment that readers were there."""
    pipeline = Pipeline(graph())
    if view:
        pipeline.live_view(0)
    invoked = []

    def note(result):
        times = {mark: t for stage, mark, t in result.ledger if stage == result.stream}
        invoked.append((times["invoked"] - times["preprocessed"]) / 1e6)

    pipeline.on_result("pilot0", note)
    with pipeline:
        print(pipeline.view.port if view else 0, flush=True)
        time.sleep(WARM)
        invoked.clear()
        began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
        time.sleep(seconds)
        used, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_SELF)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        ordered = sorted(invoked)
        print(
            json.dumps(
                {
                    "cpu": 100 * cpu / used,
                    "memory": memory() / 1e6,
                    "p50": ordered[len(ordered) // 2],
                    "p99": ordered[int(0.99 * len(ordered))],
                    "fps": len(ordered) / used,
                }
            ),
            flush=True,
        )


def look(port, over, seen):
    """Take pictures until told that it is over."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", "/streams/pilot0.mjpeg")
    answer = connection.getresponse()
    while not over.is_set():
        length = 0
        while line := answer.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split()[1])
        if length:
            answer.read(length)
            seen.append(length)
        elif answer.isclosed():
            return


def ask(port, over):
    """Take the figures twice a second."""
    while not over.wait(0.5):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/stats.json")
        connection.getresponse().read()
        connection.close()


def run(seconds, view, clients):
    """Run the pipeline once, with so many readers; return what it took."""
    command = [sys.executable, __file__, "--serve", "view" if view else "plain", "--seconds", str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        port = int(process.stdout.readline())
        over, seen = threading.Event(), []
        threads = [threading.Thread(target=look, args=(port, over, seen)) for _ in range(clients)]
        threads += [threading.Thread(target=ask, args=(port, over)) for _ in range(clients)]
        for thread in threads:
            thread.start()
        told = json.loads(process.stdout.readline())
        over.set()
        process.wait(10)
        for thread in threads:
            thread.join(2)
    pictures = len(seen) / clients / (seconds + WARM) if clients else 0.0
    return {**told, "pictures": pictures, "kilobytes": statistics.fmean(seen) / 1e3 if seen else 0.0}


def scrape():
    """Return the median of CPU milliseconds that a scrape of four streams takes."""
    pipeline = Pipeline(graph(4)).live_view(0)
    with pipeline:
        time.sleep(2)
        took = []
        for _ in range(50):
            began = time.thread_time()
            written(metrics(pipeline, pipeline.view.tallies))
            took.append((time.thread_time() - began) * 1e3)
    return statistics.median(took)


def in_a_browser():
    """Return milliseconds from asking for the page until it is interactive, and until it shows figures."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    pipeline = Pipeline(graph()).live_view(0)
    with tempfile.TemporaryDirectory() as profile, pipeline:
        time.sleep(1)
        quiet = "--headless=new --no-sandbox --disable-gpu --disable-background-networking --disable-dev-shm-usage"
        for argument in (*quiet.split(), f"--user-data-dir={profile}"):
            options.add_argument(argument)
        driver = webdriver.Chrome(options, Service("/usr/bin/chromedriver"))
        try:
            driver.get(f"http://127.0.0.1:{pipeline.view.port}/")
            while "Running" not in driver.find_element("id", "state").text:
                time.sleep(0.05)
            script = (
                "const n = performance.getEntriesByType('navigation')[0];"
                "const s = performance.getEntriesByName(location.origin + '/stats.json')[0];"
                "return [n.domInteractive, s.responseEnd]"
            )
            return driver.execute_script(script)
        finally:
            driver.quit()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--browser", action="store_true")
    parser.add_argument("--serve", choices=("view", "plain"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        serve(asked.seconds, asked.serve == "view")
        return
    cases = {"no live view": (False, 0), "nobody looks": (True, 0), "1 client": (True, 1), "4 clients": (True, 4)}
    rows = {name: [] for name in cases}
    for _ in range(asked.rounds):
        for name, (view, clients) in cases.items():
            rows[name].append(run(asked.seconds, view, clients))
    base = {key: statistics.median(row[key] for row in rows["no live view"]) for key in rows["no live view"][0]}
    heads = ("CPU", "added", "memory", "added", "invoke p50", "p99", "fps", "pictures")
    print(" " * 14 + "".join(f"{head:>12}" for head in heads))
    for name, found in rows.items():
        it = {key: statistics.median(row[key] for row in found) for key in found[0]}
        shown = (
            f"{it['cpu']:.1f} %",
            f"{it['cpu'] - base['cpu']:+.2f} %",
            f"{it['memory']:.1f} MB",
            f"{it['memory'] - base['memory']:+.1f} MB",
            f"{it['p50']:.3f} ms",
            f"{it['p99']:.3f} ms",
            f"{it['fps']:.1f}",
            f"{it['pictures']:.1f} fps",
        )
        print(f"{name:14}" + "".join(f"{text:>12}" for text in shown))
    print(f"a scrape of four streams takes {scrape():.2f} ms")
    if asked.browser:
        interactive, shown = in_a_browser()
        print(f"the page is interactive after {interactive:.0f} ms, and has its figures after {shown:.0f} ms")


if __name__ == "__main__":
    main()
