"""All tables in one place, as Core tables; their declarations are left to *_tables.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import String, Text

from engine.store.case_tables import CaseRow
from engine.store.columns import LONG, STRING
from engine.store.digest_tables import DigestLineRow
from engine.store.document_tables import DocumentRow
from engine.store.letter_tables import LetterRow
from engine.store.receipt_tables import ReceiptRow
from engine.store.recount_tables import RecountRow
from engine.store.subscription_tables import DeliveryRow
from engine.store.work_tables import EffectRow

if TYPE_CHECKING:
    from sqlalchemy import MetaData, Table

METADATA: MetaData = CaseRow.metadata
_OTHERS = (EffectRow, DeliveryRow, DigestLineRow, DocumentRow, LetterRow, ReceiptRow, RecountRow)
assert all(row.metadata is METADATA for row in _OTHERS)  # noqa: S101  (imported for their tables)
_TABLES = METADATA.tables
for _table in _TABLES.values():
    for _column in _table.columns:
        if isinstance(_column.type, String):
            _column.type = LONG if isinstance(_column.type, Text) else STRING

CASE: Table = _TABLES["case"]
CASE_SECTION: Table = _TABLES["case_section"]
POSITION: Table = _TABLES["position"]
TIMER: Table = _TABLES["timer"]
CASE_INDEX: Table = _TABLES["case_index"]
CASE_LINK: Table = _TABLES["case_link"]
STEP: Table = _TABLES["step"]
FEED: Table = _TABLES["feed"]
UNSEQUENCED: Table = _TABLES["unsequenced"]
CHECKPOINT: Table = _TABLES["checkpoint"]
CERTIFICATE: Table = _TABLES["certificate"]
CERTIFICATE_STATUS: Table = _TABLES["certificate_status"]
CERTIFICATE_FILE: Table = _TABLES["certificate_file"]
REGISTER_ENTRY: Table = _TABLES["register_entry"]
REGISTER_WORD: Table = _TABLES["register_word"]
WORKFLOW_VERSION: Table = _TABLES["workflow_version"]
CALENDAR_VERSION: Table = _TABLES["calendar_version"]
EFFECT: Table = _TABLES["effect"]
LANE: Table = _TABLES["lane"]
COUNTER: Table = _TABLES["counter"]
TOKEN: Table = _TABLES["token"]
DELEGATION: Table = _TABLES["delegation"]
INCIDENT: Table = _TABLES["incident"]
ACCEPTED: Table = _TABLES["accepted"]
IMPORT_JOB: Table = _TABLES["import_job"]
IMPORT_FILE: Table = _TABLES["import_file"]
IMPORTED_ROW: Table = _TABLES["imported_row"]
SUBSCRIPTION: Table = _TABLES["subscription"]
DELIVERY: Table = _TABLES["delivery"]
DOCUMENT: Table = _TABLES["document"]
DOCUMENT_USE: Table = _TABLES["document_use"]
RECOUNT: Table = _TABLES["recount"]
RECEIPT: Table = _TABLES["receipt"]
LETTER: Table = _TABLES["letter"]
DIGEST_LINE: Table = _TABLES["digest_line"]
CLOCK: Table = _TABLES["clock"]
