"""Documents that were uploaded: who has them, and which cases refer to them. Contents lie elsewhere. Machine time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, delete, exists, func, select, update

from engine.store.bounded import bounded
from engine.store.case_writing import CaseWriter
from engine.store.outgoing import PUT_DOCUMENT, PUT_DOCUMENT_USE
from engine.store.records import Document
from engine.store.session import Session
from engine.store.statement import Statement
from engine.store.tables import CASE, DOCUMENT, DOCUMENT_USE

if TYPE_CHECKING:
    from datetime import datetime

D, U = DOCUMENT.c, DOCUMENT_USE.c
_OWN = and_(D.sha256 == bindparam("digest"), D.owner == bindparam("whose"))
_OLD = D.used_at < bindparam("before", type_=D.used_at.type)

OWN = Statement(select(DOCUMENT).where(_OWN))
OF_CASE = Statement(
    select(DOCUMENT_USE)
    .join(CASE, CASE.c.id == U.case_id)
    .where(CASE.c.public_id == bindparam("case_id"), U.sha256 == bindparam("digest"))
)
USE = Statement(
    update(DOCUMENT).where(_OWN).values(used_at=bindparam("now", type_=D.used_at.type)).returning(*DOCUMENT.columns)
)
UNUSED = Statement(
    select(D.id, D.sha256)
    .where(_OLD, ~exists().where(U.sha256 == D.sha256))
    .order_by(D.used_at)
    .limit(bindparam("limit"))
)
FORGET = Statement(delete(DOCUMENT).where(D.id == bindparam("row"), _OLD))
WAITING = Statement(
    select(func.sum(D.size).label("bytes")).where(D.owner == bindparam("whose"), ~exists().where(U.sha256 == D.sha256))
)
WANTED = Statement(
    select(D.id)
    .where(D.sha256 == bindparam("digest"))
    .union_all(select(U.case_id).where(U.sha256 == bindparam("digest")))
    .limit(1)
)


class DocumentReader(Session):
    """Reads of them."""

    def document(self, sha256: str, owner: str) -> Document | None:
        """As this owner uploaded it."""
        row = self.link.row(OWN, digest=bounded(sha256), whose=bounded(owner))
        return None if row is None else _document(row)

    def document_of_case(self, case_id: str, sha256: str) -> Document | None:
        """As a case refers to it."""
        row = self.link.row(OF_CASE, case_id=case_id, digest=bounded(sha256))
        return None if row is None else _document(row)

    def bytes_waiting(self, owner: str) -> int:
        """How much an owner has uploaded to which no case refers."""
        return int(self.link.value(WAITING, whose=bounded(owner)) or 0)

    def is_wanted(self, sha256: str) -> bool:
        """Whether somebody has it, or a case refers to it."""
        return self.link.row(WANTED, digest=bounded(sha256)) is not None


class DocumentWriter(CaseWriter, DocumentReader):
    """Writes of them."""

    def add_document(self, document: Document, owner: str, actor_id: str) -> None:
        """A new one, in the place of the same one of this owner's."""
        now = self.machine_now()
        self.unit.add(
            PUT_DOCUMENT,
            sha256=document.sha256,
            owner=bounded(owner),
            size=document.size,
            media_type=document.media_type,
            name=document.name,
            actor_id=actor_id,
            uploaded_at=now,
            used_at=now,
        )

    def use_document(self, sha256: str, owner: str) -> Document | None:
        """As this owner uploaded it, and not to be forgotten before this transaction ends; None: he has none."""
        row = self.link.row(USE, digest=bounded(sha256), whose=bounded(owner), now=self.machine_now())
        return None if row is None else _document(row)

    def refer(self, case_id: str, document: Document) -> None:
        """A case that is locked refers to it from now on."""
        self.unit.add(
            PUT_DOCUMENT_USE,
            case_id=self.unit.held[case_id].row,
            sha256=document.sha256,
            size=document.size,
            media_type=document.media_type,
            name=document.name,
        )

    def forget_documents(self, before: datetime, limit: int) -> tuple[str, ...]:
        """Forgets those that were not needed since a moment and to which no case refers, at most so many; their digests."""
        found = self.link.rows(UNUSED, before=before, limit=limit)
        return tuple(row.sha256 for row in found if self.link.run(FORGET, row=row.id, before=before))


def _document(row: Any) -> Document:
    return Document(sha256=row.sha256, size=row.size, media_type=row.media_type, name=row.name)
