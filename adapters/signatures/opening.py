"""A key opened for one signing, whichever kind it is; whatever is wrong with it is said without its password."""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from pyhanko.sign.signers import SimpleSigner

from adapters.signatures.keys import TOKEN, content_of, failed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyhanko.sign.signers import Signer

    from adapters.signatures.keys import Key


@contextmanager
def signer_of(key: Key) -> Iterator[Signer]:
    """What signs with it, and whose certificate it is. Raises DeliveryFailed."""
    if key.source.startswith(TOKEN):
        with _from_token(key) as signer:
            yield signer
    else:
        yield _from_file(key)


def _from_file(key: Key) -> Signer:
    path = key.file
    content = content_of(path) if path else b""
    password = None if key.is_development or not key.password else key.password.encode()
    try:
        signer: Signer = SimpleSigner.load_pkcs12_data(content, [], passphrase=password)
    except Exception as error:  # noqa: BLE001  (a library's many words for one thing)
        raise failed(f"{path} or its password is wrong ({type(error).__name__})") from None
    if signer is None or signer.signing_cert is None:
        raise failed(f"{path} holds no certificate with a key, or its password (MILEPOST_SIGNING_PASSWORD) is wrong")
    return signer


@contextmanager
def _from_token(key: Key) -> Iterator[Signer]:
    wanted = urlsplit(key.source)
    named = dict(part.partition("=")[::2] for part in wanted.path.split(";"))
    library = parse_qs(wanted.query).get("module-path", [""])[0]
    label, token = unquote(named.get("object", "")), unquote(named.get("token", ""))
    if not library or not label or not token:
        raise failed("MILEPOST_SIGNING_KEY is not like pkcs11:token=NAME;object=LABEL?module-path=/usr/lib/library.so")
    try:
        pkcs11 = import_module("pyhanko.sign.pkcs11")
        config = import_module("pyhanko.config.pkcs11")
    except ModuleNotFoundError:
        raise failed("a PKCS#11 token needs the extra pkcs11; install milepost[pkcs11]") from None
    try:
        session = pkcs11.open_pkcs11_session(
            library, token_criteria=config.TokenCriteria(label=token), user_pin=key.password
        )
    except Exception as error:  # noqa: BLE001
        raise failed(f"the token '{token}' cannot be opened ({type(error).__name__})") from None
    try:
        yield _of_token(pkcs11.PKCS11Signer(session, cert_label=label, other_certs_to_pull=None), token, label)
    finally:
        session.close()


def _of_token(signer: Signer, token: str, label: str) -> Signer:
    try:
        held = signer.signing_cert
    except Exception:  # noqa: BLE001
        held = None
    if held is None:
        raise failed(f"the token '{token}' has no certificate '{label}', or more than one")
    return signer
