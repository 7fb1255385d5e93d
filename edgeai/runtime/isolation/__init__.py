"""A source in a process of its own, so that a driver stuck in C, even one that holds the interpreter, can be ended.

The parent asks for one capture at a time over a socket; a picture comes back through memory that both share. The child
ends when its parent does: a pipe whose other end is closed has the kernel send it a signal, which needs no interpreter.
"""

from __future__ import annotations

from edgeai.runtime.isolation.parent import isolated

__all__ = ["isolated"]
