"""Tracking by time: detections become tracks that keep their number and can be asked where they are at any instant."""

from edgeai.perception.tracking.book import Book
from edgeai.perception.tracking.tracker import Tracker, TrackOptions
from edgeai.perception.tracking.tracks import Tracks

__all__ = ["Book", "TrackOptions", "Tracker", "Tracks"]
