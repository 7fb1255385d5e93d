"""Annotates a picture with a result."""
