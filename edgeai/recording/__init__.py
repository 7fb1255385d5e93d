"""Recordings: MCAP files of all that a pipeline consumed, decided and found."""

from edgeai.recording.reader import Recording

__all__ = ["Recording"]
