"""Recordings: MCAP files of all that a pipeline consumed, decided and found; and those of others (`foreign`).

`edgeai.recording.reader` reads them, `edgeai.recording.recorder` writes them; format.py describes them.
"""
