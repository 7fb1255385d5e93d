"""Stores a recording of this version, to be read by all later ones: python -m tests.recording.store"""

from pathlib import Path

from edgeai.recording.format import SCHEMA_VERSION
from tests.recording.conftest import recorded

STORED = Path(__file__).parent / "data"

if __name__ == "__main__":
    path = STORED / f"version-{SCHEMA_VERSION}.mcap"
    path.unlink(missing_ok=True)
    print(*recorded(path, 0.15))
