"""Signatures of checkpoints: an Ed25519 key in a file beside the database, never in it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from engine.errors import MilepostError

if TYPE_CHECKING:
    from pathlib import Path


class Ed25519Seal:
    """Signs with the private key in a file, made at the first use and readable by its owner only."""

    def __init__(self, path: Path) -> None:
        self._key = _read(path) if path.exists() else _made(path)
        self.public_key = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()

    def sign(self, message: bytes) -> str:
        """The signature in hexadecimal."""
        return self._key.sign(message).hex()

    def holds(self, public_key: str, message: bytes, signature: str) -> bool:
        """Whether this key (hexadecimal) has signed it."""
        try:
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(bytes.fromhex(signature), message)
        except (InvalidSignature, ValueError):
            return False
        return True


def _read(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise MilepostError(
            f"{path} cannot be read as a private key ({type(error).__name__}); give an Ed25519 key as PEM"
        ) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise MilepostError(f"{path} holds another kind of key; give an Ed25519 key as PEM")
    return key


def _made(path: Path) -> Ed25519PrivateKey:
    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process was quicker
        return _read(path)
    except OSError as error:
        raise MilepostError(
            f"{path} cannot be written ({error.strerror}); the key of checkpoints needs a folder for it"
        ) from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
    return key
