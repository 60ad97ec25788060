"""Signatures of checkpoints: an Ed25519 key in a file beside the database, never in it."""

from __future__ import annotations

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

from adapters.files import new_file
from engine.errors import MilepostError

if TYPE_CHECKING:
    from pathlib import Path


class Ed25519Seal:
    """Signs with the private key in a file, made when the first thing is signed and readable by its owner only."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._key: Ed25519PrivateKey | None = None

    @property
    def public_key(self) -> str | None:
        """In hexadecimal; None where there is no file yet."""
        if self._key is None and not self._path.exists():
            return None
        return self.make_key()

    def make_key(self) -> str:
        """The public key in hexadecimal, of a new private one where there is no file yet."""
        return self._own().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()

    def sign(self, message: bytes) -> str:
        """The signature in hexadecimal."""
        return self._own().sign(message).hex()

    def holds(self, public_key: str, message: bytes, signature: str) -> bool:
        """Whether this key (hexadecimal) has signed it."""
        try:
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(bytes.fromhex(signature), message)
        except (InvalidSignature, ValueError):
            return False
        return True

    def _own(self) -> Ed25519PrivateKey:
        if self._key is None:
            self._key = _read(self._path) if self._path.exists() else _made(self._path)
        return self._key


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
    """Written whole beside the place, then given its name, which fails where another process was quicker: then his counts."""
    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        with new_file(path) as file:
            file.write(text)
    except FileExistsError:
        return _read(path)
    except OSError as error:
        raise MilepostError(
            f"{path} cannot be written ({error.strerror}); the key of checkpoints needs a folder for it"
        ) from None
    return key
