"""The composition root: settings to a store, adapters and services; the only place that knows all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from importlib import import_module, metadata
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote, urlsplit

from adapters.certificates import DEVELOPMENT, TypstCertificates, signature_look
from adapters.documents import DocumentFolder
from adapters.letter_reading import LetterFiles
from adapters.mail import Sender
from adapters.mailbox import Mailbox
from adapters.oidc import Oidc, Provider, read_claims
from adapters.outbound import Endpoint, Outbound
from adapters.seals import Ed25519Seal
from adapters.signatures.confined import ConfinedReader
from adapters.signatures.keys import Key
from adapters.smtp import Smtp, SmtpSettings
from adapters.tables import FileTables
from adapters.templates import MessageTemplates
from adapters.webhooks import EventWebhooks, WebhookNotifier
from adapters.work_orders import WorkOrders
from engine.ports import NO_SPANS, Adapters, Caller
from engine.service.bundles import read_folder
from engine.service.hands import Hands
from engine.service.services import Services, build_services
from engine.store.store import Store
from runtime.channels import plugged_in
from runtime.settings import PREFIX, BadSetting

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.ports import Notifier, Signer, Spans
    from engine.service.catalog import Published
    from runtime.settings import Settings


def machine_now() -> datetime:
    """The machine's clock; business time is the store's affair."""
    return datetime.now(UTC)


def open_services(settings: Settings, *, manual_clock: bool) -> Services:
    """Open the store (and bring it up to date) and build the services over it."""
    if urlsplit(settings.public_url).scheme not in {"http", "https"} or not urlsplit(settings.public_url).hostname:
        raise BadSetting(f"{PREFIX}PUBLIC_URL is no web address, such as https://milepost.example")
    # A database with a clock of its own has the only one that counts: nodes need not agree about the time.
    clock = machine_now if settings.database_url.startswith("sqlite") else None
    limits, lease, digest_at = settings.limits, settings.lease, settings.digest

    def now() -> datetime:
        return store.machine_now()

    adapters = adapters_of(settings, now)  # what cannot be is refused before a store is open
    store = Store(settings.database_url, machine_now=clock, manual_clock=manual_clock)
    return build_services(
        store,
        adapters,
        public_url=settings.public_url.rstrip("/"),
        body=settings.certification_body,
        limits=limits,
        hands=None if manual_clock else Hands(),  # moved by hand, everything happens in one order
        event_hands=None if manual_clock else Hands(what="an event"),
        lease_seconds=lease,
        digest_at=digest_at,
    )


def publish_shipped(services: Services, settings: Settings) -> tuple[Published, ...]:
    """Publish what the workflows folder has and the store has never seen."""
    published = services.catalog.publish_new(read_folder(Path(settings.workflows)))
    services.recounting.look_at_zones()
    return published


def adapters_of(settings: Settings, now: Callable[[], datetime]) -> Adapters:
    """Mail by SMTP or into a folder, webhooks where an address is set (stamped `now`), calls as work orders; events
    to whoever subscribes.
    """
    notifiers: list[Notifier] = [_mail(settings)]
    if settings.webhook_url:
        try:
            endpoint = Endpoint(settings.webhook_url, settings.webhook_secret, private=settings.private)
        except ValueError as error:
            raise BadSetting(f"{PREFIX}WEBHOOK_URL or {PREFIX}WEBHOOK_SECRET: {error}") from None
        notifiers.append(WebhookNotifier(Outbound(endpoint, machine_now=now)))
    notifiers += plugged_in(settings.channel_names, settings.of_channels)
    key = signing_key(settings)
    return Adapters(
        notifiers=notifiers,
        templates=MessageTemplates,
        renderer=partial(TypstCertificates, mark=DEVELOPMENT if key.is_development else ""),
        signer=lambda: _signer(key, settings.timestamp_url),
        files=ConfinedReader(key),
        letter_files=LetterFiles(),
        callers=Callers(Path(settings.work_orders)),
        tables=FileTables(),
        documents=DocumentFolder(Path(settings.documents)),
        seal=Ed25519Seal(key_file(settings)),
        events=EventWebhooks(private=settings.private, machine_now=now),
        identity=_identity(settings, now) if settings.oidc_issuer or settings.oidc_audience else None,
        spans=_spans(settings.otlp_url) if settings.otlp_url else NO_SPANS,
    )


def _spans(url: str) -> Spans:
    """Of the optional extra, so it is imported only here and now."""
    if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
        raise BadSetting(f"{PREFIX}OTLP_URL is no web address, such as http://127.0.0.1:4318")
    try:
        telemetry = import_module("adapters.telemetry")
    except ModuleNotFoundError:
        raise BadSetting(f"{PREFIX}OTLP_URL needs the extra otel; install milepost[otel]") from None
    made: Spans = telemetry.Telemetry(url, version=metadata.version("milepost"))
    return made


def _identity(settings: Settings, now: Callable[[], datetime]) -> Oidc:
    try:
        provider = Provider(
            settings.oidc_issuer, settings.oidc_audience, read_claims(settings.oidc_claims), settings.oidc_role_prefix
        )
    except ValueError as error:
        raise BadSetting(f"{PREFIX}OIDC_ISSUER, {PREFIX}OIDC_AUDIENCE, {PREFIX}OIDC_CLAIMS: {error}") from None
    return Oidc(provider, machine_now=now)


def key_file(settings: Settings) -> Path:
    """Where the key of checkpoints is."""
    return Path(settings.audit_key) if settings.audit_key else _beside(settings) / "milepost-audit.key"


def signing_key(settings: Settings) -> Key:
    """Where the key that signs certificates is."""
    if settings.timestamp_url and urlsplit(settings.timestamp_url).scheme not in {"http", "https"}:
        raise BadSetting(f"{PREFIX}TIMESTAMP_URL is no web address, such as https://timestamps.example")
    trusted = Path(settings.signing_trusted) if settings.signing_trusted else None
    password = settings.signing_password or None
    return Key(settings.signing_key, _beside(settings) / "milepost-development.p12", password, trusted)


def _signer(key: Key, timestamp_url: str) -> Signer:
    """Its library takes a second to load: only where something is signed."""
    signer: Signer = import_module("adapters.signatures.signing").PadesSigner(key, timestamp_url, signature_look)
    return signer


def _beside(settings: Settings) -> Path:
    """The folder of the SQLite file, else the working folder."""
    url = urlsplit(settings.database_url)
    return Path(unquote(url.path[1:])).parent if url.scheme.startswith("sqlite") else Path()


def _mail(settings: Settings) -> Notifier:
    for name, address in (("MAIL_FROM", settings.mail_from), ("MAIL_BOUNCES", settings.mail_bounces)):
        if not re.fullmatch(r"[^\s<>@,;]+@[^\s<>@,;]+", address) and (address or name == "MAIL_FROM"):
            raise BadSetting(f"{PREFIX}{name} is no mail address, such as milepost@milepost.example")
    sender = Sender(settings.mail_from, bounces=settings.mail_bounces)
    if not settings.smtp_url:
        return Mailbox(Path(settings.mailbox), sender)
    try:
        url = urlsplit(settings.smtp_url)
        port = url.port
    except ValueError:
        url, port = urlsplit(""), None
    if url.scheme not in {"smtp", "smtps"} or not url.hostname:
        raise BadSetting(f"{PREFIX}SMTP_URL is not like smtp://user:password@host:587")
    tls: Literal["starttls", "implicit", "none"] = "implicit" if url.scheme == "smtps" else "starttls"
    if url.scheme == "smtp" and url.hostname in {"127.0.0.1", "::1", "localhost"} and not url.username:
        tls = "none"
    return Smtp(
        SmtpSettings(
            host=url.hostname,
            port=port or (465 if tls == "implicit" else 587),
            tls=tls,
            username=unquote(url.username) if url.username else None,
            password=unquote(url.password) if url.password else None,
        ),
        sender,
    )


class Callers(Mapping[str, Caller]):
    """Every adapter that a workflow may name: its calls are filed as work orders for people to carry out."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __getitem__(self, name: str) -> Caller:
        return WorkOrders(name, self._folder)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0
