"""Logs that other programs recorded: `open_log` finds the format, a Log gives its entries, and replays as devices.

A log is read:

    log = open_log("tub/")
    print(log.format, log.sources)
    for entry in log.entries():                       # all sources, in the order of time
        print(entry.source, entry.stamp, type(entry.data))

or stands for the devices of a pipeline:

    graph = Graph(cameras={"front": LoggedCamera(log, "cam")}, sensors={"drive": LoggedSensor(log, "drive")}, ...)

Bad entries never end a log: they are `Damaged` values in their places, and gaps in what the devices deliver.
"""

from __future__ import annotations

from edgeai.recording.foreign.formats import FORMATS, open_log
from edgeai.recording.foreign.log import Damaged, Entry, Log, LogSource
from edgeai.recording.foreign.pictures import decode
from edgeai.recording.foreign.sources import LoggedCamera, LoggedSensor

__all__ = [
    "FORMATS",
    "Damaged",
    "Entry",
    "Log",
    "LogSource",
    "LoggedCamera",
    "LoggedSensor",
    "decode",
    "open_log",
]
