"""Outputs: one file each; the module's name is the name in a graph."""
