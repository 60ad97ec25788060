"""Settings from the environment, prefix `MILEPOST_`; what is not set has a default that runs without anything else."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, fields
from datetime import time
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import MilepostError
from runtime.limits import read_limits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.store.limits import Limits

PREFIX = "MILEPOST_"
CHANNEL = f"{PREFIX}CHANNEL_"
MAX_SECONDS = 3600
MAX_RATE = 1_000_000
OTHERS = frozenset({f"{PREFIX}TOKEN"})
"""Variables with our prefix that are no settings: the token of `milepost import`."""
SHIPPED = Path(__file__).resolve().parent.parent / "workflows"


class BadSetting(MilepostError):
    """A setting that cannot be; the message names it and what would be right, never its value."""


def _setting(default: str, doc: str, *, secret: bool = False) -> str:
    return field(default=default, metadata={"doc": doc}, repr=not secret)


def _rate(name: str, text: str) -> float:
    """So many in a second. Raises BadSetting."""
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if not 1 <= rate <= MAX_RATE:
        raise BadSetting(f"{PREFIX}{name} is no number from 1 to {MAX_RATE}")
    return rate


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set; each has its sentence here, which docs/operations.md repeats."""

    database_url: str = _setting("sqlite:///milepost.db", "where cases are stored", secret=True)
    workflows: str = _setting(str(SHIPPED), "the folder of workflow files, with calendars/ and templates/ in it")
    public_url: str = _setting("http://127.0.0.1:8000", "the address in links and on certificates")
    mailbox: str = _setting("mailbox", "the folder where messages are filed as .eml when no mail server is set")
    documents: str = _setting("documents", "the folder where uploaded documents are kept, one for all nodes")
    work_orders: str = _setting("work-orders", "the folder where calls to adapters without an address are filed")
    smtp_url: str = _setting(
        "", "the mail server: smtp://user:password@host:587 (STARTTLS), smtps://… or smtp://127.0.0.1:25", secret=True
    )
    mail_from: str = _setting("milepost@milepost.example", "the sender of messages")
    mail_bounces: str = _setting(
        "",
        "where mail servers report what they cannot deliver: the sender on the envelope; empty: the sender of messages",
    )
    channels: str = _setting(
        "",
        "further channels for messages that are installed, by name: pager, …; their settings begin with MILEPOST_CHANNEL_PAGER_",
    )
    digest_at: str = _setting(
        "08:00", "when letters go out whose template says `Digest: daily`, by their workflow's clock"
    )
    webhook_url: str = _setting("", "messages are also posted to this address, signed")
    webhook_secret: str = _setting("", "the secret they are signed with: whsec_ and base64", secret=True)
    webhook_private: str = _setting("no", "yes: webhooks, calls and events may go to private addresses and over http")
    oidc_issuer: str = _setting("", "the OpenID provider whose tokens are accepted beside our own: its issuer address")
    oidc_audience: str = _setting("", "the name of this application at that provider: the audience of its tokens")
    oidc_claims: str = _setting(
        "",
        "what is read from which claim, over id=sub, name=name, roles=roles, party=party; another name is an attribute",
    )
    oidc_role_prefix: str = _setting("", "of the provider's roles only those that begin like this count, without it")
    requests_per_second: str = _setting(
        "200", "requests that a node takes from one person, beside a burst of four seconds' worth"
    )
    visits_per_second: str = _setting(
        "20", "public pages that a node shows to one address, beside a burst of four seconds' worth"
    )
    cors_origins: str = _setting(
        "", "pages of these addresses may call the API from a browser: https://portal.example, …"
    )
    certification_body: str = _setting("0001", "what {body} stands for in certificate numbers")
    audit_key: str = _setting(
        "",
        "the file of the private key that signs checkpoints, made when it is first needed; empty: milepost-audit.key beside the SQLite file, else in the working folder",
    )
    signing_key: str = _setting(
        "",
        "the key that signs certificates: a PKCS#12 file, or pkcs11:token=NAME;object=LABEL?module-path=LIBRARY; empty: a development key, worth nothing, made at first use",
    )
    signing_password: str = _setting("", "the password of that file, or the PIN of that token", secret=True)
    signing_trusted: str = _setting(
        "", "a PEM file of authorities to believe when a certificate is verified, those of earlier keys among them"
    )
    timestamp_url: str = _setting("", "a server that says when a certificate was signed (RFC 3161), for PAdES B-T")
    adapter_limits: str = _setting(
        "*=8",
        "how many effects of an adapter at once and in a time, over all nodes: notify=4,10/s; laboratory=1,30/min; *=8",
    )
    log: str = _setting("text", "text: warnings in lines for people; json: an object a line, and one for each request")
    otlp_url: str = _setting(
        "", "where spans of requests and deliveries are sent, by OpenTelemetry's OTLP over HTTP: http://127.0.0.1:4318"
    )
    tick_seconds: str = _setting("1", "how often timers and effects are looked for, beside news of them")
    lease_seconds: str = _setting("120", "how long a delivery is left to the node that began it before another tries")

    of_channels: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)

    @property
    def channel_names(self) -> tuple[str, ...]:
        """The further channels."""
        return _names_of_channels(self.channels)

    @property
    def shown_database(self) -> str:
        """Where cases are stored, without a password, for people to read."""
        plain = self.database_url.partition("?")[0]
        return re.sub(r"(?<=://)([^/@:]*):.*@", r"\1@", plain)

    @property
    def tick(self) -> float:
        """Seconds between two looks, 0.05 at least."""
        return max(0.05, _seconds("TICK_SECONDS", self.tick_seconds, such_as="0.5"))

    @property
    def lease(self) -> float:
        """Seconds that a delivery may take, 1 at least."""
        return max(1.0, _seconds("LEASE_SECONDS", self.lease_seconds, such_as="120"))

    @property
    def digest(self) -> time:
        """When digests go out."""
        if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", self.digest_at):
            raise BadSetting(f"{PREFIX}DIGEST_AT is no time of day, such as 08:00")
        return time.fromisoformat(self.digest_at)

    @property
    def limits(self) -> Limits:
        """The limits of adapters."""
        try:
            return read_limits(self.adapter_limits)
        except ValueError as error:
            raise BadSetting(f"{PREFIX}ADAPTER_LIMITS: {error}") from None

    @property
    def log_kind(self) -> str:
        """How the log is written."""
        if self.log not in {"text", "json"}:
            raise BadSetting(f"{PREFIX}LOG is text or json")
        return self.log

    @property
    def requests(self) -> float:
        """Requests that are taken from one person in a second."""
        return _rate("REQUESTS_PER_SECOND", self.requests_per_second)

    @property
    def visits(self) -> float:
        """Public pages that are shown to one address in a second."""
        return _rate("VISITS_PER_SECOND", self.visits_per_second)

    @property
    def origins(self) -> tuple[str, ...]:
        """Addresses of pages that may call the API."""
        found = tuple(filter(None, (part.strip() for part in self.cors_origins.split(","))))
        for one in found:
            if re.fullmatch(r"https?://[a-z0-9.-]+(:[0-9]+)?", one) is None:
                raise BadSetting(f"{PREFIX}CORS_ORIGINS: '{one[:60]}' is not like https://portal.milepost.example")
        return found

    @property
    def private(self) -> bool:
        """Whether private addresses are allowed."""
        return self.webhook_private.lower() in {"yes", "true", "1"}


def _seconds(name: str, text: str, *, such_as: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= MAX_SECONDS:
        raise BadSetting(f"{PREFIX}{name} is no number of seconds, such as {such_as}, up to {MAX_SECONDS}")
    return seconds


def _names_of_channels(text: str) -> tuple[str, ...]:
    found = tuple(filter(None, (part.strip() for part in text.split(","))))
    for name in found:
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", name):
            raise BadSetting(f"{PREFIX}CHANNELS: '{name[:40]}' is no name of a channel, such as pager")
    return found


def _of_channels(environ: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """What is set for each of the further channels, by its name and the rest of the variable's in small letters."""
    return {
        name: {
            variable.removeprefix(prefix).lower(): value
            for variable, value in environ.items()
            if variable.startswith(prefix := f"{CHANNEL}{name.upper()}_")
        }
        for name in _names_of_channels(environ.get(f"{PREFIX}CHANNELS", ""))
    }


def read_settings(environ: Mapping[str, str]) -> Settings:
    """The settings of an environment; an unknown name with our prefix is refused, so that no typo is silent."""
    names = {f"{PREFIX}{item.name.upper()}": item.name for item in fields(Settings) if "doc" in item.metadata}
    channels = _of_channels(environ)
    of_channels = {f"{CHANNEL}{name.upper()}_{key.upper()}" for name, said in channels.items() for key in said}
    unknown = [
        name
        for name in environ
        if name.startswith(PREFIX)
        and name not in {*names, *OTHERS, *of_channels}
        and not name.startswith(f"{PREFIX}TEST_")
    ]
    if unknown:
        raise BadSetting(f"there is no setting {unknown[0]}; there are {', '.join(names)}")
    said = {name: environ[variable] for variable, name in names.items() if environ.get(variable)}
    return Settings(**said, of_channels=channels)
