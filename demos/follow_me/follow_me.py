"""Follow one person: turn towards them, drive until they are near: follow_me.py SOURCE MODEL [OUT.mp4]."""

import argparse

import edgeai

NEAR = 0.8  # of the picture's height: a person that tall is near enough
arguments = argparse.ArgumentParser(description=__doc__)
arguments.add_argument("source", help="clip.mp4, v4l2:/dev/video0, picamera2")
arguments.add_argument("model", help="a detector with the label `person`, such as coco_ssd_mobilenet_v1_quant.tflite")
arguments.add_argument("video", nargs="?", default="follow_me.mp4", help="where the annotated video goes")
arguments.add_argument("--frames", type=int)
arguments.add_argument("--lossless", action="store_true", help="every frame of a clip, as fast as it can be done")
given = arguments.parse_args()


def drive(steering, throttle, why):
    """Stands for a robot's motors: put your own calls here. steering: 1 left to -1 right."""
    print(f"frame {result.seq:3d}: steering {steering:+.2f}, throttle {throttle:.2f}; {why}", flush=True)


graph = edgeai.Graph.simple(
    given.source, given.model, score=0.4, track=True, lossless=given.lossless, outputs={"video": f"video:{given.video}"}
)
leader = None
with edgeai.Pipeline(graph, frames=given.frames, on_fault=lambda: drive(0, 0, "a fault")) as pipeline:
    for result, frame in pipeline.stream("results", frames=True):
        people, (width, height) = result.value.keep("person"), frame.size
        boxes = dict(zip(people.track_id.tolist(), people.box.tolist(), strict=True))
        if leader not in boxes and leader not in result.value.hidden.track_id.tolist():
            leader = max(boxes, key=lambda number: boxes[number][3] - boxes[number][1], default=None)
        if leader in boxes:
            left, top, right, bottom = boxes[leader]
            drive(1 - (left + right) / width, max(0, NEAR - (bottom - top) / height), f"after person {leader}")
        else:
            drive(0, 0, "nobody in sight" if leader is None else f"person {leader} is hidden")
