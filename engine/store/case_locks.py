"""Locking several cases at once, in the one order that everybody keeps to: ascending by id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY

from engine.store.statement import Statement
from engine.store.tables import CASE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.store.link import Link

C = CASE.c
_ALL = (
    select(C.id).where(C.public_id == any_(bindparam("case_ids", type_=ARRAY(C.public_id.type)))).order_by(C.public_id)
)
LOCK_ALL = Statement(_ALL.with_for_update(key_share=True))
LOCK_THE_FREE = Statement(_ALL.with_for_update(key_share=True, skip_locked=True))


def lock_all(link: Link, case_ids: Sequence[str], *, wait: bool) -> None:
    """Takes the locks; `wait` False: only of those that nobody else has."""
    if len(case_ids) > 1:
        link.peek((LOCK_ALL if wait else LOCK_THE_FREE, {"case_ids": list(case_ids)}))
