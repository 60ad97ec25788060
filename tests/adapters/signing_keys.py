"""Keys of invented signers for tests: an authority, and certificates that it gives."""

from __future__ import annotations

from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

BEGINS, ENDS = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


def name_of(common):
    """A name of one part."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


class Authority:
    """Signs certificates of others."""

    def __init__(self, name="Ogniva Sample Authority"):
        self.name = name_of(name)
        self.key = rsa.generate_private_key(65537, 2048)
        self.certificate = self._signed(
            self.name,
            self.key.public_key(),
            x509.BasicConstraints(ca=True, path_length=0),
            ends=datetime(2040, 1, 1, tzinfo=UTC),
        )

    @property
    def pem(self):
        """Its certificate."""
        return self.certificate.public_bytes(Encoding.PEM)

    def gives(self, name, *, begins=BEGINS, ends=ENDS, stamps=False):
        """A key and its certificate."""
        key = rsa.generate_private_key(65537, 2048)
        plain = x509.BasicConstraints(ca=False, path_length=None)
        return key, self._signed(name_of(name), key.public_key(), plain, begins=begins, ends=ends, stamps=stamps)

    def file(self, path, name="Ogniva Sample Body", *, password=b"open sesame", **days):
        """A PKCS#12 file of a new signer."""
        key, certificate = self.gives(name, **days)
        path.write_bytes(
            pkcs12.serialize_key_and_certificates(
                b"key", key, certificate, [self.certificate], BestAvailableEncryption(password)
            )
        )
        return path

    def _signed(self, subject, public, basic, *, begins=BEGINS, ends=ENDS, stamps=False):
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(ends)
            .add_extension(basic, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(_usage(over=basic.ca), critical=True)
        )
        if stamps:
            made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        return made.sign(self.key, hashes.SHA256())


def _usage(*, over):
    no = dict.fromkeys(
        ("key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"), False
    )
    return x509.KeyUsage(
        digital_signature=not over, content_commitment=not over, key_cert_sign=over, crl_sign=over, **no
    )
