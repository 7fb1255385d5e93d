"""Simulated devices: drivers among drivers."""
