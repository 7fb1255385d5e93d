"""Whether the bytes of a JPEG are all there, without decoding them."""

from __future__ import annotations

__all__ = ["jpeg_is_whole"]


def jpeg_is_whole(data: bytes) -> bool:
    """Say whether a JPEG's end marker follows its own scan; a thumbnail in a header has one too, and is skipped."""
    at = 2 if data.startswith(b"\xff\xd8") else len(data)
    while at + 4 <= len(data):
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at] != 0xFF:
            return False
        if marker == 0xFF:
            at += 1
        elif marker == 0xDA:
            return data.find(b"\xff\xd9", at) >= 0
        else:
            at += 2 + length
    return False
