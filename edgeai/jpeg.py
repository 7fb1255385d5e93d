"""Whether the bytes of a JPEG are all there, and its size, without decoding them."""

from __future__ import annotations

__all__ = ["jpeg_is_whole", "jpeg_size"]


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


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Return the width and height that a JPEG's frame header states; None where it has none."""
    at = 2 if data.startswith(b"\xff\xd8") else len(data)
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(data[at + 7 : at + 9], "big"), int.from_bytes(data[at + 5 : at + 7], "big")
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None
