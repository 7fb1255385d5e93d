"""Recordings driven through a pipeline, and what came out compared with what was expected."""
