"""Stands in for Raspberry Pi's picamera2: the part of its documented interface that the driver uses."""

from __future__ import annotations

from concurrent.futures import Future

import numpy as np

log = []
cameras = [{"Model": "imx708", "Num": 0, "Location": 2, "Rotation": 180, "Id": "/base/i2c@1/imx708@1a"}]
silent = False
busy = False
metadata = {"SensorTimestamp": 1_000_000_000}


class Request:
    def make_array(self, name):
        assert name == "main"
        wide = np.zeros((480, 672, 3), np.uint8)
        wide[:] = (10, 20, 30)
        return wide[:, :640]

    def get_metadata(self):
        return dict(metadata)

    def release(self):
        log.append("release")


class Picamera2:
    def __init__(self, camera_num=0):
        if busy:
            raise RuntimeError("Failed to acquire camera: Device or resource busy")
        self._jobs = 0

    @staticmethod
    def global_camera_info():
        return cameras

    def create_video_configuration(self, main, controls, queue):
        return {"main": main, "controls": controls, "queue": queue}

    def configure(self, config):
        log.append(config)

    def start(self):
        log.append("start")

    def capture_request(self, wait):
        assert wait is False
        log.append("job")
        job = Future()
        if not silent:
            job.set_result(Request())
        return job

    def wait(self, job, timeout=None):
        return job.result(timeout=timeout)

    def stop(self):
        log.append("stop")

    def close(self):
        log.append("close")
