"""A certification authority of one's own, made at first use: for trying things out, and known as such to all who verify.

Its files are a PKCS#12 with the signing key and, beside it, the authority's certificate; the authority's key is thrown away.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12
from cryptography.x509.oid import NameOID

from adapters.files import new_file

if TYPE_CHECKING:
    from pathlib import Path

AUTHORITY = "Milepost DEVELOPMENT authority, not to be relied on"
SIGNER = "Milepost DEVELOPMENT signature, not to be relied on"
_BEGINS, _ENDS = datetime(2020, 1, 1, tzinfo=UTC), datetime(2060, 1, 1, tzinfo=UTC)


def development_key(path: Path) -> Path:
    """The PKCS#12 file, made now where there is none. Raises OSError."""
    if not path.exists():
        content = _made()
        try:
            with new_file(path) as file:
                file.write(content)
        except FileExistsError:
            pass  # another process was quicker: his counts
    return path


def _made() -> bytes:
    """A key with its certificate and the authority's."""
    over, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority, signer = _name(AUTHORITY), _name(SIGNER)
    usage = {
        "content_commitment": False,
        "key_encipherment": False,
        "data_encipherment": False,
        "key_agreement": False,
        "encipher_only": False,
        "decipher_only": False,
    }
    root = (
        _begun(authority, authority, over.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=False, key_cert_sign=True, crl_sign=True, **usage), critical=True
        )
        .sign(over, hashes.SHA256())
    )
    usage["content_commitment"] = True
    leaf = (
        _begun(signer, authority, own.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=True, key_cert_sign=False, crl_sign=False, **usage), critical=True
        )
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(over.public_key()), critical=False)
        .sign(over, hashes.SHA256())
    )
    return pkcs12.serialize_key_and_certificates(b"milepost", own, leaf, [root], NoEncryption())


def _begun(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_BEGINS)
        .not_valid_after(_ENDS)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
