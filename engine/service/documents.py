"""Documents: uploaded before cases refer to them, read by those who see a field that does, forgotten when nobody needs them."""

from __future__ import annotations

import re
import unicodedata
from datetime import timedelta
from typing import TYPE_CHECKING

from engine.core.frozen import frozen
from engine.core.sight import visible_data
from engine.errors import NotFound, Refused, Unavailable
from engine.service.case_views import reader_of, step_view
from engine.service.referring import owner_of, seen_documents
from engine.store.records import Document
from engine.store.store import Priority

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine import ports
    from engine.core.case import Actor, Case
    from engine.core.machine.chart import Chart
    from engine.service.cases import Cases
    from engine.service.catalog import Catalog
    from engine.store.store import Store
    from engine.store.transaction import Reader, Transaction

UNUSED_KEPT = timedelta(days=1)
AT_ONCE = 100
LONGEST_NAME = 200
MOST_WAITING = 1 << 30
"""Bytes of an owner to which no case refers; one upload more may still come."""
LINES_AT_ONCE = 200


class DocumentNotFound(NotFound):
    """No such document, or none of which the caller may know."""


class TooManyDocuments(Refused):
    """So much was uploaded and not used that nothing more is taken."""


@frozen
class DocumentView:
    """What was uploaded: cases refer to it by `sha256`; `media_type` is what its content looks like, `size` in bytes."""

    sha256: str
    name: str
    media_type: str
    size: int


class Documents:
    """For who uploads, and for readers of cases."""

    def __init__(self, store: Store, catalog: Catalog, cases: Cases, contents: ports.Documents | None) -> None:
        self._store, self._catalog, self._cases, self._contents = store, catalog, cases, contents

    def begin(self, actor: Actor) -> ports.Incoming:
        """Room for one that arrives; who began it drops it in the end. Raises TooManyDocuments, Unavailable."""
        if self._contents is None:
            raise Unavailable("there is no place for documents here", retry_after=600)
        if self._store.read(lambda reader: reader.bytes_waiting(owner_of(actor))) >= MOST_WAITING:
            raise TooManyDocuments(
                f"{MOST_WAITING >> 30} GiB of yours wait for a case to refer to them; refer to them, or wait a day"
            )
        return self._contents.begin()

    def keep(self, incoming: ports.Incoming, name: str, actor: Actor) -> DocumentView:
        """What has arrived is this actor's party's from now on. Raises InvalidPayload, Unavailable."""
        kept = incoming.keep()
        document = Document(kept.sha256, kept.size, kept.media_type, clean_name(name))
        self._store.write(lambda tx: tx.add_document(document, owner_of(actor), actor.id))
        return _view(document)

    def get(self, sha256: str, actor: Actor) -> DocumentView:
        """One of his party's own. Raises DocumentNotFound."""
        found = self._store.read(lambda reader: reader.document(sha256, owner_of(actor)))
        if found is None:
            raise _none(sha256)
        return _view(found)

    def of_case(self, case_id: str, sha256: str, actor: Actor) -> tuple[DocumentView, Iterator[bytes]]:
        """One that a field refers to which he sees, or did once, and its content.

        Raises CaseNotFound, DocumentNotFound, Unavailable.
        """
        snapshot = self._cases.snapshot(case_id, actor)
        case = snapshot.case

        def work(reader: Reader) -> Document | None:
            document = reader.document_of_case(case.id, sha256)
            chart = self._catalog.chart(snapshot.version_id, reader)
            return document if document is not None and _is_shown(reader, chart, case, actor, sha256) else None

        found = self._store.read(work)
        if found is None or self._contents is None:
            raise _none(sha256)
        return _view(found), self._contents.read(sha256)

    def forget(self) -> int:
        """Forgets what nobody has needed for a day and no case refers to, then its content: how many.

        Call again while it is > 0. What arrives meanwhile stays.
        """
        if self._contents is None:
            return 0
        before = self._store.machine_now() - UNUSED_KEPT

        def work(tx: Transaction) -> tuple[str, ...]:
            return tx.forget_documents(before, AT_ONCE)

        gone = self._store.submit(work, priority=Priority.IMPORTS).result()
        for sha256 in dict.fromkeys(gone):
            if not self._store.read(lambda reader, digest=sha256: reader.is_wanted(digest)):  # type: ignore[misc]
                self._contents.forget(sha256, older_than=UNUSED_KEPT.total_seconds())
        return len(gone) + self._contents.tidy()


def _is_shown(reader: Reader, chart: Chart, case: Case, actor: Actor, sha256: str) -> bool:
    """Whether what he sees of the data refers to it, or what he may read of the history: earlier values, and what was said."""
    shown = visible_data(chart, case, actor)
    if sha256 in seen_documents(chart, shown):
        return True
    readable, after = reader_of(chart, case, actor, shown), 0
    while records := reader.history(case.id, after, LINES_AT_ONCE):
        for line in records:
            step = step_view(chart, case.id, line, readable)
            if sha256 in seen_documents(chart, step.said) | seen_documents(chart, step.changes):
                return True
        after = records[-1].record["seq"]
    return False


def clean_name(name: str) -> str:
    """A name that is safe to show and to save under: its last part, in signs that can be seen, not too long."""
    last = re.split(r"[/\\]", name)[-1]
    plain = "".join(sign for sign in last if not unicodedata.category(sign).startswith("C"))
    return " ".join(plain.split())[:LONGEST_NAME].strip(". ") or "document"


def _view(found: Document) -> DocumentView:
    return DocumentView(found.sha256, found.name, found.media_type, found.size)


def _none(sha256: str) -> DocumentNotFound:
    return DocumentNotFound(f"there is no document '{sha256[:64]}' for you here; upload it, or look in the case's data")
