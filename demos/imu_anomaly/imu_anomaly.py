"""Say when an IMU moves as it never did while it was learnt from: imu_anomaly.py LOG.csv|URI [--plot PNG]."""

import argparse
from pathlib import Path

import edgeai

MODEL = Path(__file__).parents[2] / "tests" / "models" / "imu.tflite"
arguments = argparse.ArgumentParser(description=__doc__)
arguments.add_argument("imu", help="a log, such as imu_100hz.csv, or a sensor: serial_lines:/dev/ttyUSB0?columns=...")
arguments.add_argument("--model", default=MODEL, help="an autoencoder, as tools/train_imu.py makes them")
arguments.add_argument("--plot", help="draw the scores into this picture (extra `plot`)")
given = arguments.parse_args()

graph = edgeai.Graph(sensors={"imu": given.imu}, stages={"motion": {"input": "imu", "model": str(given.model)}})
engine = "lockstep" if given.imu.endswith(".csv") else "live"  # a log in virtual time: as fast as it can be done
pipeline, scores = edgeai.Pipeline(graph, engine=engine), []
with pipeline.stream("motion") as results, pipeline:
    for result in results:
        time = (result.timing.raw or result.stamp) / 1e9
        score, unusual_before = result.value, bool(scores) and scores[-1][1] >= result.value.threshold
        scores.append((time, score.value))
        if score.over and not unusual_before:
            print(f"{time:6.1f} s: unusual motion, {score.value / score.threshold:.1f} times the threshold", flush=True)
print(f"{len(scores)} windows, {sum(value >= score.threshold for _, value in scores)} of them unusual")

if given.plot:
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 3), layout="constrained")
    axes.plot(*zip(*scores, strict=True), linewidth=1)
    axes.axhline(score.threshold, linestyle="--", color="tab:red")
    axes.set(xlabel="time, s", ylabel="how unusual", xlim=(0, time), ylim=(0, None))
    figure.savefig(given.plot, dpi=110)
