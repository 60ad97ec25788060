"""The statements that write cases, in the order in which they go out: what is deleted before what comes in its place."""

from __future__ import annotations

from engine.store.statement import Statement, insert_into
from engine.store.tables import (
    ACCEPTED,
    CASE,
    CASE_INDEX,
    CASE_LINK,
    CASE_SECTION,
    DOCUMENT,
    DOCUMENT_USE,
    EFFECT,
    FEED,
    IMPORTED_ROW,
    POSITION,
    STEP,
    TIMER,
    UNSEQUENCED,
)
from engine.store.writes import deleting, inserting, updating

INSERT_CASE = Statement(insert_into(CASE, "id"))
_CHANGING = ("last_at", "seq", "revision", "leaves", "turn", "memory", "hash")
_LISTED = ("number", "closed_at", "outcome", "next_due", "overdue_since")
UPDATE_CASE = updating(CASE, {"row": "id"}, _CHANGING)
UPDATE_LISTED_CASE = updating(CASE, {"row": "id"}, (*_CHANGING, *_LISTED))
UPDATE_SEARCH = updating(CASE, {"row": "id"}, ("unique_key", "search"))
INSERT_LINK = inserting(CASE_LINK)
PUT_SECTION = inserting(CASE_SECTION, over=("case_id", "section"))
DELETE_SECTION = deleting(CASE_SECTION, {"row": "case_id", "key": "section"})
PUT_POSITION = inserting(POSITION, over=("case_id", "state"))
DELETE_POSITION = deleting(POSITION, {"row": "case_id", "key": "state"})
PUT_TIMER = inserting(TIMER, over=("case_id", "key"))
DELETE_TIMER = deleting(TIMER, {"row": "case_id", "key": "key"})
INSERT_INDEX = inserting(CASE_INDEX)
DELETE_INDEX = deleting(CASE_INDEX, {"row": "case_id", "path": "path", "value": "value"})
INSERT_STEP = inserting(STEP)
INSERT_FEED = inserting(FEED)
INSERT_UNSEQUENCED = inserting(UNSEQUENCED)
INSERT_EFFECT = inserting(EFFECT)
INSERT_ACCEPTED = inserting(ACCEPTED)
INSERT_IMPORTED = inserting(IMPORTED_ROW)
PUT_DOCUMENT = inserting(DOCUMENT, over=("sha256", "owner"))
PUT_DOCUMENT_USE = inserting(DOCUMENT_USE, over=("case_id", "sha256"))

ORDER = {
    statement: place
    for place, statement in enumerate(
        (
            UPDATE_SEARCH,  # first, as it may change a key: who skips locked rows does not skip a row's second version
            UPDATE_CASE,
            UPDATE_LISTED_CASE,
            INSERT_LINK,
            DELETE_SECTION,
            PUT_SECTION,
            DELETE_POSITION,
            PUT_POSITION,
            DELETE_TIMER,
            PUT_TIMER,
            DELETE_INDEX,
            INSERT_INDEX,
            INSERT_STEP,
            INSERT_FEED,
            INSERT_UNSEQUENCED,
            INSERT_EFFECT,
            INSERT_ACCEPTED,
            INSERT_IMPORTED,
            PUT_DOCUMENT,
            PUT_DOCUMENT_USE,
        )
    )
}
