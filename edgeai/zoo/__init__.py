"""Models by name: what a zoo's manifest says, and which of its files lie in the cache. Data and look-ups alone.

A zoo is whoever holds a private key: its manifest names families of models, is signed, and is copied with the files to
any number of mirrors. A graph names a family (`model: zoo:mobilenet-v1`: the ladder of all its variants) or a variant
(`zoo:mobilenet-v1/0.25-128`). Nothing here fetches or verifies: `edgeai.workbench.zoo` does, before a file gets here.
"""

from edgeai.zoo.manifest import MAX_MANIFEST, SCHEMA, Accuracy, Blob, Family, Manifest, Variant, parse_manifest
from edgeai.zoo.names import SCHEME, Reference, is_name, is_path
from edgeai.zoo.shelf import MANIFEST, Shelf, cache_folder, config_folder, expand, find, shelves

__all__ = [
    "MANIFEST",
    "MAX_MANIFEST",
    "SCHEMA",
    "SCHEME",
    "Accuracy",
    "Blob",
    "Family",
    "Manifest",
    "Reference",
    "Shelf",
    "Variant",
    "cache_folder",
    "config_folder",
    "expand",
    "find",
    "is_name",
    "is_path",
    "parse_manifest",
    "shelves",
]
