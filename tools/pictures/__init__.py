"""Remakes the pictures of the demos by running them: `python -m tools.pictures`."""
