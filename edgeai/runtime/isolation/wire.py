"""What both ends of an isolated source agree on."""

from __future__ import annotations

__all__ = ["LONGEST", "MEMORY"]

LONGEST = 1 << 16
"""Bytes of a message."""

MEMORY = 64 << 20
"""Bytes of the memory shared: a picture of 20 megapixels. Pages that nobody writes to take nothing."""
