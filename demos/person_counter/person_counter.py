"""Count the people who pass a camera, and save the annotated video: person_counter.py SOURCE MODEL OUT.mp4."""

import argparse

import edgeai

arguments = argparse.ArgumentParser(description=__doc__)
arguments.add_argument("source", help="clip.mp4, v4l2:/dev/video0, picamera2, rtsp://camera/stream")
arguments.add_argument("model", help="a detector with the label `person`, such as coco_ssd_mobilenet_v1_quant.tflite")
arguments.add_argument("video", help="where the annotated video goes: out.mp4")
arguments.add_argument("--frames", type=int, help="end after so many frames; a camera has no end (Ctrl-C)")
arguments.add_argument("--lossless", action="store_true", help="every frame of a clip, as fast as it can be done")
given = arguments.parse_args()

results = edgeai.run(
    given.source,
    given.model,
    score=0.5,
    track=True,  # boxes of one person bear one number, from frame to frame
    frames=given.frames,
    lossless=given.lossless,
    outputs={"video": f"video:{given.video}"},
)
start, before, met = None, None, set()
for result in results:
    time = result.timing.raw if result.timing.clock == "media" else result.stamp  # a clip's own time, in ns
    start = time if start is None else start
    people = result.value.keep("person")
    met.update(people.track_id.tolist())
    if (len(people), len(met)) != before:
        before = len(people), len(met)
        now = f"frame {result.seq:4d}, {(time - start) / 1e9:6.2f} s"
        print(f"{now}: {len(people)} in the picture, {len(met)} so far", flush=True)
