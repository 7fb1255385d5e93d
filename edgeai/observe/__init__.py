"""Looks on while a pipeline runs: meters, later health, metrics, traces and the live view. All are taps."""
