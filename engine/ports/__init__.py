"""What the outside implements for the engine: protocols and the values they exchange. An adapter that cannot deliver
raises DeliveryFailed: with `retry_after` seconds, or None for "refused: do not retry".
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from engine.ports.certificates import (
    FONTS,
    CertificateFiles,
    CertificateRenderer,
    CertificateView,
    FileReading,
    Place,
    RenderedCertificate,
    SignatureReading,
    Signer,
)
from engine.ports.messages import Bounce, Due, LetterFiles, LetterReading, Message, Notifier, Origin, Person, Templates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from engine.core.case import Actor

__all__ = [
    "FONTS",
    "NO_SPANS",
    "Adapters",
    "Bounce",
    "Caller",
    "CertificateFiles",
    "CertificateRenderer",
    "CertificateView",
    "Documents",
    "Due",
    "EventPost",
    "FileReading",
    "Identity",
    "Incoming",
    "Kept",
    "LetterFiles",
    "LetterReading",
    "Message",
    "NoSpans",
    "Notifier",
    "Origin",
    "Person",
    "Place",
    "RenderedCertificate",
    "Seal",
    "Sheet",
    "SignatureReading",
    "Signer",
    "Span",
    "Spans",
    "Table",
    "TableFault",
    "TableRow",
    "Tables",
    "Templates",
]


class Caller(Protocol):
    """An adapter's operations, called by service states and `call:` actions."""

    name: str

    def call(self, operation: str, values: Mapping[str, Any], *, key: str) -> Mapping[str, Any]:
        """The answer, JSON-like; `key` is the same at every try. Raises DeliveryFailed."""


class Seal(Protocol):
    """Signs what has to be proved later, by a key that is not in the database; keys and signatures are hexadecimal."""

    @property
    def public_key(self) -> str | None:
        """The own one; None where no key was made yet."""

    def make_key(self) -> str:
        """The own public key, made now where there was none."""

    def sign(self, message: bytes) -> str:
        """The signature of a message."""

    def holds(self, public_key: str, message: bytes, signature: str) -> bool:
        """Whether the holder of this key has signed the message."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of an imported table: `number` as people count it (the header is 1), cells by column heading."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TableFault:
    """A cell that cannot be taken for what it shows: `code` is formula, error, merged or digits."""

    row: int
    column: str
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it was read; `told` says as what: its encoding and separator, or its sheet."""

    rows: Sequence[TableRow]
    told: str
    faults: Sequence[TableFault] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet to be written: `options` are what cells of a column may say; with `fill` all its cells are texts to fill in."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str | int]] = ()
    options: Mapping[str, Sequence[str]] = field(default_factory=dict)
    fill: bool = False


class Tables(Protocol):
    """Reads tables that people send, writes those that they get."""

    def read(self, content: bytes, name: str, sheet: str | None = None) -> Table:
        """All rows, of the first sheet or the one named; raises DeliveryFailed(retry_after=None) with what is wrong."""

    def write(self, sheets: Sequence[Sheet]) -> bytes:
        """A workbook (XLSX)."""


class Identity(Protocol):
    """Knows people by tokens that are not ours."""

    def actor_of(self, token: str) -> Actor:
        """Who this is. Raises NotAuthenticated, and Unavailable where nobody can be asked."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A content that is kept: the SHA-256 of its `size` bytes, and what it is by its looks."""

    sha256: str
    size: int
    media_type: str


class Incoming(Protocol):
    """A content on its way: `write` its parts in order, then `keep` it or `drop` it."""

    def write(self, part: bytes) -> None:
        """The next part. Raises Unavailable."""

    def keep(self) -> Kept:
        """For good, once however often it comes. Raises InvalidPayload for a kind that is not taken, Unavailable."""

    def drop(self) -> None:
        """Nothing is left of it; after `keep` nothing happens."""


class Documents(Protocol):
    """Keeps contents of documents, by their SHA-256."""

    def begin(self) -> Incoming:
        """Room for one that arrives. Raises Unavailable."""

    def read(self, sha256: str) -> Iterator[bytes]:
        """The content in parts; Unavailable is raised at once where it is not there."""

    def forget(self, sha256: str, *, older_than: float) -> bool:
        """Drops a content that came so many seconds ago or more; False: it is younger, or not there. Raises Unavailable."""

    def tidy(self) -> int:
        """Drops what was left behind by uploads that never ended; how many."""


class Span(Protocol):
    """What is done at the moment, as an operator will see it."""

    def tell(self, name: str | None = None, /, *, failed: bool = False, **attributes: str | int) -> None:
        """What became known of it; `http__route` is the attribute `http.route`."""


class Spans(Protocol):
    """Tells an operator's collector what is done, and how long it took."""

    def span(
        self, name: str, caller: Mapping[str, str] | None = None, /, **attributes: str | int
    ) -> AbstractContextManager[Span]:
        """Around what is done; with `caller`, the headers of a request, as part of its caller's trace."""

    def close(self) -> None:
        """Sends what is left."""


class NoSpans:
    """Nobody is told."""

    def span(
        self, _name: str, _caller: Mapping[str, str] | None = None, /, **_: str | int
    ) -> AbstractContextManager[Span]:
        """Nothing."""
        return nullcontext(self)

    def tell(self, _name: str | None = None, /, *, failed: bool = False, **_: str | int) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


NO_SPANS = NoSpans()


class EventPost(Protocol):
    """Posts events to addresses that others gave us, each signed with the secret of who is to read it."""

    def refusal(self, url: str) -> str | None:
        """Why nothing is posted to an address; None: it may be."""

    def post(self, url: str, secret: str, body: bytes, message_id: str) -> None:
        """The receiver has it when this returns; `message_id` is the same at every try. Raises DeliveryFailed, where
        `retry_after` is 0 but for receivers who said when, and ReceiverGone.
        """


@dataclass(frozen=True, slots=True)
class Adapters:
    """What the composition root plugs in. `notifiers` are tried all: each message goes to every one that
    reaches its receiver.

    `templates` and `renderer` make what belongs to one published version, from its template sources (path below
    templates/ → text, `certificate.typ` among them); `signer` is asked for when a certificate has to be signed.
    """

    notifiers: Sequence[Notifier]
    templates: Callable[[Mapping[str, str]], Templates]
    renderer: Callable[[Mapping[str, str]], CertificateRenderer]
    signer: Callable[[], Signer] | None = None
    files: CertificateFiles | None = None
    letter_files: LetterFiles | None = None
    callers: Mapping[str, Caller] = field(default_factory=dict)
    tables: Tables | None = None
    seal: Seal | None = None
    identity: Identity | None = None
    documents: Documents | None = None
    spans: Spans = NO_SPANS
    events: EventPost | None = None
