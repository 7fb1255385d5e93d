"""Ed25519 keys and signatures (RFC 8032), over the very bytes of a manifest.

A public key is written `ed25519:` and 32 bytes in base64, a signature 64 bytes in base64, a private key PKCS #8 in PEM,
which openssl reads, too.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeai.driver import vendor
from edgeai.errors import ConfigError, ModelError, Problem

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["fingerprint", "generate", "load_private", "public_of", "read_public", "sign", "verify"]

_PREFIX = "ed25519:"
_MAX_PEM = 4 << 10


def _ed25519() -> Any:
    return vendor("cryptography.hazmat.primitives.asymmetric.ed25519", "zoo")


def read_public(text: str) -> bytes:
    """Return the 32 bytes of a written public key. Raises ConfigError."""
    encoded = text.strip()
    try:
        key = base64.b64decode(encoded.removeprefix(_PREFIX), validate=True) if encoded.startswith(_PREFIX) else b""
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise ConfigError(
            Problem("--key", repr(text[:80]), f"a public key: {_PREFIX} and 44 characters, as its owner publishes it")
        )
    return key


def fingerprint(key: bytes) -> str:
    """Return the first 16 hexadecimal digits of a public key's SHA-256, which name its folder in the cache."""
    return hashlib.sha256(key).hexdigest()[:16]


def generate(path: Path) -> str:
    """Write a new private key that its owner alone may read, and return its public key, written.

    Raises ConfigError when the file is there already, or cannot be written.
    """
    serialization = vendor("cryptography.hazmat.primitives.serialization", "zoo")
    key = _ed25519().Ed25519PrivateKey.generate()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
    except OSError as error:
        raise ConfigError(
            Problem("FILE", f"{path} ({error.strerror})", "a new file in a folder that may be written")
        ) from error
    return public_of(key)


def load_private(path: Path) -> Ed25519PrivateKey:
    """Read a private key. Raises ConfigError."""
    serialization = vendor("cryptography.hazmat.primitives.serialization", "zoo")
    expected = "a private key as `edgeai models keygen` writes it"
    try:
        with path.open("rb") as file:
            key = serialization.load_pem_private_key(file.read(_MAX_PEM), None)
    except OSError as error:
        raise ConfigError(Problem("--sign", f"{path}, which cannot be read ({error.strerror})", expected)) from error
    except (ValueError, TypeError, vendor("cryptography.exceptions", "zoo").UnsupportedAlgorithm) as error:
        raise ConfigError(Problem("--sign", f"{path}, which holds no plain private key", expected)) from error
    if not isinstance(key, _ed25519().Ed25519PrivateKey):
        raise ConfigError(Problem("--sign", f"{path}, a key of another kind", expected))
    return key  # type: ignore[no-any-return]


def public_of(key: Ed25519PrivateKey) -> str:
    """Return the public key of a private one, written."""
    return _PREFIX + base64.b64encode(key.public_key().public_bytes_raw()).decode()


def sign(key: Ed25519PrivateKey, content: bytes) -> bytes:
    """Return the signature of some bytes, as it is written to a file."""
    return base64.b64encode(key.sign(content)) + b"\n"


def verify(key: bytes, content: bytes, signature: bytes, where: str) -> None:
    """Return when a written signature is `key`'s of these very bytes. Raises ModelError otherwise."""
    invalid = vendor("cryptography.exceptions", "zoo").InvalidSignature
    try:
        raw = base64.b64decode(signature.strip(), validate=True)
        _ed25519().Ed25519PublicKey.from_public_bytes(key).verify(raw, content)
    except (binascii.Error, ValueError, invalid) as error:
        raise ModelError(
            f"the manifest {where} is not signed by {_PREFIX}{base64.b64encode(key).decode()}: it is not used; it was "
            "changed on its way, or signed by somebody else"
        ) from error
