"""Where the key that signs certificates is: a PKCS#12 file, a PKCS#11 token, or a development key made at first use.

A key is looked for anew at every signing, so that one that was mended works at the next try. Whatever is wrong with it is
said without the password: DeliveryFailed for good, which makes an incident of the effect.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

from adapters.signatures.development import AUTHORITY, development_key
from engine.errors import DeliveryFailed

TOKEN = "pkcs11:"  # noqa: S105  (the scheme of RFC 7512, no secret)
MAX_FILE = 1 << 20


@dataclass(frozen=True, slots=True)
class Key:
    """`source`: a path, `pkcs11:token=NAME;object=LABEL?module-path=LIBRARY` (RFC 7512), or empty: the development key,
    kept at `development`. `trusted` is a PEM file of further authorities, of earlier keys for one.
    """

    source: str
    development: Path
    password: str | None = field(default=None, repr=False)
    trusted: Path | None = None

    @property
    def is_development(self) -> bool:
        """Whether what it signs is worth nothing."""
        return not self.source

    @property
    def file(self) -> Path | None:
        """The PKCS#12 file, made now if it is the development one; None: the key is in a token. Raises DeliveryFailed."""
        if self.source.startswith(TOKEN):
            return None
        if self.source:
            return Path(self.source)
        try:
            return development_key(self.development)
        except OSError as error:
            raise failed(f"no development key can be written at {self.development} ({error.strerror})") from None


def failed(what: str) -> DeliveryFailed:
    """A fault that somebody has to mend."""
    return DeliveryFailed(f"the certificate cannot be signed: {what}; mend it, then retry the effect", retry_after=None)


def authorities(key: Key) -> list[str]:
    """Whom to believe, as PEM: who stands over our key, and those who were named. Raises DeliveryFailed."""
    found = []
    if key.file is not None:
        found += _over(key)
    if key.trusted is not None:
        try:
            found += x509.load_pem_x509_certificates(content_of(key.trusted))
        except ValueError:
            raise failed(f"{key.trusted} holds no certificates as PEM") from None
    return [one.public_bytes(Encoding.PEM).decode() for one in found]


def _over(key: Key) -> list[x509.Certificate]:
    """The roots of our own file; its own certificate where it came alone."""
    path = key.file
    try:
        held = pkcs12.load_pkcs12(
            content_of(path) if path else b"",
            key.password.encode() if key.password and not key.is_development else None,
        )
    except ValueError:
        return []  # it cannot be read: nobody is believed for it
    roots = [one.certificate for one in held.additional_certs if one.certificate.issuer == one.certificate.subject]
    own = [held.cert.certificate] if held.cert is not None else []
    return roots or own


def is_development(issuer: str) -> bool:
    """Whether an authority's name is that of a development one."""
    return AUTHORITY in issuer


def content_of(path: Path) -> bytes:
    """A file of keys or certificates. Raises DeliveryFailed."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE)
    except OSError as error:
        raise failed(f"{path} cannot be read ({error.strerror})") from None
