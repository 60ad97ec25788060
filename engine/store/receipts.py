"""Answers to the tender question, as they were given; rows are only added."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select

from engine.core.frozen import frozen
from engine.store.bounded import bounded
from engine.store.case_writing import CaseWriter
from engine.store.session import Session
from engine.store.statement import Statement, insert_into
from engine.store.tables import RECEIPT

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

C = RECEIPT.c
_ALL = select(C.receipt, C.asked_by, C.asked_at, C.text, C.key, C.signature)
BY_ID = Statement(_ALL.where(C.receipt == bindparam("id_of")))
OF_ITEM = Statement(
    _ALL.where(C.tax_id == bindparam("tax_id"), C.designation == bindparam("designation"))
    .order_by(C.id.desc())
    .limit(bindparam("most"))
)
INSERT = Statement(insert_into(RECEIPT))


@frozen
class StoredReceipt:
    """`text` is the answer, canonical; `signature` of it by the holder of `key` (hexadecimal)."""

    id: str
    asked_by: str
    asked_at: datetime
    text: str
    key: str
    signature: str


class ReceiptReader(Session):
    """Reads of answers."""

    def receipt(self, receipt_id: str) -> StoredReceipt | None:
        """One answer."""
        row = self.link.row(BY_ID, id_of=receipt_id)
        return None if row is None else StoredReceipt(*row)

    def receipts_of(self, tax_id: str, designation: str, most: int) -> tuple[StoredReceipt, ...]:
        """Answers about a bidder's item, the youngest first."""
        rows = self.link.rows(OF_ITEM, tax_id=bounded(tax_id), designation=bounded(designation), most=most)
        return tuple(StoredReceipt(*row) for row in rows)


class ReceiptWriter(CaseWriter, ReceiptReader):
    """New answers."""

    def add_receipts(self, rows: Iterable[tuple[StoredReceipt, str, str]]) -> None:
        """Each with the tax id and the designation that it is about."""
        made = [
            {
                "receipt": one.id,
                "tax_id": bounded(tax_id),
                "designation": bounded(designation),
                "asked_by": one.asked_by,
                "asked_at": one.asked_at,
                "text": one.text,
                "key": one.key,
                "signature": one.signature,
            }
            for one, tax_id, designation in rows
        ]
        self.link.many(INSERT, made)
