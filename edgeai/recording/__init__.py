"""Recordings: our own in MCAP, and those of others."""
